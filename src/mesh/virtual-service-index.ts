/** VirtualServices by gateway and by who may see them (Istio reference 4.4). */
import type { ConfigObject } from '../config/object.js';
import { reuseList } from '../base/changes.js';
import {
  mergeVirtualServices,
  type MergedVirtualService,
  type VirtualServiceSettings,
} from './merged-virtual-services.js';
import type { Table } from './rebuild.js';
import type { VirtualServiceIndex } from './snapshot.js';
import { meshGateway } from './virtual-service-names.js';
import { ExportTable } from './visibility.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** What VirtualServices are indexed from. */
export interface VirtualServiceSources extends VirtualServiceSettings {
  /** Sorted by age. */
  readonly objects: readonly VirtualServiceObject[];
}

const none: readonly VirtualServiceObject[] = Object.freeze([]);
const meshOnly: readonly string[] = [meshGateway];

/** The index of all VirtualServices. Lists that did not change are those of `previous`. */
export class VirtualServiceTable implements VirtualServiceIndex, Table<VirtualServiceSources> {
  readonly sources: VirtualServiceSources;
  readonly all: readonly VirtualServiceObject[];
  readonly #merged: readonly MergedVirtualService[];
  readonly #byGateway = new Map<string, ExportTable<VirtualServiceObject>>();
  readonly #visible = new Map<string, readonly VirtualServiceObject[]>();
  readonly #visibleBefore: ReadonlyMap<string, readonly VirtualServiceObject[]>;

  constructor(sources: VirtualServiceSources, previous?: VirtualServiceTable) {
    this.sources = sources;
    this.#merged = mergeVirtualServices(
      sources.objects,
      sources,
      previous && { merged: previous.#merged, settings: previous.sources },
    );
    this.all = reuseList(
      previous?.all,
      this.#merged.map(({ object }) => object),
    );
    for (const { object, exportTo } of this.#merged) {
      const { gateways } = object.spec;
      for (const gateway of gateways.length === 0 ? meshOnly : gateways) {
        this.#table(gateway).add(object, exportTo, object.metadata.namespace);
      }
    }
    this.#visibleBefore = new Map(previous === undefined ? [] : previous.#visible);
  }

  visibleTo(namespace: string, gateway: string): readonly VirtualServiceObject[] {
    const table = this.#byGateway.get(gateway);
    if (table === undefined) return none;
    const exported = table.exportedTo(namespace);
    const key = exported.length === 0 ? gateway : `${gateway} ${namespace}`;
    let visible = this.#visible.get(key);
    if (visible === undefined) {
      const isPrivate = ({ metadata }: VirtualServiceObject): boolean => metadata.namespace === namespace;
      visible = reuseList(this.#visibleBefore.get(key), [
        ...exported.filter(isPrivate),
        ...exported.filter((object) => !isPrivate(object)),
        ...table.public,
      ]);
      this.#visible.set(key, visible);
    }
    return visible;
  }

  #table(gateway: string): ExportTable<VirtualServiceObject> {
    let table = this.#byGateway.get(gateway);
    if (table === undefined) {
      table = new ExportTable();
      this.#byGateway.set(gateway, table);
    }
    return table;
  }
}
