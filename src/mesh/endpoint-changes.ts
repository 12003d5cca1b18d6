/**
 * Which way a change of endpoints goes (Istio reference 6.10). What changed is seen by the shards of each service (host
 * and namespace): the array is another one than before. Then
 *
 * - a service that itself differs from what the last full snapshot says, or is new to it, keeps the endpoints that it
 *   has until the next full snapshot: endpoints of a renamed port would leave an assignment empty;
 * - what no client can tell goes nowhere: where an endpoint was read from, endpoints that are terminating (but for
 *   services without an address of their own, whose terminating endpoints still have listeners);
 * - everything else is in the assignments at once, unless clients look the hosts of the service up in DNS;
 * - and it is a matter of the next full snapshot too where more than assignments is made of endpoints:
 *   - services whose hosts are looked up in DNS: their clusters hold the endpoints;
 *   - services without an address of their own (Passthrough): there are listeners for their endpoints, and all of
 *     them decide about TLS;
 *   - other accounts: they stand in clusters as names in certificates;
 *   - a port whose endpoints now all, or no longer all, take tunnels; or speak the mesh's TLS, where a rule has
 *     connections go where the client was going.
 *   The last two do not count where the last endpoint is gone: that changes the assignment only, as in Istio.
 */
import { deepEqual } from '../base/compare.js';
import type { Endpoint } from '../model/endpoint.js';
import { servesPort } from '../model/endpoint.js';
import type { Service, ServicePort } from '../model/service.js';
import { takesTunnels } from '../model/workload-labels.js';
import { hostsOf } from '../registry/aggregate.js';
import { changedKeys, sameElements } from '../base/changes.js';
import type { AggregateView, Shard } from '../registry/view.js';
import type { EndpointTable } from './endpoint-index.js';
import type { DestinationRuleIndex } from './snapshot.js';

/** What a full snapshot is asked about endpoints. */
export interface FullState {
  /** What registries held when it was made. */
  readonly discovery: AggregateView;
  readonly endpoints: EndpointTable;
  readonly destinationRules: Pick<DestinationRuleIndex, 'all'>;
}

/** What a change of endpoints comes to. */
export interface EndpointChanges {
  /** The endpoints to serve from now on. */
  readonly endpoints: EndpointTable;
  /** Whether assignments may differ. */
  readonly assignments: boolean;
  /** Whether clusters or listeners may differ too, so that a full snapshot is wanted. */
  readonly more: boolean;
}

/**
 * Compares the endpoints that are served with what registries hold now.
 *
 * @param full the last full snapshot.
 * @param served its endpoints, or newer ones that were served since.
 */
export function endpointChanges(
  full: FullState,
  served: EndpointTable,
  newest: AggregateView,
): EndpointChanges {
  const before = served.sources.shards;
  const taken: (readonly [string, readonly Shard[] | undefined])[] = [];
  let assignments = false;
  let more = false;
  for (const key of changedKeys(before, newest.shards)) {
    const services = sameServices(key, full.discovery, newest);
    if (services === undefined) continue;
    taken.push([key, newest.shards.get(key)]);
    const now = newest.shards.get(key) ?? noShards;
    const counts = services.some(isHeadless) ? anyEndpoint : isSent;
    if (sameForClients(before.get(key) ?? noShards, now, counts)) continue;
    assignments ||= services.some((service) => !isLookedUp(service));
    more ||= services.some(isMadeOfEndpoints);
  }
  if (taken.length === 0) return { endpoints: served, assignments, more };
  const endpoints = served.withShards(taken);
  for (const [key] of taken) {
    const services = more ? [] : servicesOf(key, newest);
    more ||= services.some((service) => decidesClusters(service, key, full, endpoints));
  }
  return { endpoints, assignments, more };
}

const noShards: readonly Shard[] = Object.freeze([]);

/** The services of a host and namespace; undefined when there is another one now than before. */
function sameServices(
  key: string,
  before: AggregateView,
  now: AggregateView,
): readonly Service[] | undefined {
  const services = servicesOf(key, now);
  return sameElements(servicesOf(key, before), services) ? services : undefined;
}

function servicesOf(key: string, view: AggregateView): readonly Service[] {
  return hostsOf(view).flatMap(({ hosts }) =>
    (hosts.get(key)?.parts ?? []).flatMap(({ service }) => (service === undefined ? [] : [service])),
  );
}

function isLookedUp({ resolution }: Service): boolean {
  return resolution === 'DNSLB' || resolution === 'DNSRoundRobinLB';
}

/** Its endpoints have listeners of their own, terminating or not. */
function isHeadless({ resolution }: Service): boolean {
  return resolution === 'Passthrough';
}

function isMadeOfEndpoints(service: Service): boolean {
  return isLookedUp(service) || isHeadless(service);
}

function sameForClients(
  a: readonly Shard[],
  b: readonly Shard[],
  counts: (endpoint: Endpoint) => boolean,
): boolean {
  return (
    a.length === b.length &&
    a.every((shard, index) => {
      const other = b[index];
      return (
        other?.provider === shard.provider &&
        other.cluster === shard.cluster &&
        sameEndpoints(shard.endpoints.filter(counts), other.endpoints.filter(counts))
      );
    })
  );
}

function isSent({ health }: Endpoint): boolean {
  return health !== 'terminating';
}

function anyEndpoint(): boolean {
  return true;
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return (
    a.length === b.length &&
    a.every((endpoint, index) => {
      const other = b[index];
      return (
        endpoint === other ||
        (other !== undefined && deepEqual({ ...endpoint, provenance: other.provenance }, other))
      );
    })
  );
}

/** Whether clusters of a service that find their endpoints by EDS are made differently of these endpoints. */
function decidesClusters(service: Service, key: string, full: FullState, now: EndpointTable): boolean {
  const { endpoints: before, destinationRules } = full;
  const old = endpointsOf(key, before);
  const next = endpointsOf(key, now);
  if (next.length === 0) return false;
  const tlsMatters = asksForOriginalDestination(destinationRules);
  return (
    !sameElements(before.serviceAccounts(service), now.serviceAccounts(service)) ||
    service.ports.some((port) => {
      const [was, is] = [portFacts(port, old), portFacts(port, next)];
      return was.takeTunnels !== is.takeTunnels || (tlsMatters && was.speakTls !== is.speakTls);
    })
  );
}

const askingRules = new WeakMap<object, boolean>();

/** Whether any rule has connections go where the client was going: then all endpoints have to speak TLS for it to be chosen. */
function asksForOriginalDestination(rules: FullState['destinationRules']): boolean {
  let asks = askingRules.get(rules);
  if (asks === undefined) {
    asks = rules.all.some(({ spec }) =>
      [spec, ...spec.subsets].some(
        ({ trafficPolicy }) => trafficPolicy?.loadBalancer?.simple === 'PASSTHROUGH',
      ),
    );
    askingRules.set(rules, asks);
  }
  return asks;
}

function endpointsOf(key: string, { sources }: EndpointTable): readonly Endpoint[] {
  return (sources.shards.get(key) ?? noShards).flatMap(({ endpoints }) => endpoints);
}

/** What clusters know of all endpoints of a port. Without any, nothing is known of them. */
function portFacts(port: ServicePort, endpoints: readonly Endpoint[]) {
  const ofPort = endpoints.filter((endpoint) => servesPort(endpoint, port));
  const all = (test: (endpoint: Endpoint) => boolean): boolean => ofPort.length > 0 && ofPort.every(test);
  return {
    speakTls: all(({ tlsMode }) => tlsMode !== 'disabled'),
    takeTunnels: all(({ labels }) => takesTunnels(labels)),
  };
}
