/**
 * From the endpoints of a service to groups by locality: what assignments over EDS and those embedded in DNS
 * clusters have in common (Istio reference 6.1 to 6.5, 6.7, 6.8).
 */
import { compareStrings } from '../../base/compare.js';
import {
  effectiveTrafficPolicy,
  subsetTrafficPolicy,
  type ResolvedTrafficPolicy,
} from '../../mesh/traffic-policy.js';
import type { MergedDestinationRule, NetworkIndex, PeerAuthenticationIndex } from '../../mesh/snapshot.js';
import type { Endpoint } from '../../model/endpoint.js';
import { labelsMatch, noLabels } from '../../model/labels.js';
import { parseLocality } from '../../model/locality.js';
import type { Service, ServicePort } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';
import { cappedSum, regrouped, type EndpointGroup } from './endpoint-group.js';
import {
  ofPortNumber,
  portNameFault,
  visibilityFault,
  type PortFault,
  type VisibilityFault,
} from './filters.js';
import { lbEndpoint, type SourcedEndpoint } from './lb-endpoint.js';
import { hasMutualTls } from './mtls.js';
import { routeThroughGateways, type EndpointUse } from './networks.js';
import type { ProxyView } from './proxy-view.js';
import { findSubset } from './subset.js';

/** Which endpoints are wanted. */
export interface ClusterEndpoints {
  readonly use: EndpointUse;
  readonly service: Service;
  readonly port: ServicePort;
  /** Name of the subset; empty for the whole service. */
  readonly subset: string;
  readonly rule: MergedDestinationRule | undefined;
  /** Only endpoints with mutual TLS: SNI-DNAT clusters pass TLS through and cannot tell. */
  readonly mutualTlsOnly: boolean;
  /** Only siblings of the proxy's own workload. */
  readonly self: boolean;
}

/** All that the endpoints of one cluster depend on. */
export interface EndpointsInput extends ClusterEndpoints {
  readonly shards: readonly Shard[];
  readonly networks: NetworkIndex;
  readonly peerAuthentications: PeerAuthenticationIndex;
  /** Whether only endpoints of the proxy's own cluster count (Istio reference 4.8). */
  readonly clusterLocal: boolean;
  readonly proxy: ProxyView;
}

/**
 * The policy that endpoints follow: the rule's own for the port and the subset. The mesh's default policy is for
 * clusters only.
 */
export function endpointPolicy({
  rule,
  subset,
  port,
}: Pick<EndpointsInput, 'rule' | 'subset' | 'port'>): ResolvedTrafficPolicy | undefined {
  const policy = effectiveTrafficPolicy(rule, port.port);
  return subsetTrafficPolicy(policy, findSubset(rule, subset), port.port);
}

/**
 * Whether endpoints that are not healthy are sent (Istio reference 6.2.1): always under traffic distribution, which
 * fails over by health; otherwise unless Envoy would send traffic to them when too few are healthy.
 */
export function sendsUnhealthy(service: Service, policy: ResolvedTrafficPolicy | undefined): boolean {
  const { trafficDistribution = 'any' } = service.attributes;
  return trafficDistribution !== 'any' || (policy?.outlierDetection?.minHealthPercent ?? 0) <= 0;
}

/** Builds the groups of a cluster's endpoints, sorted by the text of their locality; without priorities yet. */
export function buildLocalityEndpoints(input: EndpointsInput): readonly EndpointGroup[] {
  const mutualTls = hasMutualTls({ ...input, port: input.port.port });
  const tunnels = input.proxy.withoutTunnels !== true;
  const groups = new Map<string, SourcedEndpoint[]>();
  for (const endpoint of selectEndpoints(input)) {
    const placed = lbEndpoint(endpoint, mutualTls(endpoint), tunnels);
    const others = groups.get(endpoint.locality);
    if (others === undefined) groups.set(endpoint.locality, [placed]);
    else others.push(placed);
  }
  const sorted = [...groups]
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([label, endpoints]) => group(label, endpoints));
  const routed = routeThroughGateways(sorted, input.networks, input.use, input.proxy.gateways);
  if (!input.mutualTlsOnly) return routed;
  return routed.map((each) =>
    regrouped(
      each,
      each.endpoints.filter((endpoint) => endpoint.mutualTls),
    ),
  );
}

function group(label: string, endpoints: readonly SourcedEndpoint[]): EndpointGroup<SourcedEndpoint> {
  return { locality: parseLocality(label), endpoints, weight: cappedSum(endpoints), priority: 0 };
}

/** The endpoints that a proxy is told of, in the order of the shards. */
function selectEndpoints(input: EndpointsInput): readonly Endpoint[] {
  const fault = endpointFault(input);
  return input.shards
    .filter((shard) => shardFault(input, shard) === undefined)
    .flatMap((shard) => shard.endpoints)
    .filter((endpoint) => fault(endpoint) === undefined);
}

/** Why an endpoint is not among those of a cluster, whatever its shard is. */
export type EndpointFault = PortFault | 'other-labels' | VisibilityFault;

/** Says of endpoints why they are not among those of a cluster; undefined for those that are. */
export function endpointFault(input: EndpointsInput): (endpoint: Endpoint) => EndpointFault | undefined {
  const { use, service, rule, subset, port, clusterLocal, proxy } = input;
  const unhealthy = sendsUnhealthy(service, endpointPolicy(input));
  const visibility = visibilityFault({ service, clusterLocal, proxy, unhealthy });
  const ofNumber = ofPortNumber(port);
  const labels = findSubset(rule, subset)?.labels ?? noLabels;
  const portFault = (endpoint: Endpoint): PortFault | undefined =>
    use === 'eds' ? portNameFault(port, endpoint) : ofNumber(endpoint) ? undefined : 'other-port';
  return (endpoint) =>
    portFault(endpoint) ?? (labelsMatch(labels, endpoint.labels) ? visibility(endpoint) : 'other-labels');
}

/**
 * Why nothing of a shard is among the endpoints of a cluster. DNS clusters carry their endpoints themselves: over EDS
 * there is nothing to say of them.
 */
export function shardFault(
  { use, service, clusterLocal, proxy }: EndpointsInput,
  shard: Shard,
): 'looked-up' | 'other-cluster' | undefined {
  if (use === 'dns') return undefined;
  if (isDns(service)) return 'looked-up';
  const ownOnly = clusterLocal || service.attributes.nodeLocal === true;
  return ownOnly && shard.cluster !== proxy.cluster ? 'other-cluster' : undefined;
}

/** Whether the hosts of a service are looked up in DNS by its clients. */
function isDns({ resolution }: Service): boolean {
  return resolution === 'DNSLB' || resolution === 'DNSRoundRobinLB';
}
