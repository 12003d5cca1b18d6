/** Values of a registry by key, as immutable maps over time, with the mark-and-sweep that a new reading needs. */
import { deepEqual } from '../base/compare.js';

/** A mutable table that hands out immutable maps; a change copies the map only if it was handed out since the last. */
export class ValueTable<Value> {
  #values = new Map<string, Value>();
  /** The map was handed out, so it is copied before the next change. */
  #shared = false;
  /** What the present reading has said; undefined when nothing is being read anew. */
  #said: Set<string> | undefined;

  /** The present value of a key. */
  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** Whether the present reading has said this key. */
  said(key: string): boolean {
    return this.#said?.has(key) ?? false;
  }

  /** Counts a key as said by the present reading, whatever its value. */
  mark(key: string): void {
    this.#said?.add(key);
  }

  /** Sets a value; false when it equals the known one, which then stays the same object. */
  set(key: string, value: Value): boolean {
    this.mark(key);
    const known = this.#values.get(key);
    if (known !== undefined && deepEqual(known, value)) return false;
    this.#own().set(key, value);
    return true;
  }

  /** Removes a value; false when there is none. */
  delete(key: string): boolean {
    return this.#values.has(key) && this.#own().delete(key);
  }

  /** A new reading begins. */
  restart(): void {
    this.#said = new Set();
  }

  /** The reading is complete: removes what it has not said. False when nothing was removed. */
  sweep(): boolean {
    const said = this.#said;
    this.#said = undefined;
    if (said === undefined) return false;
    const gone = [...this.#values.keys()].filter((key) => !said.has(key));
    if (gone.length > 0) for (const key of gone) this.#own().delete(key);
    return gone.length > 0;
  }

  /** The values as they are now; the same map as long as nothing changes. */
  snapshot(): ReadonlyMap<string, Value> {
    this.#shared = true;
    return this.#values;
  }

  #own(): Map<string, Value> {
    if (this.#shared) {
      this.#values = new Map(this.#values);
      this.#shared = false;
    }
    return this.#values;
  }
}
