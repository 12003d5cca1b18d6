/**
 * Several registries as one (Istio's aggregate controller, Istio reference 1.6). A pure function of their views;
 * given the result before, it does again only what a change asks for, and what did not change is the same object.
 */
import { compareStrings, deepEqual } from '../base/compare.js';
import { SharingMap } from '../base/sharing-map.js';
import { aggregateServices } from './aggregate-services.js';
import { reuseList, sameElements } from '../base/changes.js';
import type { RegistryHosts } from './registry-hosts.js';
import { registryHosts } from './registry-hosts.js';
import { shardKey } from './registry.js';
import type { SelectableWorkloads } from './selectable-workloads.js';
import { namespacesOfPods, selectableWorkloads } from './selectable-workloads.js';
import type { AggregateView, RegistryView, Shard } from './view.js';
import { createWorkloadIndex } from './workload-index.js';

/** What an aggregate was made of, for the next one. */
interface Derivation {
  readonly selectable: SelectableWorkloads;
  /** In the order of the registries. */
  readonly hosts: readonly RegistryHosts[];
}

const derivations = new WeakMap<AggregateView, Derivation>();

/**
 * Aggregates views, given in the order in which their registries were added; there is one registry of each provider
 * and cluster. `previous` is an earlier result: it changes what the result costs and which objects it shares, not
 * what it says. The result is `previous` itself when nothing changed.
 */
export function aggregate(views: readonly RegistryView[], previous?: AggregateView): AggregateView {
  const registries = registryOrder(views);
  const before = previous === undefined ? undefined : { view: previous, ...derivationOf(previous) };
  if (before !== undefined && sameElements(before.view.registries, registries)) return before.view;
  const earlier = before?.view.registries ?? [];
  const sameServices = before !== undefined && sameParts(earlier, registries, 'services');
  const sameWorkloads = before !== undefined && sameParts(earlier, registries, 'workloads');
  const sameSelectable =
    sameWorkloads && (sameServices || deepEqual(namespacesOfPods(earlier), namespacesOfPods(registries)));

  const selectable = sameSelectable ? before.selectable : selectableWorkloads(registries, before?.selectable);
  const hosts = hostsOfRegistries(registries, selectable, before?.hosts ?? []);
  const services = sameServices ? before.view.services : aggregateServices(registries, earlier);
  const gateways = registries.flatMap((registry) => registry.gateways);
  const view: AggregateView = {
    registries,
    synced: registries.every(({ synced }) => synced),
    services: reuseList(before?.view.services, services),
    shards: aggregateShards(hosts, before),
    workloads: sameWorkloads ? before.view.workloads : createWorkloadIndex(registries),
    gateways: reuseList(before?.view.gateways, gateways),
  };
  derivations.set(view, { selectable, hosts });
  return view;
}

/** The view with other shards; everything else of it is the same. */
export function withShards(view: AggregateView, shards: AggregateView['shards']): AggregateView {
  if (shards === view.shards) return view;
  const other = { ...view, shards };
  derivations.set(other, derivationOf(view));
  return other;
}

/** Registries in Istio's order: those of Kubernetes first, otherwise as they came. */
export function registryOrder(views: readonly RegistryView[]): readonly RegistryView[] {
  const isKubernetes = ({ provider }: RegistryView): boolean => provider === 'Kubernetes';
  return [...views.filter(isKubernetes), ...views.filter((view) => !isKubernetes(view))];
}

/** Each registry's hosts, in the order of the view's registries. */
export function hostsOf(view: AggregateView): readonly RegistryHosts[] {
  return derivationOf(view).hosts;
}

/** What a view was made of; worked out anew for one that was not made here. */
function derivationOf(view: AggregateView): Derivation {
  let derivation = derivations.get(view);
  if (derivation === undefined) {
    const selectable = selectableWorkloads(view.registries, undefined);
    derivation = { selectable, hosts: hostsOfRegistries(view.registries, selectable, []) };
    derivations.set(view, derivation);
  }
  return derivation;
}

function hostsOfRegistries(
  registries: readonly RegistryView[],
  selectable: SelectableWorkloads,
  before: readonly RegistryHosts[],
): readonly RegistryHosts[] {
  const earlier = new Map(before.map((hosts) => [shardKey(hosts.registry), hosts]));
  return registries.map((registry) => registryHosts(registry, selectable, earlier.get(shardKey(registry))));
}

/** Whether two lists of views are of the same registries with the same values in one of their parts. */
function sameParts(
  previous: readonly RegistryView[],
  next: readonly RegistryView[],
  part: 'services' | 'workloads',
): boolean {
  return (
    previous.length === next.length &&
    next.every((view, index) => {
      const before = previous[index];
      return before !== undefined && shardKey(before) === shardKey(view) && before[part] === view[part];
    })
  );
}

type Shards = AggregateView['shards'];

const noShards: readonly Shard[] = Object.freeze([]);

/** The shards of every host; only those of touched hosts are put together again. */
function aggregateShards(
  hosts: readonly RegistryHosts[],
  before: (Derivation & { readonly view: AggregateView }) | undefined,
): Shards {
  const known = before?.view.shards;
  const lists = [...touchedHosts(hosts, before?.hosts ?? [])].map(
    (host) => [host, shardsOf(host, hosts, known?.get(host) ?? noShards)] as const,
  );
  if (known !== undefined && lists.every(([host, list]) => list === (known.get(host) ?? noShards)))
    return known;
  return SharingMap.from(known ?? new Map<string, readonly Shard[]>()).with(
    lists.map(([host, list]) => [host, list.length === 0 ? undefined : list] as const),
  );
}

/** Hosts that some registry worked out again, or that a registry has which is gone. */
function touchedHosts(
  hosts: readonly RegistryHosts[],
  before: readonly RegistryHosts[],
): ReadonlySet<string> {
  const touched = new Set<string>();
  for (const entry of hosts) for (const host of entry.touched) touched.add(host);
  const present = new Set(hosts.map(({ registry }) => shardKey(registry)));
  for (const entry of before) {
    if (!present.has(shardKey(entry.registry))) for (const host of entry.hosts.keys()) touched.add(host);
  }
  return touched;
}

function shardsOf(
  host: string,
  registries: readonly RegistryHosts[],
  before: readonly Shard[],
): readonly Shard[] {
  const shards: Shard[] = [];
  for (const { registry, hosts } of registries) {
    const endpoints = hosts.get(host)?.endpoints ?? [];
    if (endpoints.length === 0) continue;
    const { provider, cluster } = registry;
    const known = before.find(
      (shard) => shard.endpoints === endpoints && shard.provider === provider && shard.cluster === cluster,
    );
    shards.push(known ?? { provider, cluster, endpoints });
  }
  shards.sort((a, b) => compareStrings(a.provider, b.provider) || compareStrings(a.cluster, b.cluster));
  return reuseList(before, shards);
}
