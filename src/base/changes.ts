/** What differs between two states of immutable values, by identity: the way to do only the work that a change asks for. */

import { SharingMap } from './sharing-map.js';

/**
 * The keys whose values are not the same object in both maps. One pass over each map, or, of maps of which one was
 * made from the other, over what differs.
 */
export function changedKeys<Value>(
  previous: ReadonlyMap<string, Value> | undefined,
  next: ReadonlyMap<string, Value>,
): ReadonlySet<string> {
  const changed = new Set<string>();
  if (previous === next) return changed;
  const candidates =
    previous !== undefined && next instanceof SharingMap ? next.keysToCompare(previous) : undefined;
  if (candidates !== undefined) {
    for (const key of candidates) if (previous?.get(key) !== next.get(key)) changed.add(key);
    return changed;
  }
  let kept = 0;
  for (const [key, value] of next) {
    const before = previous?.get(key);
    if (before !== undefined) kept += 1;
    if (before !== value) changed.add(key);
  }
  if (previous !== undefined && previous.size !== kept) {
    for (const key of previous.keys()) if (!next.has(key)) changed.add(key);
  }
  return changed;
}

/** Whether two lists hold the same objects in the same order. */
export function sameElements<Value>(a: readonly Value[], b: readonly Value[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}

/** `next`, or `previous` when it holds the same objects in the same order, so that its identity says so. */
export function reuseList<Value>(
  previous: readonly Value[] | undefined,
  next: readonly Value[],
): readonly Value[] {
  return previous !== undefined && sameElements(previous, next) ? previous : next;
}
