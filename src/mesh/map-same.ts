/** Changing parts of readonly data while what does not change stays the same object. */

/** `items.map(change)`, or the very same list if every item stays the same object. */
export function mapSame<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  let changed = false;
  const mapped = items.map((item) => {
    const next = change(item);
    if (next !== item) changed = true;
    return next;
  });
  return changed ? mapped : items;
}

/** The object with these fields; itself if it has each of them already. A field that is undefined is left as it is. */
export function withFields<T extends object>(
  object: T,
  fields: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const changes: Partial<T> = {};
  let changed = false;
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined || value === object[key]) continue;
    changes[key] = value;
    changed = true;
  }
  return changed ? { ...object, ...changes } : object;
}
