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
  /** All have had their turns. */
  readonly onEmpty?: () => void;
}

export class PushQueue<T> {
  readonly #turn: (item: T) => Piecewise<void>;
  readonly #options: PushQueueOptions;
  /** In the order of their turns; with the turn, where it was begun. */
  #queue = new Map<T, Piecewise<void> | undefined>();
  /** Those in a turn that want another one. */
  readonly #again = new Set<T>();
  #scheduled = false;
  #spent = 0;

  constructor(turn: (item: T) => Piecewise<void>, options: PushQueueOptions) {
    this.#turn = turn;
    this.#options = options;
  }

  /** How many wait for a turn or are in theirs. */
  get length(): number {
    return this.#queue.size;
  }

  /** Milliseconds that turns have taken by now. */
  get spent(): number {
    return this.#spent;
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
      // A map that is emptied refers from what it was to what it becomes, and so one push's garbage to the next one's.
      if (this.#queue.size === 0) {
        this.#queue = new Map();
        this.#options.onEmpty?.();
      }
      this.resume();
    });
  }

  #slice(): void {
    const began = performance.now();
    const end = began + this.#options.sliceMs;
    do {
      const [next] = this.#queue;
      if (next === undefined || !this.#options.mayGoOn()) break;
      const [item, begun] = next;
      const turn = begun ?? this.#turn(item);
      this.#queue.set(item, turn);
      this.#advance(item, turn, end);
    } while (performance.now() < end);
    this.#spent += performance.now() - began;
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
