/** Orders and equality of plain values. */
import { SharingMap } from './sharing-map.js';

/** Code-unit order of two strings, as Go orders strings that are ASCII. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Structural equality of plain data: primitives, arrays, plain objects, maps and sets of primitives. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  }
  if (isMap(a)) return isMap(b) && equalMaps(a, b);
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((item) => b.has(item));
  if (Array.isArray(b) || isMap(b) || b instanceof Set) return false;
  return equalFields(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields that are undefined count as absent. It is called for every value that a registry says again, so it makes nothing. */
function equalFields(a: Fields, b: Fields): boolean {
  let surplus = 0;
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue;
    if (!deepEqual(a[key], b[key])) return false;
    surplus += 1;
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) surplus -= 1;
  return surplus === 0;
}

type AnyMap = ReadonlyMap<unknown, unknown>;

function isMap(value: unknown): value is AnyMap {
  return value instanceof Map || value instanceof SharingMap;
}

function equalMaps(a: AnyMap, b: AnyMap): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.has(key) && deepEqual(value, b.get(key)));
}
