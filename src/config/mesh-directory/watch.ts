/**
 * Watching a mesh directory. Notifications of the file system are hints that it is time to look, never the truth:
 * what changed is found out by looking, so that nothing depends on which notifications a platform sends. Where it
 * sends none, a look now and then finds the change.
 */
import { Observable } from 'rxjs';
import { errorMessage, PilotError } from '../../base/errors.js';
import { silentLogger, type Logger } from '../../base/logger.js';
import { HintSource } from './hints.js';
import { DirectoryReader, type ReaderOptions } from './reader.js';
import type { MeshDirectoryState } from './state.js';

export interface WatchOptions extends ReaderOptions {
  /** How often to look without any notification, in milliseconds; 2000 unless told. */
  readonly rescanInterval?: number;
  readonly logger?: Logger;
}

/** How long it has to be quiet after a notification, and how long it may take at the most, in milliseconds. */
const quietTime = 20;
const longestWait = 200;

/** How soon to look again at what is not settled, in milliseconds. */
const unsettledPause = 50;

/** At most this share of the time is spent on looking without notification. */
const rescanShare = 0.05;

/**
 * The states of a directory: the first one, then one whenever something changed. Cold: each subscription watches for
 * itself, and ending it releases every watcher and timer. It fails with DIRECTORY_UNREADABLE when the directory
 * cannot be read at first, and never after that.
 */
export function watchMeshDirectory(path: string, options: WatchOptions = {}): Observable<MeshDirectoryState> {
  return new Observable<MeshDirectoryState>((subscriber) => {
    const watch = new DirectoryWatch(path, options, {
      next: (state) => subscriber.next(state),
      error: (error) => subscriber.error(error),
    });
    watch.look();
    return () => watch.end();
  });
}

interface StateObserver {
  readonly next: (state: MeshDirectoryState) => void;
  readonly error: (error: PilotError) => void;
}

/** One look after another, never two at a time. */
class DirectoryWatch {
  readonly #path: string;
  readonly #reader: DirectoryReader;
  readonly #hints: HintSource;
  readonly #observer: StateObserver;
  readonly #logger: Logger;
  readonly #rescanInterval: number;
  /** How long to wait for notifications before the next look, by how long a look takes that finds nothing new. */
  #pause: number;
  #state: MeshDirectoryState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #ended = false;
  /** When the first notification since the last look came. */
  #hintedAt: number | undefined;

  constructor(path: string, options: WatchOptions, observer: StateObserver) {
    this.#path = path;
    this.#reader = new DirectoryReader(path, options);
    this.#observer = observer;
    this.#logger = options.logger ?? silentLogger;
    this.#rescanInterval = options.rescanInterval ?? 2000;
    this.#pause = this.#rescanInterval;
    this.#hints = new HintSource(path, () => this.#hint(), this.#logger);
  }

  /** Looks now. */
  look(): void {
    this.#lookOnce().catch((error: unknown) => this.#fail(error));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#hints.end();
  }

  #hint(): void {
    const now = performance.now();
    this.#hintedAt ??= now;
    if (!this.#looking) this.#lookIn(Math.min(quietTime, Math.max(0, this.#hintedAt + longestWait - now)));
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#ended) this.#timer = setTimeout(() => this.look(), milliseconds);
  }

  async #lookOnce(): Promise<void> {
    const began = performance.now();
    this.#looking = true;
    this.#hintedAt = undefined;
    const { state, directories, unsettled } = await this.#reader.read();
    this.#looking = false;
    if (this.#ended) return;
    // What happened between the look and the start of a watcher brought no notification.
    if (this.#hints.watch(directories)) this.#hintedAt ??= performance.now();
    if (state === this.#state) {
      this.#pause = Math.max(this.#rescanInterval, (performance.now() - began) / rescanShare);
    } else {
      this.#state = state;
      this.#observer.next(state);
    }
    this.#lookIn(this.#hintedAt !== undefined ? quietTime : unsettled ? unsettledPause : this.#pause);
  }

  /** Before the first state a failure ends the watch; after it, the directory is looked at again. */
  #fail(error: unknown): void {
    this.#looking = false;
    if (this.#ended) return;
    const failure = PilotError.from(error);
    if (this.#state === undefined) {
      this.end();
      this.#observer.error(failure);
      return;
    }
    this.#logger.error(`the mesh directory ${this.#path} could not be looked at: ${errorMessage(error)}`, {
      err: error,
    });
    this.#lookIn(this.#rescanInterval);
  }
}
