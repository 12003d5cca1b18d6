/** Label values that clients choose, kept to a number of series and to a length. */

/** What stands for values beyond the limit. */
export const otherLabel = 'other';

/** The longest label value, in UTF-16 units; what is longer is cut. */
const longestLabel = 128;

/** A value as a label: not longer than labels may be. */
export function labelText(value: string): string {
  return value.slice(0, longestLabel);
}

/**
 * Labels in use, each counted. While there is room a value has a label of its own; beyond, `other`. A label that
 * nobody uses any more makes room again, so that who invents values blinds nobody for longer than it stays.
 */
export class BoundedLabels {
  readonly #most: number;
  readonly #uses = new Map<string, number>();

  /** @param most how many labels there may be at a time, beside `other`. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The label of a value that is in use from now on, to be given to `release`. */
  take(value: string): string {
    const wanted = labelText(value);
    const label = this.#uses.has(wanted) || this.#uses.size < this.#most ? wanted : otherLabel;
    this.#uses.set(label, (this.#uses.get(label) ?? 0) + 1);
    return label;
  }

  /** One use of a label is over. @returns whether nobody uses it any more, so that its series can go. */
  release(label: string): boolean {
    const uses = this.#uses.get(label) ?? 0;
    if (uses > 1) this.#uses.set(label, uses - 1);
    return uses === 1 && this.#uses.delete(label);
  }
}
