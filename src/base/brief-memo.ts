/** What is asked for many times within a moment, and then not again. */

export interface BriefMemoOptions<Value> {
  /** What the values that are kept may weigh together; the oldest are forgotten first. */
  readonly most: number;
  /** What one weighs; 1 when absent. One that is heavier than `most` is not kept. */
  readonly weigh?: (value: Value) => number;
}

/** Milliseconds after the last use in which values are kept: a push to many clients comes within these. */
const keptFor = 2000;

/**
 * Values by key for as long as they are in use, and a moment longer. Unlike a WeakMap with weak values it keeps nothing
 * from being freed after that, and nothing that is freed costs the garbage collector more than any other garbage.
 */
export class BriefMemo<Key extends object, Value> {
  readonly #options: BriefMemoOptions<Value>;
  readonly #values = new Map<Key, Value>();
  #weight = 0;
  #forgetting: NodeJS.Timeout | undefined;

  constructor(options: BriefMemoOptions<Value>) {
    this.#options = options;
  }

  get(key: Key): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.#forgetting?.refresh();
    return value;
  }

  set(key: Key, value: Value): void {
    this.#drop(key);
    const weight = this.#weightOf(value);
    if (weight > this.#options.most) return;
    for (const [oldest] of this.#values) {
      if (this.#weight + weight <= this.#options.most) break;
      this.#drop(oldest);
    }
    this.#values.set(key, value);
    this.#weight += weight;
    this.#forgetting ??= setTimeout(() => this.#forget(), keptFor).unref();
    this.#forgetting.refresh();
  }

  #drop(key: Key): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#weight -= this.#weightOf(value);
  }

  #weightOf(value: Value): number {
    return this.#options.weigh?.(value) ?? 1;
  }

  #forget(): void {
    this.#values.clear();
    this.#weight = 0;
    this.#forgetting = undefined;
  }
}
