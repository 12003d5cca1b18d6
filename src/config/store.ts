/** Objects of several sources as one, as Istio aggregates its configuration stores (Istio reference 10.4). */
import { objectKey, type AnyObject, type ConfigObject, type Kind, type ObjectRef } from './object.js';

/** Objects by `objectKey`. */
export type Objects = ReadonlyMap<string, AnyObject>;

/** The union of several sources. Of objects with equal keys that of the earlier source counts. */
export function mergeObjects(sources: readonly Objects[]): Objects {
  const [only, another] = sources;
  if (only !== undefined && another === undefined) return only;
  const merged = new Map<string, AnyObject>();
  for (const objects of sources) {
    for (const [key, object] of objects) if (!merged.has(key)) merged.set(key, object);
  }
  return merged;
}

/** A view of merged objects by kind. Immutable: other objects are another store. */
export class ConfigStore {
  readonly #objects: Objects;
  #byKind: ReadonlyMap<Kind, readonly AnyObject[]> | undefined;

  constructor(sources: readonly Objects[]) {
    this.#objects = mergeObjects(sources);
  }

  /** Every object of a kind, in no particular order. */
  list<K extends Kind>(kind: K): readonly ConfigObject<K>[] {
    this.#byKind ??= groupByKind(this.#objects);
    // What is filed under a kind is of that kind, which the type of the map cannot say.
    return (this.#byKind.get(kind) ?? []) as unknown as readonly ConfigObject<K>[];
  }

  /** One object, if there is such. */
  get(ref: ObjectRef): AnyObject | undefined {
    return this.#objects.get(objectKey(ref));
  }
}

function groupByKind(objects: Objects): ReadonlyMap<Kind, readonly AnyObject[]> {
  const groups = new Map<Kind, AnyObject[]>();
  for (const object of objects.values()) {
    const group = groups.get(object.kind);
    if (group === undefined) groups.set(object.kind, [object]);
    else group.push(object);
  }
  return groups;
}
