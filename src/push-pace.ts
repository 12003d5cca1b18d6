/**
 * Over which time endpoint changes are merged that follow others. It is short as long as the server has time to spare:
 * a part of all time may be spent, and what is not spent is saved up for a while. While changes go on and cost more
 * than that, each waits until there is time again, so that a mesh in which endpoints change all the time does not keep
 * the server, and every proxy, busy with nothing else.
 */
/** The part of all time that may be spent on pushing before changes are merged over longer. */
const share = 1 / 32;
/** Milliseconds that are saved up at the most. */
const mostSaved = 250;

export interface PushPaceOptions {
  /** Milliseconds when there is time to spare, and at the most. */
  readonly shortest: number;
  readonly longest: number;
  /** Milliseconds that were spent on pushing by now. */
  readonly spent: () => number;
  /** The clock, in milliseconds; the process's own when absent. */
  readonly now?: () => number;
}

export class PushPace {
  readonly #options: PushPaceOptions;
  readonly #now: () => number;
  #last: { readonly now: number; readonly spent: number };
  /** Milliseconds that may be spent; below zero when more was spent than was there. */
  #saved = mostSaved;

  constructor(options: PushPaceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#last = { now: this.#now(), spent: options.spent() };
  }

  /** Milliseconds over which what follows the push that is made now is merged. */
  next(): number {
    const { shortest, longest } = this.#options;
    const now = this.#now();
    const spent = this.#options.spent();
    const saved = this.#saved + (now - this.#last.now) * share - (spent - this.#last.spent);
    this.#last = { now, spent };
    this.#saved = Math.min(Math.max(saved, -longest * share), mostSaved);
    return Math.min(Math.max(-this.#saved / share, shortest), longest);
  }
}
