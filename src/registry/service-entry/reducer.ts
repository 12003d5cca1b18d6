/**
 * What the ServiceEntries and WorkloadEntries of one cluster come to. Each object that changes marks what it takes
 * part in, and a flush works that out again.
 */
import { deepEqual } from '../../base/compare.js';
import { noMeshNetworks } from '../../config/mesh-config.js';
import type { AnyObject, ConfigObject, ObjectRef } from '../../config/object.js';
import type { Service } from '../../model/service.js';
import { serviceResourceName } from '../../model/service.js';
import { workloadKey } from '../../model/workload.js';
import { NamespaceTable } from '../objects/namespaces.js';
import { NetworkLookup } from '../objects/network-lookup.js';
import type { ObjectReducer } from '../objects/watch.js';
import type { RegistryEvent } from '../registry.js';
import type { RegistryValues } from '../registry-values.js';
import type { Allocations, HostAddresses } from './auto-allocation.js';
import { allocationKey, qualifiesForAllocation, statusAddresses } from './auto-allocation.js';
import type { ServiceEntryContext } from './context.js';
import { entryEndpoints } from './convert-endpoints.js';
import { convertServiceEntry } from './convert-service-entry.js';
import type { WorkloadEntrySettings } from './convert-workload-entry.js';
import { convertWorkloadEntry } from './convert-workload-entry.js';

type Changes = readonly (RegistryEvent | undefined)[];

const noContext: ServiceEntryContext = {
  trustDomain: '',
  networks: noMeshNetworks,
  rootNamespace: '',
  discoverySelectors: [],
};

/**
 * Allocates addresses to all entries of the registry, remembering what they were given before. Shared by all who
 * watch the registry, so that they are told the same.
 */
export type Allocator = (entries: readonly ConfigObject<'ServiceEntry'>[]) => Allocations;

/** The reducer of the ServiceEntry registry. Entries of both kinds are known by `namespace/name`. */
export class ServiceEntryReducer implements ObjectReducer<ServiceEntryContext> {
  readonly #cluster: string;
  readonly #allocator: Allocator;
  #allocations: Allocations = new Map();
  #context = noContext;
  #settings: WorkloadEntrySettings;

  readonly #namespaces = new NamespaceTable();
  readonly #entries = new Map<string, ConfigObject<'ServiceEntry'>>();
  readonly #workloads = new Map<string, ConfigObject<'WorkloadEntry'>>();
  /** Keys of the services that each entry was said to be. */
  readonly #servicesOfEntry = new Map<string, ReadonlySet<string>>();

  readonly #changedEntries = new Set<string>();
  readonly #changedWorkloads = new Set<string>();

  constructor(cluster: string, allocator: Allocator) {
    this.#cluster = cluster;
    this.#allocator = allocator;
    this.#settings = this.#currentSettings();
  }

  configure(context: ServiceEntryContext): void {
    this.#context = context;
    this.#namespaces.select(context.discoverySelectors);
    this.#settings = this.#currentSettings();
    this.#mark(() => true);
  }

  upsert(object: AnyObject): void {
    const { namespace, name } = object.metadata;
    if (object.kind === 'Namespace') this.#setNamespace(name, object);
    else if (object.kind === 'ServiceEntry') this.#setEntry(`${namespace}/${name}`, object);
    else if (object.kind === 'WorkloadEntry') this.#setWorkload(`${namespace}/${name}`, object);
  }

  remove({ kind, namespace, name }: ObjectRef): void {
    if (kind === 'Namespace') this.#setNamespace(name, undefined);
    else if (kind === 'ServiceEntry') this.#setEntry(`${namespace}/${name}`, undefined);
    else if (kind === 'WorkloadEntry') this.#setWorkload(`${namespace}/${name}`, undefined);
  }

  *flush(values: RegistryValues): Generator<RegistryEvent | undefined> {
    this.#allocate();
    const entries = [...this.#changedEntries];
    const workloads = [...this.#changedWorkloads];
    this.#changedEntries.clear();
    this.#changedWorkloads.clear();
    for (const key of entries) yield* this.#flushEntry(key, values);
    for (const key of workloads) yield this.#flushWorkload(key, values);
  }

  #setNamespace(name: string, object: ConfigObject<'Namespace'> | undefined): void {
    const before = this.#namespaces.facts(name);
    this.#namespaces.set(name, object);
    const after = this.#namespaces.facts(name);
    if (before.network !== after.network && name === this.#context.rootNamespace) {
      this.#settings = this.#currentSettings();
      this.#mark(() => true);
    } else if (
      before.selected !== after.selected ||
      before.trafficDistribution !== after.trafficDistribution
    ) {
      this.#mark((namespace) => namespace === name);
    }
  }

  #setEntry(key: string, object: ConfigObject<'ServiceEntry'> | undefined): void {
    if (object === undefined) this.#entries.delete(key);
    else this.#entries.set(key, object);
    this.#changedEntries.add(key);
  }

