/**
 * Reads a mesh directory again and again, each time no more than what changed. It gives a state only when nothing
 * moved while it was read, so that no state mixes what was there before a swap with what is there after it. What it
 * does with all files at once is put into several turns of the event loop.
 */
import { setImmediate } from 'node:timers/promises';
import { compareStrings, deepEqual } from '../../base/compare.js';
import { PilotError } from '../../base/errors.js';
import type { MeshConfigOptions } from '../decode/mesh-config.js';
import type { Problem } from '../object.js';
import { assembleInPieces, type Assembly } from './assemble.js';
import { Breather, finishInTurns } from './breather.js';
import { readContent, unreadable, type FileContent } from './file-content.js';
import type { DirectoryFile } from './file-facts.js';
import { fileRole } from './file-role.js';
import { readTexts, type FileText } from './file-text.js';
import { takesAway } from './losses.js';
import { sameFindings, scanDirectory, type Scan, type ScannedFile, type UnreadablePlace } from './scan.js';
import type { MeshDirectoryState } from './state.js';

/** How often a directory is read anew because it changed meanwhile, before it is taken as it is. */
const maxAttempts = 5;

/** A directory that changes all the time is not waited for longer than this, in milliseconds. */
const longestSettling = 2000;

/** Two changes of a file within this many milliseconds may leave the same signature. */
const racyMilliseconds = 100;

export interface ReaderOptions extends MeshConfigOptions {
  /**
   * How long a change that takes something away has to last before it counts, in milliseconds; 100 unless told.
   * Editors and copying tools empty or remove a file a moment before they write it.
   */
  readonly settleTime?: number;
}

/** What a look at the directory gives. */
export interface Reading {
  readonly state: MeshDirectoryState;
  /** Real paths of the directories in which a change may matter, with their identities. */
  readonly directories: ReadonlyMap<string, string>;
  /** Something is not settled yet, so the directory has to be looked at again soon. */
  readonly unsettled: boolean;
}

interface CachedFile {
  readonly signature: string;
  readonly content: FileContent;
  /** It was read so soon after a change that another one may have left the same signature. */
  readonly racy: boolean;
}

type Cache = ReadonlyMap<string, CachedFile>;

interface Look {
  readonly scan: Scan;
  /** In path order. */
  readonly files: Cache;
  /** Nothing moved while the files were read. */
  readonly isConsistent: boolean;
}

/** The last known state of one directory, and how to bring it up to date. */
export class DirectoryReader {
  readonly #root: string;
  readonly #options: ReaderOptions;
  readonly #settleTime: number;
  #accepted: Cache = new Map();
  #unreadable: readonly UnreadablePlace[] = [];
  #assembly: Assembly | undefined;
  /** That of the assembly, or the same with the failure of the directory. */
  #state: MeshDirectoryState | undefined;
  #directories: ReadonlyMap<string, string> = new Map();
  /** A change that takes something away: what was found, since when, and since when there has been any. */
  #waiting: { readonly look: Look; readonly since: number; readonly begun: number } | undefined;

  constructor(root: string, options: ReaderOptions) {
    this.#root = root;
    this.#options = options;
    this.#settleTime = options.settleTime ?? 100;
  }

