/**
 * Proxies that see the same mesh in the same way: what is made for one of them is made for all. A group is told by
 * everything of a proxy that the clusters it sends to and their endpoints can depend on; what only matters in some
 * meshes (labels, the node) counts only in these.
 */
import type { ProxyContext, SidecarScope, Snapshot } from '../mesh/snapshot.js';
import { clusterView } from '../translate/cluster/cluster-view.js';
import { patchSelection } from '../translate/envoy-filter/compiled-patches.js';
import { priorityLabelName } from '../translate/endpoint/locality-lb/failover-priority.js';
import { trafficDistributionSetting } from '../translate/endpoint/locality-lb/traffic-distribution.js';
import type { TrafficPolicy } from '../config/kinds/traffic-policy.js';

/** Its identity is all that there is to it. Groups of one scope are told apart by a text. */
export interface ProxyGroup {
  readonly scope: SidecarScope;
  readonly key: string;
}

/** Held by its proxies alone: a scope may be kept for a comparison, and must not keep what was made for it. */
const groups = new WeakMap<SidecarScope, Map<string, WeakRef<ProxyGroup>>>();

/** The group of a proxy as far as clusters, endpoints and listeners go. */
export function proxyGroup(context: ProxyContext): ProxyGroup {
  return groupOf(context.scope, groupKey(context));
}

/** The group of this key; the same object for all of the group, as long as the scope is the same. */
export function groupOf(scope: SidecarScope, key: string): ProxyGroup {
  const ofScope = groups.get(scope) ?? new Map<string, WeakRef<ProxyGroup>>();
  groups.set(scope, ofScope);
  const known = ofScope.get(key)?.deref();
  if (known !== undefined) return known;
  const group = { scope, key };
  if (isPowerOfTwo(ofScope.size)) forgetFreed(ofScope);
  ofScope.set(key, new WeakRef(group));
  return group;
}

/** Looked through each time that it has doubled, so that proxies that come and go leave nothing behind. */
function forgetFreed(ofScope: Map<string, WeakRef<ProxyGroup>>): void {
  for (const [key, group] of ofScope) if (group.deref() === undefined) ofScope.delete(key);
}

function isPowerOfTwo(size: number): boolean {
  return size > 0 && (size & (size - 1)) === 0;
}

/** What of a proxy counts, as text. */
function groupKey(context: ProxyContext): string {
  const { proxy, snapshot, labels, locality, families } = context;
  const matters = whatMatters(snapshot);
  return JSON.stringify([
    proxy.type,
    proxy.dialect,
    proxy.namespace,
    proxy.clusterId,
    proxy.network,
    proxy.requestedNetworkView,
    proxy.metadata['DISABLE_HBONE_SEND'] ?? '',
    families,
    locality,
    clusterView(context),
    matters.nodeName ? proxy.nodeName : '',
    patchSelection(context)?.key ?? '',
    Object.keys(labels).length > 0,
    matters.labels.map((name) => (Object.hasOwn(labels, name) ? (labels[name] ?? '') : null)),
  ]);
}

interface Matters {
  /** Names of labels by which rules choose clients or endpoints. */
  readonly labels: readonly string[];
  /** Some service is only for clients on the node of its endpoints. */
  readonly nodeName: boolean;
}

const known = new WeakMap<
  Snapshot['services'],
  WeakMap<Snapshot['destinationRules'], Matters & { mesh: unknown }>
>();

function whatMatters({ services, destinationRules, mesh }: Snapshot): Matters {
  const ofServices = known.get(services) ?? new WeakMap<object, Matters & { mesh: unknown }>();
  known.set(services, ofServices);
  const found = ofServices.get(destinationRules);
  if (found?.mesh === mesh) return found;
  const names = new Set<string>();
  const addPriorities = (entries: readonly string[] | undefined): void => {
    for (const entry of entries ?? []) names.add(priorityLabelName(entry));
  };
  const addPolicy = (policy: TrafficPolicy | undefined): void => {
    addPriorities(policy?.loadBalancer?.localityLbSetting?.failoverPriority);
    addPriorities(policy?.loadBalancer?.zoneAwareLbSetting?.failoverPriority);
    for (const { loadBalancer } of policy?.portLevelSettings ?? []) {
      addPriorities(loadBalancer?.localityLbSetting?.failoverPriority);
      addPriorities(loadBalancer?.zoneAwareLbSetting?.failoverPriority);
    }
  };
  addPriorities(mesh.localityLbSetting.failoverPriority);
  addPriorities(mesh.zoneAwareLbSetting?.failoverPriority);
  for (const { spec } of destinationRules.all) {
    for (const name of Object.keys(spec.workloadSelector?.matchLabels ?? {})) names.add(name);
    addPolicy(spec.trafficPolicy);
    for (const { trafficPolicy } of spec.subsets) addPolicy(trafficPolicy);
  }
  for (const { attributes } of services.all)
    addPriorities(trafficDistributionSetting(attributes.trafficDistribution)?.failoverPriority);
  const matters = {
    mesh,
    labels: [...names].sort(),
    nodeName: services.all.some(({ attributes }) => attributes.nodeLocal === true),
  };
  ofServices.set(destinationRules, matters);
  return matters;
}
