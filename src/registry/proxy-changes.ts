/** What a change in registries means for the workloads beside proxies: their labels, and the service ports that they serve. */
import { deepEqual } from '../base/compare.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Proxy } from '../model/proxy.js';
import type { Workload } from '../model/workload.js';
import { hostsOf } from './aggregate.js';
import { changedKeys } from '../base/changes.js';
import { proxyLabels } from './proxy-workload.js';
import type { RegistryHosts } from './registry-hosts.js';
import { shardKey } from './registry.js';
import { serviceTargets } from './targets.js';
import type { AggregateView, ServiceTarget } from './view.js';

/** Whether registries say something else of the workload beside a proxy than before. */
export function isDifferentBeside(proxy: Proxy, before: AggregateView, now: AggregateView): boolean {
  return (
    before !== now &&
    (!sameTargets(serviceTargets(before, proxy), serviceTargets(now, proxy)) ||
      !deepEqual(proxyLabels(before, proxy), proxyLabels(now, proxy)))
  );
}

/** The proxies for whose workloads a change of endpoints or workloads may mean something: by address and by name. */
export function proxiesNearChanges(
  proxies: Iterable<Proxy>,
  before: AggregateView,
  now: AggregateView,
): readonly Proxy[] {
  const places = changedPlaces(before, now);
  if (places.size === 0) return [];
  return [...proxies].filter(
    ({ name, ipAddresses }) => places.has(name) || ipAddresses.some((address) => places.has(address)),
  );
}

/** Addresses of endpoints and workloads that changed, and names of such workloads as proxies have them. */
function changedPlaces(before: AggregateView, now: AggregateView): ReadonlySet<string> {
  const places = new Set<string>();
  if (before === now) return places;
  const earlier = new Map(hostsOf(before).map((hosts) => [shardKey(hosts.registry), hosts]));
  for (const hosts of hostsOf(now)) {
    const known = earlier.get(shardKey(hosts.registry));
    for (const endpoint of changedEndpoints(known, hosts)) {
      const [address] = endpoint.addresses;
      if (address !== undefined) places.add(address);
    }
    for (const { name, namespace, addresses } of changedWorkloads(known, hosts)) {
      places.add(`${name}.${namespace}`);
      for (const address of addresses) places.add(address);
    }
  }
  return places;
}

/** Endpoints that only one of the two has. */
function* changedEndpoints(before: RegistryHosts | undefined, now: RegistryHosts): Generator<Endpoint> {
  for (const key of changedKeys(before?.hosts, now.hosts)) {
    const old = new Set(before?.hosts.get(key)?.endpoints);
    for (const endpoint of now.hosts.get(key)?.endpoints ?? []) if (!old.delete(endpoint)) yield endpoint;
    yield* old;
  }
}

function* changedWorkloads(before: RegistryHosts | undefined, now: RegistryHosts): Generator<Workload> {
  const [old, next] = [before?.registry.workloads, now.registry.workloads];
  for (const key of changedKeys(old, next)) {
    for (const workload of [old?.get(key), next.get(key)]) if (workload !== undefined) yield workload;
  }
}

function sameTargets(a: readonly ServiceTarget[], b: readonly ServiceTarget[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ service, port, targetPort }, index) => {
      const other = b[index];
      return service === other?.service && port === other.port && targetPort === other.targetPort;
    })
  );
}
