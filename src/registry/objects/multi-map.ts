/** A map from a key to a set of values, without empty sets. */

const none: ReadonlySet<never> = new Set<never>();

/** Several values by key. */
export class MultiMap<Key, Value> {
  readonly #sets = new Map<Key, Set<Value>>();

  /** The values of a key, in the order they came. */
  get(key: Key): ReadonlySet<Value> {
    return this.#sets.get(key) ?? none;
  }

  /** Adds a value under a key. */
  add(key: Key, value: Value): void {
    const values = this.#sets.get(key);
    if (values === undefined) this.#sets.set(key, new Set([value]));
    else values.add(value);
  }

  /** Removes a value from under a key. */
  delete(key: Key, value: Value): void {
    const values = this.#sets.get(key);
    if (values?.delete(value) === true && values.size === 0) this.#sets.delete(key);
  }
}
