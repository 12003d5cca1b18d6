/** One list for equal selections of objects, so that what is made of a selection can be told by its identity. */
import { sameElements } from '../base/changes.js';
import type { ConfigObject, Kind } from '../config/object.js';

/** Lists of objects of one kind. */
export class InternedLists<K extends Kind> {
  readonly #lists = new Map<string, readonly ConfigObject<K>[]>();

  /** @param current objects in force; lists of before that hold nothing else are kept. */
  constructor(current: readonly ConfigObject<K>[] = [], previous?: InternedLists<K>) {
    if (previous === undefined) return;
    const known = new Set(current);
    for (const [key, list] of previous.#lists)
      if (list.every((object) => known.has(object))) this.#lists.set(key, list);
  }

  /** The list of these objects: the same one each time. */
  intern(list: readonly ConfigObject<K>[]): readonly ConfigObject<K>[] {
    const key = list.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join();
    const known = this.#lists.get(key);
    if (known !== undefined && sameElements(known, list)) return known;
    this.#lists.set(key, list);
    return list;
  }
}

/** Objects by their namespace, in their order. */
export function byNamespace<K extends Kind>(
  objects: readonly ConfigObject<K>[],
): ReadonlyMap<string, readonly ConfigObject<K>[]> {
  const result = new Map<string, ConfigObject<K>[]>();
  for (const object of objects) {
    const list = result.get(object.metadata.namespace);
    if (list === undefined) result.set(object.metadata.namespace, [object]);
    else list.push(object);
  }
  return result;
}
