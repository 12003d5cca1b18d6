/** Sets of what a group of proxies shares and of what is a proxy's own. */
import type { EncodedResource } from '../envoy/resource.js';
import type { ResourceSet } from '../xds/source.js';
import { resourceSet } from './resource-sets.js';

type Resources = readonly EncodedResource[];

/** The sets of one shared part: one for all proxies whose own part is the same by its names and versions. */
export class JoinedSets {
  readonly #sets = new Map<string, ResourceSet>();

  /**
   * The shared part and a proxy's own together.
   *
   * @param shared the same at each call
   * @param before what the proxy had: the result if it has the same and no other proxy was joined so before
   */
  join(shared: Resources, own: Resources, before: ResourceSet | undefined): ResourceSet {
    const key = own.map(({ name, version }) => `${name} ${version}`).join('\n');
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = resourceSet([...shared, ...own], before);
      this.#sets.set(key, set);
    }
    return set;
  }
}
