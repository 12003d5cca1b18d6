/** What a registry says and cannot be used, with why. */
import { reuseList } from '../base/changes.js';
import { compareStrings } from '../base/compare.js';
import { ValueTable } from './value-table.js';
import type { Quarantined } from './view.js';

/** Reasons by part and key; what a new reading does not say again is forgotten with it. */
export class Quarantine {
  readonly #reasons = new ValueTable<Quarantined>();
  #list: readonly Quarantined[] = [];

  /** Records why something is kept out, or that nothing is. @returns whether that is new. */
  note(part: string, key: string, reason: string | undefined): boolean {
    const note = `${part} ${key}`;
    return reason === undefined ? this.#reasons.delete(note) : this.#reasons.set(note, { key, reason });
  }

  /** All of it by key; the same list as long as nothing changes. */
  list(): readonly Quarantined[] {
    const present = [...this.#reasons.snapshot().values()].sort((a, b) => compareStrings(a.key, b.key));
    this.#list = reuseList(this.#list, present);
    return this.#list;
  }

  /** A new reading begins. */
  restart(): void {
    this.#reasons.restart();
  }

  /** The reading is complete. False when nothing was forgotten. */
  sweep(): boolean {
    return this.#reasons.sweep();
  }
}