  /**
   * Looks at the directory.
   *
   * @throws PilotError DIRECTORY_UNREADABLE as long as the directory could never be read.
   */
  async read(): Promise<Reading> {
    let look: Look;
    try {
      look = await this.#look();
    } catch (error) {
      return this.#unavailable(PilotError.from(error));
    }
    if (this.#mustWait(look)) return this.#reading(true);
    await setImmediate();
    await this.#accept(look);
    return this.#reading(!look.isConsistent || [...look.files.values()].some(({ racy }) => racy));
  }

  #reading(unsettled: boolean): Reading {
    if (this.#state === undefined) throw new Error('a directory has no state before it was read');
    return { state: this.#state, directories: this.#directories, unsettled };
  }

  /** The last state stays, with a problem that says so. */
  #unavailable(failure: PilotError): Reading {
    if (this.#state === undefined || this.#assembly === undefined) throw failure;
    if (this.#state.failure?.message !== failure.message) {
      const message = `${failure.message}; what it said last stays in force`;
      const problem: Problem = { severity: 'error', path: '', message };
      this.#state = {
        ...this.#assembly.state,
        failure,
        problems: [problem, ...this.#assembly.state.problems],
      };
    }
    return this.#reading(false);
  }

  /** Finds and reads until nothing changes in between. */
  async #look(): Promise<Look> {
    const known = this.#waiting?.look.files ?? this.#accepted;
    let scan = await scanDirectory(this.#root);
    await setImmediate();
    let files = await this.#readFiles(scan, known, true);
    for (let attempt = 1; files !== known; attempt++) {
      const again = await scanDirectory(this.#root);
      await setImmediate();
      if (sameFindings(again, scan)) break;
      if (attempt === maxAttempts) return { scan, files, isConsistent: false };
      scan = again;
      files = await this.#readFiles(scan, files, false);
    }
    return { scan, files, isConsistent: true };
  }

  /** What the found files hold, in path order; `known` itself when all of it still holds. */
  async #readFiles(scan: Scan, known: Cache, rereadRacy: boolean): Promise<Cache> {
    const changed = scan.files.filter(({ path, signature }) => {
      const cached = known.get(path);
      return cached?.signature !== signature || (cached.racy && rereadRacy);
    });
    const read = new Map<string, CachedFile | undefined>();
    const { breathe } = new Breather();
    for await (const [file, text] of readTexts(changed))
      read.set(file.path, await this.#readFile(file, text, known.get(file.path)?.content, breathe));
    const files = new Map<string, CachedFile>();
    for (const { path } of scan.files) {
      const file = read.has(path) ? read.get(path) : known.get(path);
      if (file !== undefined) files.set(path, file);
    }
    for (const place of scan.unreadable)
      for (const [path, file] of this.#behind(place, known)) files.set(path, file);
    if (sameFiles(files, known)) return known;
    return scan.unreadable.length === 0
      ? files
      : new Map([...files].sort(([a], [b]) => compareStrings(a, b)));
  }

  /** Undefined when the file is gone by now. */
  async #readFile(
    { path, signature, modified }: ScannedFile,
    read: FileText,
    last: FileContent | undefined,
    breathe: () => Promise<void>,
  ): Promise<CachedFile | undefined> {
    const role = fileRole(path);
    if (read.type === 'gone') return undefined;
    if (read.type === 'unreadable')
      return { signature, content: unreadable(role, path, read.reason), racy: false };
    const racy = Date.now() - modified < racyMilliseconds;
    const context = { ...this.#options, source: this.#root, file: path, role, breathe };
    const earlier = [this.#accepted.get(path)?.content, last];
    return { signature, content: await readContent(read.text, context, earlier), racy };
  }

  /** What is still known of a place that cannot be looked at. */
  #behind({ path, isDirectory, reason }: UnreadablePlace, known: Cache): readonly [string, CachedFile][] {
    if (isDirectory) return [...known].filter(([file]) => file.startsWith(`${path}/`));
    const cached = known.get(path);
    if (cached?.signature === reason) return [[path, cached]];
    return [[path, { signature: reason, content: unreadable(fileRole(path), path, reason), racy: false }]];
  }

  /** Whether a look takes something away that may be back in a moment. */
  #mustWait(look: Look): boolean {
    if (this.#assembly === undefined || !this.#takesAway(look)) {
      this.#waiting = undefined;
      return false;
    }
    const now = performance.now();
    const begun = this.#waiting?.begun ?? now;
    const isSame = this.#waiting !== undefined && sameFindings(this.#waiting.look.scan, look.scan);
    const since = isSame ? (this.#waiting?.since ?? now) : now;
    this.#waiting = { look, since, begun };
    if (now - since < this.#settleTime && now - begun < longestSettling) return true;
    this.#waiting = undefined;
    return false;
  }

  #takesAway({ files }: Look): boolean {
    return (
      [...this.#accepted.keys()].some((path) => !files.has(path)) ||
      [...files].some(([path, { content }]) => takesAway(this.#accepted.get(path)?.content, content))
    );
  }

  async #accept({ scan, files }: Look): Promise<void> {
    const { unreadable } = scan;
    this.#directories = scan.directories;
    if (
      this.#assembly === undefined ||
      files !== this.#accepted ||
      !deepEqual(unreadable, this.#unreadable)
    ) {
      const found = [...files].map(([path, { content }]): DirectoryFile => ({ path, content }));
      const problems = unreadable
        .filter(({ isDirectory }) => isDirectory)
        .map(({ path, reason }): Problem => ({ severity: 'error', file: path, path: '', message: reason }));
      this.#assembly = await finishInTurns(assembleInPieces(this.#assembly, found, problems, this.#options));
      this.#accepted = files;
      this.#unreadable = unreadable;
    }
    this.#state = this.#assembly.state;
  }
}

function sameFiles(a: Cache, b: Cache): boolean {
  if (a.size !== b.size) return false;
  for (const [path, file] of a) if (b.get(path) !== file) return false;
  return true;
}
