/**
 * Hints that it is time to look at some files again: when something in their folders changes, which is what a rename
 * and a replaced symbolic link are (Kubernetes mounts swap one called `..data`), and now and then without any notice,
 * since a file system may give none and a link may lead elsewhere.
 */
import { watch, type FSWatcher } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorMessage } from '../base/errors.js';
import type { Logger } from '../base/logger.js';

/** Calls `look` when files may have changed. Keeps no process alive. */
export class FileHints {
  readonly #folders: ReadonlySet<string>;
  readonly #quietMs: number;
  readonly #look: () => void;
  readonly #report: Logger;
  readonly #unwatched = new Set<string>();
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: NodeJS.Timeout | undefined;
  #rescan: NodeJS.Timeout | undefined;

  /** @param quietMs how long nothing must have changed before it is looked. */
  constructor(paths: readonly string[], quietMs: number, look: () => void, report: Logger) {
    this.#folders = new Set(paths.map((path) => dirname(resolve(path))));
    this.#quietMs = quietMs;
    this.#look = look;
    this.#report = report;
  }

  start(rescanMs: number): void {
    this.#watch();
    this.#rescan = setInterval(() => {
      this.#watch();
      this.#look();
    }, rescanMs).unref();
  }

  /** Look once the files are quiet. */
  lookSoon(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(this.#look, this.#quietMs).unref();
  }

  end(): void {
    clearTimeout(this.#quiet);
    clearInterval(this.#rescan);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches the folders that are not watched; one that is gone is tried again with the next look. */
  #watch(): void {
    for (const folder of this.#folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.lookSoon());
        watcher.on('error', () => this.#lose(folder, watcher));
        this.#watchers.set(folder, watcher);
        this.#unwatched.delete(folder);
      } catch (error) {
        this.#warn(folder, error);
      }
    }
  }

  #warn(folder: string, error: unknown): void {
    if (this.#unwatched.has(folder)) return;
    this.#unwatched.add(folder);
    this.#report.warn(
      `changes in ${folder} bring no notification (${errorMessage(error)}); they are found by looking now and then`,
    );
  }

  #lose(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder);
    this.lookSoon();
  }
}
