/** Values of a registry by key, as immutable maps over time, with the mark-and-sweep that a new reading needs. */
import { deepEqual } from '../base/compare.js';
import { SharingMap } from '../base/sharing-map.js';

/** A mutable table that hands out immutable maps, each in proportion to what changed since the one before. */
export class ValueTable<Value> {
  /** As they were handed out last. */
  #values = SharingMap.of<string, Value>();
  /** What changed since then; undefined for what is gone. */
  readonly #changes = new Map<string, Value | undefined>();
  /** What the present reading has said; undefined when nothing is being read anew. */
  #said: Set<string> | undefined;

  /** The present value of a key. */
  get(key: string): Value | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#values.get(key);
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
    const known = this.get(key);
    if (known !== undefined && deepEqual(known, value)) return false;
    this.#changes.set(key, value);
    return true;
  }

  /** Sets a value without its counting as said by the present reading. */
  replace(key: string, value: Value): void {
    this.#changes.set(key, value);
  }

  /** Removes a value; false when there is none. */
  delete(key: string): boolean {
    if (this.get(key) === undefined) return false;
    this.#changes.set(key, undefined);
    return true;
  }

  /** A new reading begins. */
  restart(): void {
    this.#said = new Set();
  }

  /** What the present reading has not said; nothing when nothing is being read anew. */
  unsaid(): readonly string[] {
    const said = this.#said;
    return said === undefined ? [] : [...this.snapshot().keys()].filter((key) => !said.has(key));
  }

  /** The reading is complete: removes what it has not said. False when nothing was removed. */
  sweep(): boolean {
    const gone = this.unsaid();
    this.#said = undefined;
    for (const key of gone) this.#changes.set(key, undefined);
    return gone.length > 0;
  }

  /** The values as they are now; the same map as long as nothing changes. */
  snapshot(): SharingMap<string, Value> {
    if (this.#changes.size > 0) {
      this.#values = this.#values.with(this.#changes);
      this.#changes.clear();
    }
    return this.#values;
  }
}
