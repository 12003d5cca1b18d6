/** The services of several registries as one list, with Istio's merge of Kubernetes services (Istio reference 1.6). */
import { compareStrings } from '../base/compare.js';
import type { Service } from '../model/service.js';
import { changedKeys } from '../base/changes.js';
import { compareServices } from './registry-hosts.js';
import { shardKey } from './registry.js';
import type { RegistryView } from './view.js';

/**
 * All services: those of Kubernetes registries merged by hostname, in the order in which their hosts are first met;
 * those of others as they are. Registries come in Istio's order; earlier views of them make it cheaper.
 */
export function aggregateServices(
  registries: readonly RegistryView[],
  previous: readonly RegistryView[] = [],
): readonly Service[] {
  const earlier = new Map(previous.map((view) => [shardKey(view), view]));
  const services: Service[] = [];
  const hosts = new Map<
    string,
    { readonly place: number; readonly sources: [MergeSource, ...MergeSource[]] }
  >();
  for (const registry of registries) {
    for (const service of orderedServices(registry, earlier.get(shardKey(registry)))) {
      const known = registry.provider === 'Kubernetes' ? hosts.get(service.hostname) : undefined;
      if (known === undefined) {
        if (registry.provider === 'Kubernetes') {
          hosts.set(service.hostname, {
            place: services.length,
            sources: [{ service, cluster: registry.cluster }],
          });
        }
        services.push(service);
      } else {
        known.sources.push({ service, cluster: registry.cluster });
      }
    }
  }
  for (const { place, sources } of hosts.values()) {
    if (sources.length > 1) services[place] = mergeServices(sources);
  }
  return services;
}

/** One Kubernetes service of a host, and the cluster that it is in. */
export interface MergeSource {
  readonly service: Service;
  readonly cluster: string;
}

const merged = new WeakMap<
  Service,
  { readonly sources: readonly MergeSource[]; readonly service: Service }
>();

/**
 * One service of several clusters: the first decides; the others add the addresses of their cluster, where it has
 * none yet, and their service accounts. The same object for the same services.
 */
export function mergeServices(sources: readonly [MergeSource, ...MergeSource[]]): Service {
  const [{ service: first }, ...others] = sources;
  const known = merged.get(first);
  if (known !== undefined && sameSources(known.sources, sources)) return known.service;
  const clusterVIPs: Record<string, readonly string[]> = { ...first.clusterVIPs };
  for (const { service, cluster } of others) {
    const addresses = service.clusterVIPs[cluster] ?? [];
    if ((clusterVIPs[cluster] ?? []).length === 0 && addresses.length > 0) clusterVIPs[cluster] = addresses;
  }
  const accounts = sources.flatMap(({ service }) => service.serviceAccounts);
  const service: Service = { ...first, clusterVIPs, serviceAccounts: [...new Set(accounts)] };
  merged.set(first, { sources, service });
  return service;
}

function sameSources(a: readonly MergeSource[], b: readonly MergeSource[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ service, cluster }, index) => service === b[index]?.service && cluster === b[index].cluster)
  );
}

type Services = RegistryView['services'];

/** A service with its registry's key, which makes every order total. */
type Entry = readonly [key: string, service: Service];

const ordered = new WeakMap<
  Services,
  { readonly entries: readonly Entry[]; readonly services: readonly Service[] }
>();

/**
 * A registry's services in an order that does not depend on that of its events: by hostname for Kubernetes, as in
 * Istio. From the order of an earlier view only what changed is put in its place.
 */
export function orderedServices(
  { provider, services }: RegistryView,
  earlier?: RegistryView,
): readonly Service[] {
  const known = ordered.get(services);
  if (known !== undefined) return known.services;
  const compare = provider === 'Kubernetes' ? compareHostnames : compareEntries;
  const before = earlier === undefined ? undefined : ordered.get(earlier.services);
  const changed = changedKeys(before === undefined ? undefined : earlier?.services, services);
  const kept = before?.entries.filter(([key]) => !changed.has(key)) ?? [];
  const added = [...changed].flatMap((key): readonly Entry[] => {
    const service = services.get(key);
    return service === undefined ? [] : [[key, service]];
  });
  const entries = mergeSorted(kept, added.sort(compare), compare);
  const list = { entries, services: entries.map(([, service]) => service) };
  ordered.set(services, list);
  return list.services;
}

function mergeSorted(
  a: readonly Entry[],
  b: readonly Entry[],
  compare: (a: Entry, b: Entry) => number,
): readonly Entry[] {
  const entries: Entry[] = [];
  let next = 0;
  for (const entry of a) {
    for (let other = b[next]; other !== undefined && compare(other, entry) < 0; other = b[next]) {
      entries.push(other);
      next += 1;
    }
    entries.push(entry);
  }
  return [...entries, ...b.slice(next)];
}

function compareHostnames(a: Entry, b: Entry): number {
  return compareStrings(a[1].hostname, b[1].hostname) || compareEntries(a, b);
}

function compareEntries(a: Entry, b: Entry): number {
  return compareServices(a[1], b[1]) || compareStrings(a[0], b[0]);
}
