/** Indexes that are made again only when something that they are made of has changed. */
import { sameElements } from '../base/changes.js';

/** An index that knows what it was made of. */
export interface Table<Sources extends object> {
  readonly sources: Sources;
}

/** How an index is made; the one of before saves work, and lends parts in which nothing changed. */
export type TableType<T extends Table<object>> = new (sources: T['sources'], previous?: T) => T;

/** `previous` if it is of this type and made of the same things, else a new index. */
export function rebuild<T extends Table<object>>(
  type: TableType<T>,
  sources: T['sources'],
  previous: unknown,
): T {
  const before = previous instanceof type ? previous : undefined;
  return before !== undefined && sameSources(before.sources, sources) ? before : new type(sources, before);
}

/** Whether each field is the very same value, or a list of the very same values. */
function sameSources(a: object, b: object): boolean {
  const right = new Map<string, unknown>(Object.entries(b));
  const left = Object.entries(a);
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameSource(value, right.get(key)))
  );
}

function sameSource(a: unknown, b: unknown): boolean {
  return a === b || (isList(a) && isList(b) && sameElements(a, b));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
