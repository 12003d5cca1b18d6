/** Why parts of a value are left out: a few told in full, the rest counted. */

/** How many are told in full. */
const told = 3;

/** Gathers reasons. */
export class Reasons {
  readonly #reasons = new Set<string>();

  /** Takes in a reason, as a sentence part. */
  add(reason: string): void {
    this.#reasons.add(reason);
  }

  /** All of them in one line; undefined when there are none. */
  text(): string | undefined {
    if (this.#reasons.size === 0) return undefined;
    const rest = this.#reasons.size > told ? `; and ${this.#reasons.size - told} more` : '';
    return `${[...this.#reasons].slice(0, told).join('; ')}${rest}`;
  }
}
