/** Parts of sets of resources, for clients that ask for some of them by name. */
import type { ResourceSet, Subscription } from '../xds/source.js';
import { resourceSet } from './resource-sets.js';

/** Each part is made once for its set and its set of names. */
export class NamedSets {
  readonly #parts = new WeakMap<ResourceSet, WeakMap<ReadonlySet<string>, ResourceSet>>();

  /** All of a set, or what of it a client asks for. */
  subscribed(all: ResourceSet, { wildcard, names }: Subscription): ResourceSet {
    return wildcard ? all : this.#named(all, names);
  }

  #named(all: ResourceSet, names: ReadonlySet<string>): ResourceSet {
    const known = this.#parts.get(all) ?? new WeakMap<ReadonlySet<string>, ResourceSet>();
    this.#parts.set(all, known);
    let part = known.get(names);
    if (part === undefined) {
      part = resourceSet(all.resources.filter(({ name }) => names.has(name)));
      known.set(names, part);
    }
    return part;
  }
}
