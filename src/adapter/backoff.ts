/** How long to wait after a failure: longer each time, and never all at the same moment. */

/** Bounds of the wait, in milliseconds. */
export interface BackoffOptions {
  readonly first?: number;
  readonly most?: number;
}

/** The waits after failures that follow each other. */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({ first = 500, most = 30_000 }: BackoffOptions, random: () => number) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
  }

  /** Milliseconds to wait after another failure: between half and all of a ceiling that doubles each time. */
  next(): number {
    const ceiling = Math.min(this.#most, this.#first * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.round(ceiling / 2 + (this.#random() * ceiling) / 2);
  }

  /** Something succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
