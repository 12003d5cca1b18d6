/**
 * Gives streams their turns. A turn is done a piece at a time, and a slice of a few milliseconds is all that is done
 * in one go of the event loop, so that neither a large client nor many clients hold it. A turn that does not fit its
 * slice goes on behind those that wait, so that a large client does not starve the others. What waits already is
 * not queued twice: it gets the newest state when its turn comes.
 */
import type { Piecewise } from '../base/piecewise.js';

export interface PushQueueOptions {
  /** Milliseconds of work in one go. */
  readonly sliceMs: number;
  /** Whether more may be sent at present; `resume` is to be called once it may again. */
  readonly mayGoOn: () => boolean;
}

export class PushQueue<T> {
  readonly #turn: (item: T) => Piecewise<void>;
  readonly #options: PushQueueOptions;
  /** In the order of their turns; with the turn, where it was begun. */
  readonly #queue = new Map<T, Piecewise<void> | undefined>();
  /** Those in a turn that want another one. */
  readonly #again = new Set<T>();
  #scheduled = false;

  constructor(turn: (item: T) => Piecewise<void>, options: PushQueueOptions) {
    this.#turn = turn;
    this.#options = options;
  }

  /** How many wait for a turn or are in theirs. */
  get length(): number {
    return this.#queue.size;
  }

  /** Asks for a turn; during a turn, for another one. */
  add(item: T): void {
    if (!this.#queue.has(item)) this.#queue.set(item, undefined);
    else if (this.#queue.get(item) !== undefined) this.#again.add(item);
    this.resume();
  }

  remove(item: T): void {
    this.#queue.get(item)?.return();
    this.#queue.delete(item);
    this.#again.delete(item);
  }

  /** Goes on, if anything waits. */
  resume(): void {
    if (this.#scheduled || this.#queue.size === 0 || !this.#options.mayGoOn()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#slice();
      this.resume();
    });
  }

  #slice(): void {
    const end = performance.now() + this.#options.sliceMs;
    do {
      const [next] = this.#queue;
      if (next === undefined || !this.#options.mayGoOn()) return;
      const [item, begun] = next;
      const turn = begun ?? this.#turn(item);
      this.#queue.set(item, turn);
      this.#advance(item, turn, end);
    } while (performance.now() < end);
  }

  #advance(item: T, turn: Piecewise<void>, end: number): void {
    while (turn.next().done !== true) {
      if (this.#queue.get(item) !== turn) return; // it was removed by what it did
      if (performance.now() < end) continue;
      this.#queue.delete(item);
      this.#queue.set(item, turn);
      return;
    }
    if (this.#queue.get(item) === turn) this.#queue.delete(item);
    if (this.#again.delete(item)) this.#queue.set(item, undefined);
  }
}