  #setWorkload(key: string, object: ConfigObject<'WorkloadEntry'> | undefined): void {
    if (object === undefined) this.#workloads.delete(key);
    else this.#workloads.set(key, object);
    this.#changedWorkloads.add(key);
  }

  #currentSettings(): WorkloadEntrySettings {
    const { networks, rootNamespace, trustDomain, workloadEntriesOnly } = this.#context;
    const cluster = this.#cluster;
    const systemNetwork = this.#namespaces.network(rootNamespace);
    return {
      cluster,
      trustDomain,
      ...(workloadEntriesOnly === true && { networks: new NetworkLookup(networks, cluster, systemNetwork) }),
    };
  }

  #mark(inNamespace: (namespace: string) => boolean): void {
    for (const [key, { metadata }] of this.#entries)
      if (inNamespace(metadata.namespace)) this.#changedEntries.add(key);
    for (const [key, { metadata }] of this.#workloads) {
      if (inNamespace(metadata.namespace)) this.#changedWorkloads.add(key);
    }
  }

  /** Allocates anew when entries changed, and marks those whose addresses are not what they were. */
  #allocate(): void {
    if (this.#context.autoAllocate !== 'memory' || this.#changedEntries.size === 0) return;
    const before = this.#allocations;
    this.#allocations = this.#allocator([...this.#entries.values()].filter((entry) => this.#counts(entry)));
    for (const [key, addresses] of this.#allocations) {
      if (!deepEqual(addresses, before.get(key))) this.#changedEntries.add(key);
    }
  }

  #counts({ metadata }: ConfigObject): boolean {
    return this.#namespaces.selected(metadata.namespace);
  }

  #flushEntry(key: string, values: RegistryValues): Changes {
    const entry = this.#entries.get(key);
    const services =
      entry !== undefined && this.#counts(entry) ? this.#servicesOf(entry) : new Map<string, Service>();
    const gone = [...(this.#servicesOfEntry.get(key) ?? [])].filter((service) => !services.has(service));
    if (services.size === 0) this.#servicesOfEntry.delete(key);
    else this.#servicesOfEntry.set(key, new Set(services.keys()));
    return [
      ...gone.map((service) => values.removeService(service)),
      ...[...services].flatMap(([serviceKey, service]) => [
        values.setService(serviceKey, service),
        entry && this.#flushEndpoints(serviceKey, entry, service.hostname, values),
      ]),
    ];
  }

  /** The services of an entry by key. A host or address that an entry names twice is one service: the first. */
  #servicesOf(entry: ConfigObject<'ServiceEntry'>): ReadonlyMap<string, Service> {
    const services = new Map<string, Service>();
    if (this.#context.workloadEntriesOnly === true) return services;
    const converted = convertServiceEntry(entry, {
      cluster: this.#cluster,
      namespaceAnnotations: this.#namespaces.annotations(entry.metadata.namespace),
      allocated: (host) => this.#allocatedAddresses(entry, host),
    });
    for (const service of converted) {
      const key = serviceResourceName(service);
      if (!services.has(key)) services.set(key, service);
    }
    return services;
  }

  #allocatedAddresses(entry: ConfigObject<'ServiceEntry'>, host: string): HostAddresses {
    if (!qualifiesForAllocation(entry)) return {};
    const allocated = this.#allocations.get(allocationKey(entry))?.get(host);
    return allocated ?? statusAddresses(entry.spec, host);
  }

  #flushEndpoints(
    key: string,
    entry: ConfigObject<'ServiceEntry'>,
    hostname: string,
    values: RegistryValues,
  ): RegistryEvent | undefined {
    const endpoints = entryEndpoints(entry, hostname, this.#settings);
    if (endpoints.length === 0) return values.removeEndpoints(key);
    return values.setEndpoints(key, { hostname, namespace: entry.metadata.namespace, endpoints });
  }

  #flushWorkload(key: string, values: RegistryValues): RegistryEvent | undefined {
    const object = this.#workloads.get(key);
    if (object !== undefined && this.#counts(object)) {
      return values.setWorkload(convertWorkloadEntry(object, this.#settings));
    }
    const [namespace = '', name = ''] = key.split('/');
    return values.removeWorkload(workloadKey({ kind: 'WorkloadEntry', namespace, name }));
  }
}
