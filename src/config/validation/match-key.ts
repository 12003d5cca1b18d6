/** Telling whether two matches of a VirtualService mean the same (Istio reference 10.5). */
import { compareStrings } from '../../base/compare.js';

/** The same text for matches that mean the same: without the name, and without what is as if it were absent. */
export function matchKey(match: object): string {
  const fields = Object.entries(match).filter(([field, value]) => field !== 'name' && !isDefault(value));
  return JSON.stringify(sorted(fields));
}

function isDefault(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === '' || value === 0 || value === false;
}

/** Entries in the order of their names, at every depth; an absent value stays as null. */
function sorted(entries: readonly (readonly [string, unknown])[]): unknown {
  return [...entries]
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([field, value]) => [field, sortedValue(value)]);
}

function sortedValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? null;
  return sorted(Object.entries(value));
}
