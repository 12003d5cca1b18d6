/** Immutable maps that share most of their content with the maps that they were made from. */

/** A value that is taken out of a map. */
const gone = Symbol('gone');

/** How many changes a map may carry before it is copied as a whole: both then cost about the same. */
function mostChanges(size: number): number {
  return 16 + Math.round(2 * Math.sqrt(size));
}

type Changes<Key, Value> = ReadonlyMap<Key, Value | typeof gone>;

/** A map and what differs from it. */
interface Layers<Key, Value> {
  /** Shared; never changed once it is here. */
  readonly base: ReadonlyMap<Key, Value>;
  readonly changes: Changes<Key, Value>;
}

/**
 * A map that never changes. Another one with a few changes is made in proportion to these, not to the map, and
 * which keys differ between relatives is told without a look at the others. Values are never undefined.
 */
export class SharingMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly size: number;
  /** Tools that print and compare values treat it as what it is to its readers. */
  readonly [Symbol.toStringTag] = 'Map';
  readonly #layers: Layers<Key, Value>;
  /** What the base is a copy of. */
  readonly #copied: Layers<Key, Value> | undefined;

  private constructor(layers: Layers<Key, Value>, size: number, copied?: Layers<Key, Value>) {
    this.#layers = layers;
    this.size = size;
    this.#copied = copied;
  }

  /** A map of these entries. */
  static of<Key, Value>(entries: Iterable<readonly [Key, Value]> = []): SharingMap<Key, Value> {
    const base = new Map(entries);
    return new SharingMap({ base, changes: new Map() }, base.size);
  }

  /** The map itself if it is such a one, else its copy. */
  static from<Key, Value>(map: ReadonlyMap<Key, Value>): SharingMap<Key, Value> {
    return map instanceof SharingMap ? map : SharingMap.of(map);
  }

  /** The map with these entries changed, undefined for those that are taken out. Itself when nothing differs. */
  with(entries: Iterable<readonly [Key, Value | undefined]>): SharingMap<Key, Value> {
    const { base } = this.#layers;
    let changes: Map<Key, Value | typeof gone> | undefined;
    let { size } = this;
    for (const [key, value] of entries) {
      const before = lookUp(changes ?? this.#layers.changes, base, key);
      if (before === value) continue;
      changes ??= new Map(this.#layers.changes);
      if (value !== undefined) changes.set(key, value);
      else if (base.has(key)) changes.set(key, gone);
      else changes.delete(key);
      size += Number(value !== undefined) - Number(before !== undefined);
    }
    if (changes === undefined) return this;
    const layers = { base, changes };
    if (changes.size <= mostChanges(base.size)) return new SharingMap(layers, size, this.#copied);
    return new SharingMap({ base: copied(layers), changes: new Map() }, size, layers);
  }

  /**
   * The keys among which all are whose values are not the same object in both maps; undefined when the maps are no
   * close relatives, so that every key has to be looked at.
   */
  keysToCompare(other: ReadonlyMap<Key, Value>): Iterable<Key> | undefined {
    if (!(other instanceof SharingMap)) return undefined;
    const { base, changes } = this.#layers;
    const theirs = (other as SharingMap<Key, Value>).#layers;
    if (theirs.base === base) return union(changes, theirs.changes);
    if (this.#copied?.base === theirs.base) return union(changes, this.#copied.changes, theirs.changes);
    const theirCopied = (other as SharingMap<Key, Value>).#copied;
    if (theirCopied?.base === base) return union(changes, theirCopied.changes, theirs.changes);
    return undefined;
  }

  get(key: Key): Value | undefined {
    return lookUp(this.#layers.changes, this.#layers.base, key);
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): Generator<[Key, Value], undefined> {
    const { base, changes } = this.#layers;
    for (const [key, value] of base) {
      const changed = changes.get(key);
      if (changed === undefined) yield [key, value];
      else if (changed !== gone) yield [key, changed];
    }
    for (const [key, value] of changes) if (value !== gone && !base.has(key)) yield [key, value];
  }

  *keys(): Generator<Key, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<Value, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }
}

function lookUp<Key, Value>(
  changes: Changes<Key, Value>,
  base: ReadonlyMap<Key, Value>,
  key: Key,
): Value | undefined {
  const changed = changes.get(key);
  if (changed === undefined) return base.get(key);
  return changed === gone ? undefined : changed;
}

function copied<Key, Value>({ base, changes }: Layers<Key, Value>): ReadonlyMap<Key, Value> {
  const copy = new Map(base);
  for (const [key, value] of changes) {
    if (value === gone) copy.delete(key);
    else copy.set(key, value);
  }
  return copy;
}

function union<Key>(...maps: readonly ReadonlyMap<Key, unknown>[]): ReadonlySet<Key> {
  const keys = new Set<Key>();
  for (const map of maps) for (const key of map.keys()) keys.add(key);
  return keys;
}
