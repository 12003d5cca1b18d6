/**
 * Sets of names, shared: clients that subscribe to the same names by the same steps hold one set, so that memory
 * does not grow with clients times names, and what was made for a set can be found by it.
 */
import { createHash } from 'node:crypto';

export type NameSet = ReadonlySet<string>;

/** No names. */
export const noNames: NameSet = Object.freeze(new Set<string>());

/** How many sets are remembered that came from one set. */
const remembered = 64;

const successors = new WeakMap<NameSet, Map<string, WeakRef<NameSet>>>();

/** `base` with names added and removed; `base` itself when that changes nothing. */
export function changeNames(base: NameSet, added: readonly string[], removed: readonly string[]): NameSet {
  if (added.length === 0 && removed.length === 0) return base;
  const known = successors.get(base) ?? new Map<string, WeakRef<NameSet>>();
  successors.set(base, known);
  const key = keyOf(added, removed);
  const found = known.get(key)?.deref();
  if (found !== undefined) return found;
  const next = successor(base, added, removed, known);
  remember(known, key, next);
  return next;
}

/** Found by what is added and removed in any order, as clients name the same things in different orders. */
function successor(
  base: NameSet,
  added: readonly string[],
  removed: readonly string[],
  known: Map<string, WeakRef<NameSet>>,
): NameSet {
  const more = sorted(added.filter((name) => !base.has(name)));
  const fewer = sorted(removed.filter((name) => base.has(name)));
  if (more.length === 0 && fewer.length === 0) return base;
  if (more.length === 0 && fewer.length === base.size) return noNames;
  const key = keyOf(more, fewer);
  const found = known.get(key)?.deref();
  if (found !== undefined) return found;
  const next = new Set(base);
  for (const name of fewer) next.delete(name);
  for (const name of more) next.add(name);
  remember(known, key, next);
  return next;
}

function remember(known: Map<string, WeakRef<NameSet>>, key: string, names: NameSet): void {
  known.delete(key);
  known.set(key, new WeakRef(names));
  const [oldest] = known.keys();
  if (known.size > remembered && oldest !== undefined) known.delete(oldest);
}

/** `base` changed to hold exactly these names. */
export function replaceNames(base: NameSet, names: ReadonlySet<string>): NameSet {
  const added: string[] = [];
  for (const name of names) if (!base.has(name)) added.push(name);
  if (added.length === 0 && names.size === base.size) return base;
  const removed = [...base].filter((name) => !names.has(name));
  return removed.length === base.size ? changeNames(noNames, added, []) : changeNames(base, added, removed);
}

function sorted(names: readonly string[]): readonly string[] {
  return names.length < 2 ? names : [...new Set(names)].sort();
}

function keyOf(added: readonly string[], removed: readonly string[]): string {
  const hash = createHash('sha256');
  hash.update(unambiguous(added)).update('-').update(unambiguous(removed));
  return hash.digest('base64');
}

/** Text that no other names have, whatever characters clients put into theirs. */
function unambiguous(names: readonly string[]): string {
  let text = '';
  for (const name of names) text += `${name.length}:${name}`;
  return text;
}

const characters = new WeakMap<NameSet, number>();

/** How many characters names have altogether. */
export function charactersOf(names: NameSet): number {
  let sum = characters.get(names);
  if (sum === undefined) {
    sum = 0;
    for (const name of names) sum += name.length;
    characters.set(names, sum);
  }
  return sum;
}
