/**
 * Keeps what was made, so that what did not change is not made again. A result is used again only for an input of
 * which every field is the very same value, and the function that makes it is given nothing but the input; so a
 * result can depend on nothing that was left out of the comparison.
 */

interface Entry {
  readonly input: object;
  readonly result: unknown;
  /** The last generation in which it was asked for. */
  used: number;
}

interface Interned {
  readonly value: object;
  used: number;
}

/** How many generations a result is kept for without being asked for. */
const generationsKept = 2;

/**
 * Results by key. A key may have several results, one for each input: proxies of two namespaces can see the same
 * host differently. Memory is bounded by `sweep`.
 */
export class Memo {
  readonly #entries = new Map<string, Entry[]>();
  readonly #interned = new Map<string, Interned>();
  readonly #groups = new Map<string, Memo>();
  #generation = 0;

  /**
   * The result for an input: what `make` gave for the same input before, otherwise what it gives now.
   *
   * @param key a name that all inputs have that may lead to the same result; it makes the search short.
   * @param make must be pure and should not close over anything.
   */
  compute<Input extends object, Result>(key: string, input: Input, make: (input: Input) => Result): Result {
    let entries = this.#entries.get(key);
    if (entries === undefined) {
      entries = [];
      this.#entries.set(key, entries);
    }
    for (const entry of entries) {
      if (!sameFields(entry.input, input)) continue;
      entry.used = this.#generation;
      return entry.result as Result;
    }
    const result = make(input);
    entries.push({ input, result, used: this.#generation });
    return result;
  }

  /**
   * One object for all objects of the same content, so that it can be a field of an input. The content must be JSON
   * and its fields in the same order.
   */
  intern<Value extends object>(value: Value): Value {
    const text = JSON.stringify(value);
    const known = this.#interned.get(text);
    if (known !== undefined) {
      known.used = this.#generation;
      return known.value as Value;
    }
    this.#interned.set(text, { value, used: this.#generation });
    return value;
  }

  /** A memo within this one, with keys of its own; it is swept with this one. */
  group(name: string): Memo {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Memo();
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Starts a new generation and forgets what was asked for neither in the one that ends nor in the one before. */
  sweep(): void {
    this.#generation += 1;
    const oldest = this.#generation - generationsKept;
    for (const [key, entries] of this.#entries) {
      const kept = entries.filter((entry) => entry.used >= oldest);
      if (kept.length === 0) this.#entries.delete(key);
      else if (kept.length < entries.length) this.#entries.set(key, kept);
    }
    for (const [text, { used }] of this.#interned) if (used < oldest) this.#interned.delete(text);
    for (const [name, group] of this.#groups) {
      group.sweep();
      if (group.size === 0) this.#groups.delete(name);
    }
  }

  /** How many results are kept. */
  get size(): number {
    let size = 0;
    for (const entries of this.#entries.values()) size += entries.length;
    for (const group of this.#groups.values()) size += group.size;
    return size;
  }
}

function sameFields(a: object, b: object): boolean {
  for (const key in a) if (fieldOf(a, key) !== fieldOf(b, key)) return false;
  for (const key in b) if (fieldOf(a, key) !== fieldOf(b, key)) return false;
  return true;
}

function fieldOf(object: object, key: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[key];
}
