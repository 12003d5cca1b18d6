/**
 * Over which time endpoint changes are merged that follow others. It is short as long as the server has time to spare:
 * a part of all time may be spent, and what is not spent is saved up for a while. While changes go on and cost more
 * than that, each waits until there is time again, so that a mesh in which endpoints change all the time does not keep
 * the server, and every proxy, busy with nothing else.
 *
 * The part depends on what merging spares. Of a hundred changes a second, those of a whole second are one push in the
 * place of a hundred; of two a second they are one in the place of two, which is not worth a second's wait.
 */
/** The part of all time that may be spent on pushing before changes are merged over longer: when they are many. */
const leastShare = 1 / 32;
/** And when hardly two come within the longest time. */
const mostShare = 1 / 2;
/** Milliseconds that are saved up at the most. */
const mostSaved = 100;

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
  /** About how many changes came within the longest time. */
  #changes = 0;

  constructor(options: PushPaceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#last = { now: this.#now(), spent: options.spent() };
  }

  /**
   * Milliseconds over which what follows the push that is made now is merged.
   * @param changes how many are pushed now
   */
  next(changes: number): number {
    const { shortest, longest } = this.#options;
    const now = this.#now();
    const spent = this.#options.spent();
    const passed = now - this.#last.now;
    this.#changes = this.#changes * Math.exp(-passed / longest) + changes;
    const share = Math.min(Math.max(1 / this.#changes, leastShare), mostShare);
    const saved = this.#saved + passed * share - (spent - this.#last.spent);
    this.#last = { now, spent };
    this.#saved = Math.min(Math.max(saved, -longest * share), mostSaved);
    return Math.min(Math.max(-this.#saved / share, shortest), longest);
  }
}
