/** Knows whether a step's output is still what its inputs give, by a file that is written after the step. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/**
 * What a step depends on and what it makes.
 * @typedef {object} Step
 * @property {string} stamp path of the stamp
 * @property {string} root what the paths below are relative to
 * @property {readonly string[]} inputs files and folders
 * @property {readonly string[]} outputs folders
 * @property {Readonly<Record<string, string>>} versions of packages
 */

/**
 * The state of what a step depends on; taken before the step runs, so that an edit meanwhile makes it run again.
 * @param {Step} step
 */
export async function inputState({ root, inputs, versions }) {
  const hash = createHash('sha256').update(JSON.stringify(versions));
  for (const input of inputs) {
    const path = join(root, input);
    if (!existsSync(path)) continue;
    const files = (await stat(path)).isDirectory()
      ? (await filesIn(path)).map((file) => `${input}/${file}`)
      : [input];
    for (const file of files) hash.update(`\n${file}\n`).update(await readFile(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * Whether the outputs are what this state of the inputs gave.
 * @param {Step} step
 * @param {string} inputs
 */
export async function isCurrent(step, inputs) {
  if (!existsSync(step.stamp)) return false;
  return (await readFile(step.stamp, 'utf8')) === (await stampText(step, inputs));
}

/**
 * Says that the outputs are what this state of the inputs gives.
 * @param {Step} step
 * @param {string} inputs
 */
export async function writeStamp(step, inputs) {
  await mkdir(dirname(step.stamp), { recursive: true });
  await writeFile(step.stamp, await stampText(step, inputs));
}

/**
 * Every file in a folder, by its path from the folder, with slashes, sorted; none if there is no such folder.
 * @param {string} folder
 */
export async function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** @param {Step} step @param {string} inputs */
async function stampText({ root, outputs }, inputs) {
  const hash = createHash('sha256');
  for (const output of outputs) {
    for (const file of await filesIn(join(root, output))) {
      hash.update(`${output}/${file} ${(await stat(join(root, output, file))).size}\n`);
    }
  }
  return `${inputs}\n${hash.digest('hex')}\n`;
}
