/**
 * The state of the mesh while it runs: one store for each registry, the configuration objects of each source, the
 * mesh configuration; and the snapshot that is made of them when it is asked for. Everything that arrives is
 * reduced here; nothing is pushed from here: `onChange` says that a new snapshot would differ.
 */
import { Subscription } from 'rxjs';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import type { AnyObject, ObjectSource } from '../config/object.js';
import { aggregate } from '../registry/aggregate.js';
import { shardKey, type ServiceRegistry } from '../registry/registry.js';
import { RegistryStore } from '../registry/store.js';
import type { AggregateView, RegistryView } from '../registry/view.js';
import { runRegistry } from '../registry/watch-registry.js';
import { buildSnapshot } from './build-snapshot.js';
import { ConfigState } from './config-state.js';
import type { Snapshot } from './snapshot.js';

/** What changed, for the log of a push. */
export interface MeshChange {
  /** `endpoints`, `services`, `config`, `mesh` or `registry`. */
  readonly what: string;
  /** Where: a registry's shard key or a source's name. */
  readonly where: string;
}

interface RunningRegistry {
  readonly store: RegistryStore;
  readonly subscription: Subscription;
}

interface ObjectsOfSource {
  readonly subscription: Subscription;
  synced: boolean;
}

export class MeshState {
  readonly #registries = new Map<string, RunningRegistry>();
  readonly #sources = new Map<string, ObjectsOfSource>();
  readonly #config = new ConfigState();
  readonly #onChange: (change: MeshChange) => void;
  #mesh: { readonly config: MeshConfig; readonly networks: MeshNetworks } | undefined;
  #discovery: AggregateView | undefined;
  #snapshot: Snapshot | undefined;
  #stale = true;
  #builds = 0;

  /** @param onChange called within the event that changed something; it must be cheap. */
  constructor(onChange: (change: MeshChange) => void = () => undefined) {
    this.#onChange = onChange;
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
    const store = known?.store ?? new RegistryStore(registry);
    if (known !== undefined) store.restart();
    const subscription = new Subscription();
    this.#registries.set(key, { store, subscription });
    const watch = runRegistry(registry, store, (event) => {
      this.#changed({ what: event.type.startsWith('endpoints') ? 'endpoints' : event.type, where: key });
    });
    subscription.add(watch);
  }

  /** Forgets a registry and everything that it said. */
  removeRegistry(key: string): void {
    const known = this.#registries.get(key);
    if (known === undefined) return;
    known.subscription.unsubscribe();
    this.#registries.delete(key);
    this.#changed({ what: 'registry', where: key });
  }

  /** Reads the configuration objects of a source; of two sources with the same object the one added first counts. */
  addObjects(source: ObjectSource): void {
    const entry: ObjectsOfSource = { subscription: new Subscription(), synced: false };
    this.#sources.set(source.name, entry);
    this.#config.restart(source.name);
    const watch = source.watch().subscribe((event) => {
      if (event.type === 'synced') entry.synced = true;
      if (this.#config.apply(source.name, event) || event.type === 'synced')
        this.#changed({ what: 'config', where: source.name });
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
    this.#changed({ what: 'mesh', where: 'mesh.yaml' });
  }

  /** The mesh as it is now; the same object as long as nothing changed. @throws Error before `setMesh`. */
  snapshot(): Snapshot {
    if (this.#mesh === undefined) throw new Error('there is no mesh configuration yet');
    if (this.#snapshot !== undefined && !this.#stale) return this.#snapshot;
    this.#builds += 1;
    this.#discovery = aggregate(this.views(), this.#discovery);
    this.#snapshot = buildSnapshot(
      {
        mesh: this.#mesh.config,
        networks: this.#mesh.networks,
        discovery: this.#discovery,
        objects: this.#config.objects(),
        version: `${new Date().toISOString()}/${this.#builds}`,
      },
      this.#snapshot,
    );
    this.#stale = false;
    return this.#snapshot;
  }

  /** Ends every subscription. */
  dispose(): void {
    for (const { subscription } of this.#registries.values()) subscription.unsubscribe();
    for (const { subscription } of this.#sources.values()) subscription.unsubscribe();
  }

  #changed(change: MeshChange): void {
    this.#stale = true;
    this.#onChange(change);
  }
}
