/** Finding the files of a mesh directory, without reading them. */
import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compareStrings } from '../../base/compare.js';
import { PilotError, errorMessage, systemErrorCode } from '../../base/errors.js';
import { isPassedOver, isYamlFile } from './file-role.js';

/** A file as it is found. */
export interface ScannedFile {
  /** Relative to the directory, with `/`. */
  readonly path: string;
  /** Where to read it. */
  readonly location: string;
  /** Differs whenever the content may: the real path, times, size and identity of the file. */
  readonly signature: string;
  readonly size: number;
  /** When the file changed last, in milliseconds of the file system's clock. */
  readonly modified: number;
}

/** Something below the directory that cannot be looked at. */
export interface UnreadablePlace {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly reason: string;
}

/** What a look through a directory finds. */
export interface Scan {
  /** In path order. */
  readonly files: readonly ScannedFile[];
  /** Real paths of all directories in which a change may matter, with what tells one from another of the same path. */
  readonly directories: ReadonlyMap<string, string>;
  readonly unreadable: readonly UnreadablePlace[];
}

/**
 * Looks through a directory. Symbolic links are followed; a link to a directory above itself is not.
 *
 * @throws PilotError DIRECTORY_UNREADABLE when the directory itself cannot be looked at.
 */
export async function scanDirectory(root: string): Promise<Scan> {
  const walk: Walk = { files: [], directories: new Map(), unreadable: [], slots: new Slots(looksAtATime) };
  try {
    const real = await realpath(root);
    const entries = await readdir(real, { withFileTypes: true });
    walk.directories.set(real, identity(await stat(real, { bigint: true })));
    await walkEntries(walk, entries, { path: '', real, above: [real] });
  } catch (error) {
    throw directoryUnreadable(root, error);
  }
  walk.files.sort((a, b) => compareStrings(a.path, b.path));
  walk.unreadable.sort((a, b) => compareStrings(a.path, b.path));
  const { files, directories, unreadable } = walk;
  return { files, directories, unreadable };
}

/** Whether two looks found the same files in the same condition. */
export function sameFindings(a: Scan, b: Scan): boolean {
  return (
    a.files.length === b.files.length &&
    a.unreadable.length === b.unreadable.length &&
    a.files.every(
      ({ path, signature }, index) => b.files[index]?.path === path && b.files[index].signature === signature,
    ) &&
    a.unreadable.every(
      ({ path, reason }, index) =>
        b.unreadable[index]?.path === path && b.unreadable[index].reason === reason,
    )
  );
}

interface Walk extends Scan {
  readonly files: ScannedFile[];
  readonly directories: Map<string, string>;
  readonly unreadable: UnreadablePlace[];
  readonly slots: Slots;
}

/** So many places are looked at at a time: what the file system answers at once is handled in one turn. */
const looksAtATime = 16;

/** Lets so many do something at a time, the others in the order in which they came. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  constructor(free: number) {
    this.#free = free;
  }

  async use<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting[this.#next];
    this.#next += 1;
    if (next !== undefined) next();
    else {
      this.#next = 0;
      this.#waiting.length = 0;
      this.#free += 1;
    }
  }
}

interface Place {
  /** Relative path, empty for the directory itself. */
  readonly path: string;
  readonly real: string;
  /** Real paths of this place and those above it. */
  readonly above: readonly string[];
}

async function walkEntries(walk: Walk, entries: readonly Dirent[], place: Place): Promise<void> {
  await Promise.all(entries.map((entry) => visit(walk, entry, place)));
}

async function visit(walk: Walk, entry: Dirent, place: Place): Promise<void> {
  const { name } = entry;
  if (isPassedOver(name, false)) return;
  if (!entry.isDirectory() && !entry.isSymbolicLink() && !isYamlFile(name)) return;
  const path = place.path === '' ? name : `${place.path}/${name}`;
  const location = join(place.real, name);
  try {
    const { real, stats } = await walk.slots.use(async () => {
      const target = entry.isSymbolicLink() ? await realpath(location) : location;
      return { real: target, stats: await stat(target, { bigint: true }) };
    });
    if (stats.isDirectory())
      await visitDirectory(walk, name, stats, { path, real, above: [...place.above, real] });
    else if (isYamlFile(name)) await visitFile(walk, path, real, stats);
  } catch (error) {
    // What is gone since its directory was listed is simply not there; a link that leads nowhere is.
    if (systemErrorCode(error) === 'ENOENT' && !entry.isSymbolicLink()) return;
    if (isYamlFile(name)) walk.unreadable.push({ path, isDirectory: false, reason: errorMessage(error) });
  }
}

async function visitDirectory(walk: Walk, name: string, stats: BigIntStats, place: Place): Promise<void> {
  const isLoop = place.above.indexOf(place.real) < place.above.length - 1;
  if (isPassedOver(name, true) || isLoop) return;
  let entries: Dirent[];
  try {
    entries = await walk.slots.use(() => readdir(place.real, { withFileTypes: true }));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    walk.unreadable.push({ path: place.path, isDirectory: true, reason: errorMessage(error) });
    return;
  }
  walk.directories.set(place.real, identity(stats));
  await walkEntries(walk, entries, place);
}

async function visitFile(walk: Walk, path: string, real: string, stats: BigIntStats): Promise<void> {
  if (!stats.isFile()) {
    walk.unreadable.push({ path, isDirectory: false, reason: 'it is not a regular file' });
    return;
  }
  const directory = dirname(real);
  if (!walk.directories.has(directory))
    walk.directories.set(directory, identity(await stat(directory, { bigint: true })));
  walk.files.push({
    path,
    location: real,
    signature: [real, stats.mtimeNs, stats.ctimeNs, stats.size, stats.ino, stats.dev].join('|'),
    size: Number(stats.size),
    modified: Number((stats.ctimeNs > stats.mtimeNs ? stats.ctimeNs : stats.mtimeNs) / 1_000_000n),
  });
}

/** Numbers of removed directories are used again, so the time of creation belongs to the identity. */
function identity({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}

function directoryUnreadable(root: string, error: unknown): PilotError {
  const code = systemErrorCode(error);
  const reason =
    code === 'ENOENT'
      ? 'it does not exist'
      : code === 'ENOTDIR'
        ? 'it is not a directory'
        : errorMessage(error);
  return new PilotError('DIRECTORY_UNREADABLE', `the mesh directory ${root} cannot be read: ${reason}`, {
    hint: 'Give the path of a directory of YAML files, such as `pilotlight serve ./mesh`.',
    cause: error,
  });
}
