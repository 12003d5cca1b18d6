/**
 * The snapshots of a running mesh, one after the other: full ones, and between them those in which nothing but
 * endpoints is newer. A full one is built in pieces while the one before goes on being served; endpoints that change
 * meanwhile are in force before it, and do not go back when it is there.
 */
import type { Piecewise } from '../base/piecewise.js';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import type { Proxy } from '../model/proxy.js';
import { aggregate, withShards } from '../registry/aggregate.js';
import { isDifferentBeside, proxiesNearChanges } from '../registry/proxy-changes.js';
import type { AggregateView, RegistryView } from '../registry/view.js';
import { snapshotInPieces, type BuiltSnapshot } from './build-snapshot.js';
import { endpointChanges } from './endpoint-changes.js';
import type { EndpointTable } from './endpoint-index.js';
import type { MeshObjects } from './mesh-objects.js';
import { sameParts } from './snapshot-parts.js';
import type { Snapshot } from './snapshot.js';

/** What a full snapshot is made of. */
export interface SeriesInput {
  readonly mesh: MeshConfig;
  readonly networks: MeshNetworks;
  readonly views: readonly RegistryView[];
  readonly objects: MeshObjects;
}

/** What is asked about the present. */
export interface Present {
  views(): readonly RegistryView[];
  /** Those that are connected. */
  proxies(): Iterable<Proxy>;
}

/** A snapshot to serve from now on. */
export interface NextSnapshot {
  readonly snapshot: Snapshot;
  /** What of it may look different to proxies than the one before; that very one if it is nothing. */
  readonly differs: 'all' | 'endpoints' | 'nothing';
  /** Whether registries hold something by now that only another full snapshot brings to proxies. */
  readonly more: boolean;
}

/** Makes snapshots; each knows the one before. */
export class SnapshotSeries {
  readonly #present: Present;
  #full: BuiltSnapshot | undefined;
  /** The endpoints of `#full` or newer ones. */
  #endpoints: EndpointTable | undefined;
  #served: Snapshot | undefined;
  /** What registries held when they were looked at last. */
  #newest: AggregateView | undefined;
  #versions = 0;
  #begun = 0;
  #ended = 0;

  constructor(present: Present) {
    this.#present = present;
  }

  /** The newest snapshot, once there is one. */
  get served(): Snapshot | undefined {
    return this.#served;
  }

  /**
   * Builds a full snapshot. When several are built at a time, one that began before another that is there already is
   * left out.
   */
  *build(input: SeriesInput): Piecewise<NextSnapshot> {
    this.#begun += 1;
    const place = this.#begun;
    const { mesh, networks, objects } = input;
    const discovery = aggregate(input.views, this.#newest);
    this.#newest = discovery;
    yield;
    const version = this.#nextVersion();
    const built = yield* snapshotInPieces({ mesh, networks, objects, discovery, version }, this.#full);
    if (this.#served !== undefined && place < this.#ended)
      return { snapshot: this.#served, differs: 'nothing', more: false };
    this.#ended = place;
    if (this.#full !== undefined && this.#served !== undefined && sameParts(this.#full, built))
      return this.#refresh(this.#full, this.#served, discovery);
    this.#full = built;
    this.#endpoints = built.endpoints;
    return { ...this.#refresh(built, built, discovery), differs: 'all' };
  }

  /**
   * Brings the endpoints of the newest snapshot to what registries hold; everything else of it stays, and waits for
   * the next full snapshot. Undefined before the first one.
   */
  refreshEndpoints(): NextSnapshot | undefined {
    return (
      this.#full && this.#served && this.#newest && this.#refresh(this.#full, this.#served, this.#newest)
    );
  }

  /** Whether registries say something of a proxy by now that only a full snapshot brings to it. */
  isBehind(proxy: Proxy): boolean {
    return (
      this.#full !== undefined &&
      this.#newest !== undefined &&
      isDifferentBeside(proxy, this.#full.discovery, this.#newest)
    );
  }

  /** @param before when it was last looked at what changes mean for connected proxies. */
  #refresh(full: BuiltSnapshot, served: Snapshot, before: AggregateView): NextSnapshot {
    const { discovery } = full;
    const newest = aggregate(this.#present.views(), this.#newest);
    this.#newest = newest;
    const { endpoints, assignments, more } = endpointChanges(full, this.#endpoints ?? full.endpoints, newest);
    this.#endpoints = endpoints;
    this.#served = assignments
      ? {
          ...full,
          version: this.#nextVersion(),
          discovery: withShards(discovery, endpoints.sources.shards),
          endpoints,
        }
      : served;
    return {
      snapshot: this.#served,
      differs: assignments ? 'endpoints' : 'nothing',
      more:
        more ||
        proxiesNearChanges(this.#present.proxies(), before, newest).some((proxy) =>
          isDifferentBeside(proxy, discovery, newest),
        ),
    };
  }

  /** In the form of Istio's versions: the time and a number. */
  #nextVersion(): string {
    this.#versions += 1;
    return `${new Date().toISOString()}/${this.#versions}`;
  }
}
