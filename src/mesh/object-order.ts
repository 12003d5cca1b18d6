/** The order in which Istio takes configuration objects: the oldest first (Istio reference 4.4). */
import { compareStrings } from '../base/compare.js';
import type { ObjectMeta } from '../config/object.js';

/** By creation time, then name, then namespace. */
export function compareByAge(
  a: { readonly metadata: ObjectMeta },
  b: { readonly metadata: ObjectMeta },
): number {
  return (
    a.metadata.creationTime - b.metadata.creationTime ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(a.metadata.namespace, b.metadata.namespace)
  );
}

/** The list in this order; the very same list if it already is. */
export function sortedByAge<T extends { readonly metadata: ObjectMeta }>(
  objects: readonly T[],
): readonly T[] {
  const inOrder = objects.every((object, index) => {
    const before = objects[index - 1];
    return before === undefined || compareByAge(before, object) <= 0;
  });
  return inOrder ? objects : [...objects].sort(compareByAge);
}
