/** How many streams may begin in a second: a bucket that fills evenly and holds what a second brings. */

export class Admission {
  readonly #perSecond: number;
  #tokens: number;
  #at = performance.now();

  /** @param perSecond 0 admits any number. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /**
   * Admits one more.
   * @returns milliseconds after which it may begin; undefined when that would be more than a second.
   */
  admit(): number | undefined {
    if (this.#perSecond === 0) return 0;
    const now = performance.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    const wait = this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.#perSecond) * 1000;
    if (wait > 1000) return undefined;
    this.#tokens -= 1;
    return wait;
  }
}
