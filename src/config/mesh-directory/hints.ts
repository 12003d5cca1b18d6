/** Notifications of the file system that something in a directory may have changed. */
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errorMessage } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';

/** Stands for the identity of the directory above the watched one, of which only one name matters. */
const isAbove = 'above';

/** Watches directories, each for itself. */
export class HintSource {
  readonly #hint: () => void;
  readonly #logger: Logger;
  /** The directory that holds the watched one: it tells when that is replaced or comes back. */
  readonly #above: { readonly path: string; readonly name: string };
  readonly #watched = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  #warned = false;

  constructor(root: string, hint: () => void, logger: Logger) {
    const absolute = resolve(root);
    this.#hint = hint;
    this.#logger = logger;
    this.#above = { path: dirname(absolute), name: basename(absolute) };
  }

  /**
   * Watches these directories, by real path and identity, and no others. Whether any was not watched before.
   */
  watch(directories: ReadonlyMap<string, string>): boolean {
    const { path: above } = this.#above;
    const wanted = new Map([[above, isAbove], ...directories]);
    for (const [directory, { watcher, identity }] of this.#watched) {
      if (wanted.get(directory) === identity) continue;
      watcher.close();
      this.#watched.delete(directory);
    }
    const missing = [...wanted].filter(([directory]) => !this.#watched.has(directory));
    const begun = missing.map(([directory, identity]) => this.#begin(directory, identity));
    return begun.includes(true);
  }

  end(): void {
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #begin(directory: string, identity: string): boolean {
    try {
      const watcher = watch(directory, (_, name) => {
        if (identity !== isAbove || name === null || name === this.#above.name) this.#hint();
      });
      watcher.on('error', () => this.#lose(directory, watcher));
      this.#watched.set(directory, { watcher, identity });
      return true;
    } catch (error) {
      this.#warn(directory, error);
      return false;
    }
  }

  /** A watcher fails when its directory goes; the next look finds that out and watches what is there then. */
  #lose(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watched.get(directory)?.watcher === watcher) this.#watched.delete(directory);
    this.#hint();
  }

  #warn(directory: string, error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      `changes in ${directory} bring no notification (${errorMessage(error)}); they are found by looking now and then`,
    );
  }
}
