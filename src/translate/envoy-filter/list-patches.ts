/** Patches of lists of which the order matters: filters and routes. */
import type { PatchOperation } from '../../config/kinds/envoy-filter.js';

/** A patch of a list. */
export interface ListPatch<Item> {
  readonly operation: PatchOperation;
  readonly value: Item | undefined;
  /** Whether the patch is about certain items. */
  readonly chooses: boolean;
  /** Whether it is about this one. */
  readonly matches: (item: Item) => boolean;
}

/** The list with an item added, inserted, replaced or removed; the very same list if nothing changed. */
export function patchedList<Item>(list: readonly Item[], patch: ListPatch<Item>): readonly Item[] {
  const { operation, value, chooses, matches } = patch;
  if (operation === 'REMOVE') {
    if (!chooses) return list;
    const kept = list.filter((item) => !matches(item));
    return kept.length === list.length ? list : kept;
  }
  if (value === undefined) return list;
  const at = chooses ? list.findIndex(matches) : -1;
  switch (operation) {
    case 'ADD':
      return [...list, value];
    case 'INSERT_FIRST':
      return [value, ...list];
    case 'INSERT_AFTER':
      if (!chooses) return [...list, value];
      return at < 0 ? list : list.toSpliced(at + 1, 0, value);
    case 'INSERT_BEFORE':
      if (!chooses) return [value, ...list];
      return at < 0 ? list : list.toSpliced(at, 0, value);
    case 'REPLACE':
      return at < 0 ? list : list.with(at, value);
    default:
      return list;
  }
}

/** The list with each item changed; the very same list if none did. */
export function mappedList<Item>(list: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  const changed = list.map(change);
  return changed.every((item, index) => item === list[index]) ? list : changed;
}

/** The list with each item changed or left out; the very same list if none was. */
export function keptList<Item>(
  list: readonly Item[],
  change: (item: Item) => Item | undefined,
): readonly Item[] {
  const changed = list.map(change).filter((item) => item !== undefined);
  return changed.length === list.length && changed.every((item, index) => item === list[index])
    ? list
    : changed;
}
