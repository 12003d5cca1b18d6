/**
 * Keeps what was made, so that what did not change is not made again. A result is used again only for an input of
 * which every field is the very same value, and the function that makes it is given nothing but the input; so a
 * result can depend on nothing that was left out of the comparison.
 */

interface Entry {
  readonly input: object;
  readonly result: unknown;
  /** When it was last asked for, by the memo's clock. */
  used: number;
}

interface Interned {
  readonly value: object;
  used: number;
}

/** Moves on with every new state of the mesh; one for a memo and all that are within it. */
interface Clock {
  now: number;
  /** When the last sweeps were, the newest last. */
  sweeps: readonly number[];
}

/** A result that was asked for since so many sweeps is kept. */
const sweepsKept = 3;
/** How many results of a key are kept whether or not they were asked for of late. */
const sparedResults = 1;
/** A result of a key with more of them is forgotten when it has not been asked for in so many states. */
const statesKept = 2;

/**
 * Results by key. A key may have several results, one for each input: proxies of two namespaces can see the same
 * host differently. Memory is bounded by `tick` and `sweep`.
 */
export class Memo {
  readonly #entries = new Map<string, Entry[]>();
  readonly #interned = new Map<string, Interned>();
  readonly #groups = new Map<string, Memo>();
  readonly #clock: Clock;
  #hits = 0;
  #misses = 0;

  /** @param clock that of the memo that this one is within. */
  constructor(clock: Clock = { now: 0, sweeps: [] }) {
    this.#clock = clock;
  }

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
      entry.used = this.#clock.now;
      this.#hits += 1;
      return entry.result as Result;
    }
    this.#misses += 1;
    const result = make(input);
    if (entries.length >= sparedResults) this.#entries.set(key, (entries = this.#recent(entries)));
    entries.push({ input, result, used: this.#clock.now });
    return result;
  }

  #recent(entries: readonly Entry[]): Entry[] {
    return entries.filter(({ used }) => used >= this.#clock.now - statesKept);
  }

  /**
   * One object for all objects of the same content, so that it can be a field of an input. The content must be JSON
   * and its fields in the same order.
   */
  intern<Value extends object>(value: Value): Value {
    const text = JSON.stringify(value);
    const known = this.#interned.get(text);
    if (known !== undefined) {
      known.used = this.#clock.now;
      return known.value as Value;
    }
    this.#interned.set(text, { value, used: this.#clock.now });
    return value;
  }

  /** A memo within this one, with keys of its own; it is swept with this one. */
  group(name: string): Memo {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Memo(this.#clock);
      this.#groups.set(name, group);
    }
    return group;
  }

  /** There is a new state of the mesh. */
  tick(): void {
    this.#clock.now += 1;
  }

  /**
   * Forgets what has not been asked for since a few sweeps. To be called when everything that is in use is going to
   * be asked for anew, and not when only what changed is.
   */
  sweep(): void {
    this.tick();
    this.#clock.sweeps = [...this.#clock.sweeps, this.#clock.now].slice(-sweepsKept);
    const [oldest = 0] = this.#clock.sweeps.length === sweepsKept ? this.#clock.sweeps : [];
    this.#forget(oldest);
  }

  #forget(oldest: number): void {
    for (const [key, entries] of this.#entries) {
      const kept = entries.filter((entry) => entry.used >= oldest);
      if (kept.length === 0) this.#entries.delete(key);
      else if (kept.length < entries.length) this.#entries.set(key, kept);
    }
    for (const [text, { used }] of this.#interned) if (used < oldest) this.#interned.delete(text);
    for (const [name, group] of this.#groups) {
      group.#forget(oldest);
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

  /** How often a result was there already, and how often it had to be made, since the start. */
  get use(): { readonly hits: number; readonly misses: number } {
    let [hits, misses] = [this.#hits, this.#misses];
    for (const group of this.#groups.values()) {
      const { use } = group;
      hits += use.hits;
      misses += use.misses;
    }
    return { hits, misses };
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
