/**
 * The folder of a dump. Everything is written beside it first, so that a dump that fails leaves nothing behind; what
 * is complete has `dump.json`, which names its files.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { compareStrings } from '../base/compare.js';
import { PilotError, errorMessage, systemErrorCode } from '../base/errors.js';
import type { DumpFile } from './layout.js';
import { fields, list } from './written-object.js';

/** Names the files of a dump; it is put in place last. */
const contentsFile = 'dump.json';

/**
 * Looks whether a dump may be written to a folder: one that is not there, or is empty; with `force` any.
 * @throws PilotError USAGE.
 */
export async function checkFolder(path: string, force: boolean): Promise<void> {
  const names = await namesIn(path);
  if (names.length === 0 || force) return;
  throw new PilotError('USAGE', `the folder ${path} is not empty`, {
    hint: 'Name another one, or give --force: then files of an earlier dump are replaced, and other files stay.',
  });
}

/** What was put in place. */
export interface WrittenFolder {
  /** YAML files in the folder that this dump did not write; they count when it is read. */
  readonly others: readonly string[];
}

/**
 * Writes files and contents to a folder. Files that an earlier dump wrote there are taken away; others stay.
 * @throws PilotError USAGE when the folder cannot be written; then it is as it was, or has no `dump.json`.
 */
export async function writeFolder(
  path: string,
  files: readonly DumpFile[],
  contents: object,
): Promise<WrittenFolder> {
  const target = resolve(path);
  try {
    await mkdir(dirname(target), { recursive: true });
    const scratch = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    try {
      // A temporary folder is for its owner alone; the folder of the dump is one like any other.
      const fresh = join(scratch, 'dump');
      await mkdir(fresh);
      const names = files.map((file) => file.path).sort(compareStrings);
      for (const file of files) await writeInto(fresh, file);
      const text = `${JSON.stringify({ ...contents, files: names }, undefined, 2)}\n`;
      await writeFile(join(fresh, contentsFile), text);
      if ((await namesIn(target)).length === 0) await takePlace(fresh, target);
      else await replaceFiles(fresh, target, names);
      const written = new Set(names);
      return { others: (await yamlFiles(target)).filter((name) => !written.has(name)) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof PilotError) throw error;
    throw new PilotError('USAGE', `the dump cannot be written to ${path}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function writeInto(folder: string, { path, text, secret = false }: DumpFile): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: secret ? 0o600 : 0o644 });
}

/** The folder as a whole, at once. */
async function takePlace(fresh: string, target: string): Promise<void> {
  await rmdir(target).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
  await rename(fresh, target);
}

/** File by file; until the last one is there, nothing says that the dump is complete. */
async function replaceFiles(fresh: string, target: string, names: readonly string[]): Promise<void> {
  const before = await filesOfDump(target);
  await rm(join(target, contentsFile), { force: true });
  for (const name of before) await rm(join(target, name), { force: true });
  for (const name of [...names, contentsFile]) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await rename(join(fresh, name), join(target, name));
  }
}

/** The files that an earlier dump names. Whoever wrote it, only YAML files of the folder itself are meant. */
async function filesOfDump(folder: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(join(folder, contentsFile), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  let named: readonly unknown[];
  try {
    named = list(fields(JSON.parse(text))['files']);
  } catch {
    throw new PilotError('USAGE', `${join(folder, contentsFile)} is not that of a dump`, {
      hint: 'Remove it, or name another folder.',
    });
  }
  return named.map(String).filter((name) => /^(?:[a-z]+\/)?[A-Za-z0-9][A-Za-z0-9._-]*\.yaml$/.test(name));
}

async function yamlFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.ya?ml$/.test(name)).sort(compareStrings);
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw new PilotError('USAGE', `the folder ${path} cannot be used: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
