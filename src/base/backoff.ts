/** How long to wait before something that failed is tried again. */

/** Bounds of the wait, in milliseconds. */
export interface BackoffOptions {
  readonly first?: number;
  readonly most?: number;
}

/**
 * Milliseconds to wait after some failures that follow each other: a ceiling that doubles with each, of which the wait
 * is drawn from the upper half, so that not all come back at once.
 *
 * @param failures before this one
 * @param random from 0 to below 1, evenly spread
 */
export function backoffDelay(
  { first = 500, most = 30_000 }: BackoffOptions,
  failures: number,
  random: () => number,
): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(failures, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** The waits after failures that follow each other. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure: milliseconds to wait, at least `least`. */
  next(least = 0): number {
    const delay = backoffDelay(this.#options, this.#failures, this.#random);
    this.#failures += 1;
    return Math.max(least, delay);
  }

  /** Something succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
