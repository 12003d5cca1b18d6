/**
 * The state of the mesh while it runs: one store for each registry, the configuration objects of each source, the
 * mesh configuration; and the snapshots that are made of them when they are asked for. Everything that arrives is
 * reduced here; nothing is pushed from here: `onChange` says that a new snapshot would differ.
 */
import { Subscription } from 'rxjs';
import { deepEqual } from '../base/compare.js';
import { atOnce, type Pace } from '../base/pace.js';
import { finish, type Piecewise } from '../base/piecewise.js';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import type { AnyObject, ObjectSource } from '../config/object.js';
import type { Proxy } from '../model/proxy.js';
import { HostMerge, type HostConflict } from '../registry/merge.js';
import type { MergeRule } from '../registry/merge-rules.js';
import { shardKey, type RegistryEvent, type ServiceRegistry } from '../registry/registry.js';
import { RegistryStore } from '../registry/store.js';
import type { RegistryView } from '../registry/view.js';
import { runRegistry, type RunningWatch } from '../registry/watch-registry.js';
import { ConfigState } from './config-state.js';
import type { Snapshot } from './snapshot.js';
import { SnapshotSeries, type NextSnapshot } from './snapshot-series.js';

/**
 * What can change: endpoints, or any other event of a registry by its type; a `registry` that is gone; `config`
 * objects; the `mesh` configuration.
 */
export type ChangeKind =
  | Exclude<RegistryEvent['type'], 'endpoints-removed' | 'unchanged' | 'failed' | 'quarantined'>
  | 'registry'
  | 'config'
  | 'mesh';

/** One change of the mesh. */
export interface MeshChange {
  readonly what: ChangeKind;
  /** Where: a registry's shard key or a source's name. */
  readonly where: string;
  /** When, in milliseconds as of `performance.now()`. */
  readonly at: number;
}

/** How a mesh is run. */
export interface MeshOptions {
  /** Called within the event that changed something; it must be cheap. */
  readonly onChange?: (change: MeshChange) => void;
  /** How what registries say at once is taken in; all of it without a pause when absent. */
  readonly pace?: Pace;
  /** The proxies that are connected, of which `more` of a snapshot depends; none when absent. */
  readonly proxies?: () => Iterable<Proxy>;
}

interface RunningRegistry {
  readonly store: RegistryStore;
  readonly subscription: Subscription;
  /** Undefined until the watch has begun. */
  watch?: RunningWatch;
}

interface ObjectsOfSource {
  readonly subscription: Subscription;
  synced: boolean;
}

export class MeshState {
  readonly #registries = new Map<string, RunningRegistry>();
  readonly #sources = new Map<string, ObjectsOfSource>();
  readonly #config = new ConfigState();
  readonly #series: SnapshotSeries;
  readonly #onChange: (change: MeshChange) => void;
  readonly #pace: Pace;
  #merge = new HostMerge([]);
  #mesh: { readonly config: MeshConfig; readonly networks: MeshNetworks } | undefined;
  /** How much changed so far, and how much of it the newest full snapshot knows. */
  #changes = 0;
  #known = 0;

  constructor({ onChange = () => undefined, pace = atOnce, proxies = () => [] }: MeshOptions = {}) {
    this.#onChange = onChange;
    this.#pace = pace;
    this.#series = new SnapshotSeries({ views: () => this.#merge.apply(this.views()), proxies });
  }

