/** The network filters by which connections go to services: to one, or to several by weight (Istio reference 7.3). */
import { joinHostPort } from '../../base/host-port.js';
import type { TrafficPolicy } from '../../config/kinds/traffic-policy.js';
import type { RouteDestination } from '../../config/kinds/virtual-service.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ObjectMeta } from '../../config/object.js';
import { packAny } from '../../envoy/any.js';
import { SniDynamicForwardProxy, type FilterShape, type TcpProxyShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';
import { isWildcard } from '../../model/host.js';
import type { IpFamilies } from '../../model/proxy.js';
import type { Service, ServicePort } from '../../model/service.js';
import { dnsLookupFamily } from '../cluster/discovery.js';
import { dnsCache, hostCacheName } from '../cluster/dynamic-forward-proxy.js';
import { patternStatName } from '../cluster/stat-name.js';
import { outboundClusterName, sniClusterName } from '../names.js';
import { destinationCluster } from '../route/destination-cluster.js';
import { noPolicies, type ListenerExtras } from './extras.js';
import { protocolFilters, tcpProxyFilter } from './network-filters.js';

/** A port that a listener is for: that of a service, or a Sidecar's own. */
export type ListenerPort = Pick<ServicePort, 'name' | 'port' | 'protocol'>;

/** What the TCP of a listener depends on, beside where its connections go. */
export interface TcpContext {
  readonly mesh: Pick<MeshConfig, 'outboundClusterStatName'>;
  readonly families: IpFamilies;
  /** Milliseconds after which an idle connection is closed, where no rule says it. */
  readonly idleTimeout: number | undefined;
  readonly extras: ListenerExtras;
  /** Stand before all others. */
  readonly firstFilters?: readonly FilterShape[];
}

/**
 * Sends connections to the cluster that TLS clients name as the server. What comes is TLS between others: policies see
 * nothing of it, and it is not tunnelled.
 */
export function serverNameFilters(
  { service, port, rule }: { service: Service; port: ListenerPort; rule: MergedDestinationRule | undefined },
  subset: string,
  context: TcpContext,
): readonly FilterShape[] {
  const cluster = sniClusterName(port.port, subset, service.hostname);
  const { tunnelingConfig: _tunnel, ...fields } = ruleFields(rule, subset, context);
  const route = { ...toCluster(cluster, statName(cluster, service, port, subset, context)), ...fields };
  const extras = { ...context.extras, policies: noPolicies };
  return routeFilters(route, port, { ...context, extras });
}

/** What is known of hosts that connections are sent to. */
export interface TcpDestinations {
  service(hostname: string): Service | undefined;
  rule(service: Service): MergedDestinationRule | undefined;
}

/** Sends connections to a port of a service: its only one, else that of the listener. */
export function serviceFilters(
  { service, port, rule }: { service: Service; port: ListenerPort; rule: MergedDestinationRule | undefined },
  context: TcpContext,
): readonly FilterShape[] {
  const onlyPort = service.ports.length === 1 ? service.ports[0]?.port : undefined;
  const number = onlyPort ?? port.port;
  const cluster = outboundClusterName(number, '', service.hostname);
  const statPrefix = statName(cluster, service, { name: '', port: number }, '', context);
  const route = { ...toCluster(cluster, statPrefix), ...ruleFields(rule, '', context) };
  const looksUp = service.resolution === 'DynamicDNS' && isWildcard(service.hostname);
  return routeFilters(route, port, context, looksUp ? service : undefined);
}

/** Sends connections where a VirtualService says. Destinations without a weight among several get none. */
export function destinationFilters(
  routes: readonly RouteDestination[],
  port: ListenerPort,
  { name, namespace }: Pick<ObjectMeta, 'name' | 'namespace'>,
  destinations: TcpDestinations,
  context: TcpContext,
): readonly FilterShape[] {
  const clusterOf = ({ destination }: RouteDestination): string =>
    destinationCluster(destination, destinations.service(destination.host), port.port);
  const [first] = routes;
  const service = first && destinations.service(first.destination.host);
  const rule = service && destinations.rule(service);
  if (first !== undefined && routes.length === 1) {
    const { subset = '' } = first.destination;
    const cluster = clusterOf(first);
    const statPrefix = service === undefined ? cluster : statName(cluster, service, port, subset, context);
    return routeFilters(
      { ...toCluster(cluster, statPrefix), ...ruleFields(rule, subset, context) },
      port,
      context,
    );
  }
  const clusters = routes
    .filter(({ weight = 0 }) => weight > 0)
    .map((route) => ({ name: clusterOf(route), weight: route.weight ?? 0 }));
  const route: TcpProxyShape = {
    statPrefix: `${name}.${namespace}`,
    weightedClusters: { clusters },
    ...ruleFields(rule, '', context),
  };
  return routeFilters(route, port, context, undefined);
}

function toCluster(cluster: string, statPrefix: string): TcpProxyShape & { readonly cluster: string } {
  return { statPrefix, cluster };
}

function statName(
  cluster: string,
  service: Service,
  port: { readonly name: string; readonly port: number },
  subset: string,
  { mesh }: TcpContext,
): string {
  const pattern = mesh.outboundClusterStatName;
  return pattern === '' ? cluster : patternStatName(pattern, { service, port, subset, targetPort: 0 });
}

/** What looks the server's name up comes right before what connects to it. */
function routeFilters(
  tcpProxy: TcpProxyShape,
  port: ListenerPort,
  { extras, families, firstFilters = [] }: TcpContext,
  lookedUp?: Service,
): readonly FilterShape[] {
  const { telemetry, policies } = extras;
  return [
    ...firstFilters,
    ...policies.networkFilters,
    ...telemetry.networkFilters,
    ...(lookedUp === undefined ? [] : [serverNameLookup(lookedUp.hostname, port.port, families)]),
    ...protocolFilters(port.protocol, tcpProxy.statPrefix ?? ''),
    tcpProxyFilter({ ...tcpProxy, accessLog: telemetry.tcpLogs }),
  ];
}

/** The name of the filter that looks up the host that a TLS client names. */
export const serverNameLookupFilter = 'envoy.extensions.filters.network.sni_dynamic_forward_proxy';

function serverNameLookup(hostname: string, portValue: number, families: IpFamilies): FilterShape {
  const cache = { cacheName: hostCacheName(hostname), lookupFamily: dnsLookupFamily({ families }) };
  return {
    name: serverNameLookupFilter,
    typedConfig: packAny(SniDynamicForwardProxy, { dnsCacheConfig: dnsCache(cache), portValue }),
  };
}

type RuleFields = Pick<
  TcpProxyShape,
  'idleTimeout' | 'maxDownstreamConnectionDuration' | 'hashPolicy' | 'tunnelingConfig'
>;

/** What a rule says of connections; settings for a port do not count here. */
function ruleFields(
  rule: MergedDestinationRule | undefined,
  subset: string,
  context: TcpContext,
): RuleFields {
  const tcp = rule?.trafficPolicy?.connectionPool?.tcp;
  const idleTimeout = tcp?.idleTimeout ?? context.idleTimeout;
  const lifetime = tcp?.maxConnectionDuration;
  const ofSubset = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  const tunnel = (subset === '' ? rule?.trafficPolicy : ofSubset)?.tunnel;
  return {
    ...(idleTimeout !== undefined && { idleTimeout: duration(idleTimeout) }),
    ...(lifetime !== undefined && { maxDownstreamConnectionDuration: duration(lifetime) }),
    ...(hashesSource(rule?.trafficPolicy, ofSubset) && { hashPolicy: [{ sourceIp: {} }] }),
    ...(tunnel !== undefined && { tunnelingConfig: tunnelFields(tunnel) }),
  };
}

/** Whether a client's connections go to one endpoint. A subset with a balancer of its own decides it for itself. */
function hashesSource(policy: TrafficPolicy | undefined, ofSubset: TrafficPolicy | undefined): boolean {
  const loadBalancer = ofSubset?.loadBalancer ?? policy?.loadBalancer;
  return loadBalancer?.consistentHash?.useSourceIp === true;
}

function tunnelFields({
  targetHost,
  targetPort,
  protocol,
}: NonNullable<TrafficPolicy['tunnel']>): NonNullable<TcpProxyShape['tunnelingConfig']> {
  return { hostname: joinHostPort(targetHost, targetPort), usePost: protocol === 'POST' };
}
