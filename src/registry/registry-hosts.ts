/**
 * What one registry has for each host and namespace: its services in order, with their endpoints, own and selected
 * (Istio reference 3.5, 3.6, 3.9). It is worked out again only for the hosts that a change concerns.
 */
import { compareStrings } from '../base/compare.js';
import { SharingMap } from '../base/sharing-map.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Service } from '../model/service.js';
import { serviceKey } from '../model/service.js';
import { changedKeys, reuseList } from '../base/changes.js';
import { InstanceIndex } from './instance-index.js';
import { selectedEndpoints, selectsWorkloads } from './selection.js';
import type { SelectableWorkloads } from './selectable-workloads.js';
import type { RegistryView } from './view.js';

/** One value of a registry: a service with its endpoints, or endpoints whose service is not known. */
export interface HostPart {
  /** The registry's key. */
  readonly key: string;
  readonly service: Service | undefined;
  readonly endpoints: readonly Endpoint[];
}

/** Everything that one registry has under one host and namespace. */
export interface Host {
  /** By the age and name of their services; endpoints without a service come last. */
  readonly parts: readonly HostPart[];
  /** The endpoints of all parts; the same array as long as none of them changes. */
  readonly endpoints: readonly Endpoint[];
}

/** The hosts of one registry, with what they were made of. */
export interface RegistryHosts {
  readonly registry: RegistryView;
  readonly selectable: SelectableWorkloads;
  /** By `serviceKey`. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** The hosts that were worked out again; all others are as they were in what these were worked out from. */
  readonly touched: ReadonlySet<string>;
  /** Where the endpoints of `hosts` are found by their addresses; one for all states of the registry. */
  readonly instances: InstanceIndex;
}

/** Works out the hosts of a registry; what did not change since `previous` is the same object. */
export function registryHosts(
  registry: RegistryView,
  selectable: SelectableWorkloads,
  previous: RegistryHosts | undefined,
): RegistryHosts {
  const concerned = concernedHosts(registry, selectable, previous);
  const touched = new Set(concerned.keys());
  const instances = previous?.instances ?? new InstanceIndex();
  if (previous !== undefined && touched.size === 0)
    return { registry, selectable, hosts: previous.hosts, touched, instances };
  const known = previous?.hosts;
  const entries = [...concerned].map(([name, keys]) => {
    const host = keys.size === 0 ? undefined : buildHost(name, keys, registry, selectable, known?.get(name));
    return [name, host] as const;
  });
  const hosts = SharingMap.from(known ?? new Map<string, Host>()).with(entries);
  return { registry, selectable, hosts, touched, instances };
}

/** Compares services as Istio orders those of one host (Istio reference 3.9), and then by their place in one object. */
export function compareServices(a: Service, b: Service): number {
  return (
    a.creationTime - b.creationTime ||
    compareStrings(a.attributes.name, b.attributes.name) ||
    compareStrings(a.attributes.namespace, b.attributes.namespace) ||
    compareStrings(a.attributes.objectName, b.attributes.objectName) ||
    a.sequence - b.sequence
  );
}

/** The hosts to work out again, each with the registry's keys under it; none when the host is gone. */
function concernedHosts(
  registry: RegistryView,
  selectable: SelectableWorkloads,
  previous: RegistryHosts | undefined,
): ReadonlyMap<string, ReadonlySet<string>> {
  const concerned = new Map<string, Set<string>>();
  const keysOf = (host: string): Set<string> => {
    let keys = concerned.get(host);
    if (keys === undefined) {
      keys = new Set(previous?.hosts.get(host)?.parts.map(({ key }) => key));
      concerned.set(host, keys);
    }
    return keys;
  };
  const before = previous?.registry;
  for (const key of [
    ...changedKeys(before?.services, registry.services),
    ...changedKeys(before?.endpoints, registry.endpoints),
  ]) {
    if (before !== undefined) for (const host of hostsOfKey(before, key)) keysOf(host).delete(key);
    for (const host of hostsOfKey(registry, key)) keysOf(host).add(key);
  }
  const namespaces = changedKeys(previous?.selectable, selectable);
  if (previous !== undefined && namespaces.size > 0) {
    for (const [host, { parts }] of previous.hosts)
      if (parts.some((part) => selectsIn(part, namespaces))) keysOf(host);
  }
  return concerned;
}

function hostsOfKey({ services, endpoints }: RegistryView, key: string): readonly string[] {
  const service = services.get(key);
  const owned = endpoints.get(key);
  const hosts: string[] = [];
  if (service !== undefined) hosts.push(serviceKey(service.hostname, service.attributes.namespace));
  if (owned !== undefined) hosts.push(serviceKey(owned.hostname, owned.namespace));
  return hosts;
}

function selectsIn({ service }: HostPart, namespaces: ReadonlySet<string>): boolean {
  return service !== undefined && namespaces.has(service.attributes.namespace) && selectsWorkloads(service);
}

function buildHost(
  name: string,
  keys: ReadonlySet<string>,
  registry: RegistryView,
  selectable: SelectableWorkloads,
  previous: Host | undefined,
): Host {
  const parts = oneEndpointPerPort(
    [...keys].map((key) => buildPart(name, key, registry, selectable)).sort(compareParts),
  );
  const [only, ...others] = parts.filter(({ endpoints }) => endpoints.length > 0);
  if (only === undefined) return { parts, endpoints: noEndpoints };
  const endpoints = others.length === 0 ? only.endpoints : parts.flatMap((part) => part.endpoints);
  return { parts, endpoints: reuseList(previous?.endpoints, endpoints) };
}

const noEndpoints: readonly Endpoint[] = Object.freeze([]);

function buildPart(
  name: string,
  key: string,
  registry: RegistryView,
  selectable: SelectableWorkloads,
): HostPart {
  const candidate = registry.services.get(key);
  const belongs =
    candidate !== undefined && serviceKey(candidate.hostname, candidate.attributes.namespace) === name;
  const service = belongs ? candidate : undefined;
  const owned = registry.endpoints.get(key);
  const own =
    owned !== undefined && serviceKey(owned.hostname, owned.namespace) === name
      ? owned.endpoints
      : noEndpoints;
  if (service === undefined || !selectsWorkloads(service)) return { key, service, endpoints: own };
  const workloads = selectable.get(service.attributes.namespace) ?? [];
  const selected = selectedEndpoints(service, registry.cluster, workloads);
  if (selected.length === 0) return { key, service, endpoints: own };
  return { key, service, endpoints: own.length === 0 ? selected : [...own, ...selected] };
}

function compareParts(a: HostPart, b: HostPart): number {
  if (a.service === undefined || b.service === undefined) {
    return Number(a.service === undefined) - Number(b.service === undefined) || compareStrings(a.key, b.key);
  }
  return compareServices(a.service, b.service) || compareStrings(a.key, b.key);
}

/**
 * A service with DNS_ROUND_ROBIN has an endpoint only for ports that nothing before it has one for (Istio
 * reference 3.9): Envoy can hold one in such a cluster.
 */
function oneEndpointPerPort(parts: readonly HostPart[]): readonly HostPart[] {
  if (!parts.some(({ service }) => service?.resolution === 'DNSRoundRobinLB')) return parts;
  const served = new Set<number | undefined>();
  return parts.map((part) => {
    const { service, endpoints } = part;
    const kept = endpoints.filter(({ servicePortNumber }) => {
      if (service?.resolution === 'DNSRoundRobinLB' && served.has(servicePortNumber)) return false;
      served.add(servicePortNumber);
      return true;
    });
    return kept.length === endpoints.length ? part : { ...part, endpoints: kept };
  });
}
