/** How long to wait before something that failed is tried again. */

/** Waits that double from one failure to the next, each drawn from the upper half, so that not all come back at once. */
export class Backoff {
  readonly #first: number;
  readonly #last: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param first, last milliseconds. @param random from 0 to below 1, evenly spread. */
  constructor(first: number, last: number, random: () => number = Math.random) {
    this.#first = first;
    this.#last = last;
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure: milliseconds to wait, at least `least`. */
  next(least = 0): number {
    const ceiling = Math.min(this.#last, this.#first * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(least, ceiling / 2 + (this.#random() * ceiling) / 2);
  }

  /** It worked. */
  reset(): void {
    this.#failures = 0;
  }
}