  /** Whether the mesh configuration is there, and every registry and every source has said everything once. */
  get synced(): boolean {
    return (
      this.#mesh !== undefined &&
      [...this.#sources.values()].every(({ synced }) => synced) &&
      this.views().every(({ synced }) => synced)
    );
  }

  /** What each registry holds. */
  views(): RegistryView[] {
    return [...this.#registries.values()].map(({ store }) => store.view());
  }

  /**
   * Watches a registry from now on. A registry of the same provider and cluster is replaced: its values stay in
   * force until the new one has said everything.
   */
  setRegistry(registry: ServiceRegistry): void {
    const key = shardKey(registry);
    const known = this.#registries.get(key);
    known?.subscription.unsubscribe();
    const store = known?.store ?? new RegistryStore(registry, { safety: registry.safety });
    if (known !== undefined) {
      store.protect(registry.safety);
      store.restart();
    }
    const entry: RunningRegistry = { store, subscription: new Subscription() };
    this.#registries.set(key, entry);
    entry.watch = runRegistry(registry, store, ({ type }) => this.#changed(kindOf(type), key), {
      pace: this.#pace,
    });
    entry.subscription.add(entry.watch);
  }

  /**
   * Lets removals through that a registry's guard holds: that of one key, or all.
   * @returns how many there were; undefined for a registry that is not there.
   */
  releaseHeld(registry: string, key?: string): number | undefined {
    return this.#registries.get(registry)?.watch?.release(key);
  }

  /** Sets what becomes of hosts that several registries have. */
  setMerge(rules: readonly MergeRule[]): void {
    if (deepEqual(this.#merge.rules, rules)) return;
    this.#merge = new HostMerge(rules);
    this.#changed('registry', 'merge');
  }

  /** The hosts that several registries have, one of them not of Kubernetes. Costs a look at every service. */
  conflicts(): readonly HostConflict[] {
    return this.#merge.conflicts(this.views());
  }

  /** Forgets a registry and everything that it said. */
  removeRegistry(key: string): void {
    const known = this.#registries.get(key);
    if (known === undefined) return;
    known.subscription.unsubscribe();
    this.#registries.delete(key);
    this.#changed('registry', key);
  }

  /** Reads the configuration objects of a source; of two sources with the same object the one added first counts. */
  addObjects(source: ObjectSource): void {
    const entry: ObjectsOfSource = { subscription: new Subscription(), synced: false };
    this.#sources.set(source.name, entry);
    this.#config.restart(source.name);
    const watch = source.watch().subscribe((event) => {
      if (event.type === 'synced') entry.synced = true;
      if (this.#config.apply(source.name, event) || event.type === 'synced')
        this.#changed('config', source.name);
    });
    entry.subscription.add(watch);
  }

  /** Every configuration object in force. */
  objects(): readonly AnyObject[] {
    return this.#config.all();
  }

  /** Sets the mesh configuration. */
  setMesh(config: MeshConfig, networks: MeshNetworks): void {
    if (this.#mesh?.config === config && this.#mesh.networks === networks) return;
    this.#mesh = { config, networks };
    this.#changed('mesh', 'mesh.yaml');
  }

  /** The mesh as it is now; the same object as long as nothing changed. @throws Error before `setMesh`. */
  snapshot(): Snapshot {
    const { served } = this.#series;
    return served !== undefined && this.#known === this.#changes ? served : finish(this.build()).snapshot;
  }

  /**
   * Builds a snapshot of the mesh as it is when the work begins, and in which endpoints are those of when it ends.
   * @throws Error before `setMesh`.
   */
  *build(): Piecewise<NextSnapshot> {
    if (this.#mesh === undefined) throw new Error('there is no mesh configuration yet');
    const { config: mesh, networks } = this.#mesh;
    const known = this.#changes;
    const next = yield* this.#series.build({
      mesh,
      networks,
      views: this.#merge.apply(this.views()),
      objects: this.#config.objects(),
    });
    this.#known = Math.max(this.#known, known);
    return next;
  }

  /**
   * The newest snapshot with the endpoints that there are now. Whatever else changed waits for the next full one, and
   * so do the endpoints of services that changed. Undefined before the first snapshot.
   */
  refreshEndpoints(): NextSnapshot | undefined {
    return this.#series.refreshEndpoints();
  }

  /** Whether registries say something of a proxy by now that only a full snapshot brings to it. */
  isBehind(proxy: Proxy): boolean {
    return this.#series.isBehind(proxy);
  }

  /** Ends every subscription. */
  dispose(): void {
    for (const { subscription } of this.#registries.values()) subscription.unsubscribe();
    for (const { subscription } of this.#sources.values()) subscription.unsubscribe();
  }

  #changed(what: ChangeKind, where: string): void {
    this.#changes += 1;
    this.#onChange({ what, where, at: performance.now() });
  }
}

function kindOf(type: RegistryEvent['type']): ChangeKind {
  switch (type) {
    case 'endpoints-removed':
      return 'endpoints';
    // What is stale, and what is kept out, is nothing that proxies see.
    case 'unchanged':
    case 'failed':
    case 'quarantined':
      return 'status';
    default:
      return type;
  }
}
