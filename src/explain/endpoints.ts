/** The endpoints of one cluster: those that are served, and why not the others (Istio reference 6.1 to 6.8). */
import { joinHostPort } from '../base/host-port.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import type { Endpoint } from '../model/endpoint.js';
import { labelsMatch } from '../model/labels.js';
import { formatLocality, parseLocality } from '../model/locality.js';
import { finalKind, targetName, type ClusterTarget } from '../translate/cluster/cluster-target.js';
import { isDnsKind } from '../translate/cluster/discovery.js';
import { embeddedInput } from '../translate/cluster/service-discovery.js';
import { placeEndpoints } from '../translate/endpoint/assignment.js';
import {
  endpointFault,
  endpointPolicy,
  shardFault,
  type EndpointsInput,
} from '../translate/endpoint/build-endpoints.js';
import { placeEmbedded } from '../translate/endpoint/embedded.js';
import type { EndpointGroup, PlacedEndpoint } from '../translate/endpoint/endpoint-group.js';
import { assignmentInput, namedCluster } from '../translate/endpoint/endpoints.js';
import { hasMutualTls } from '../translate/endpoint/mtls.js';
import { wayToEndpoint, type Way } from '../translate/endpoint/networks.js';
import { findSubset } from '../translate/endpoint/subset.js';
import { endpointReason, type EndpointReasonCode } from './endpoint-reasons.js';
import type { EndpointExplanation, LeftOutEndpoint, Reason } from './explanation.js';
import { originOf } from './settings.js';
import { sourceOf } from './source.js';
import { explainPlainText } from './tls.js';

/** What is told of the endpoints of a cluster. */
export interface EndpointsExplanation {
  readonly endpoints: readonly EndpointExplanation[];
  readonly leftOut: readonly LeftOutEndpoint[];
}

/** Explains the endpoints of a cluster; those of other ports of the service are not of it. */
export function explainEndpoints(context: ProxyContext, target: ClusterTarget): EndpointsExplanation {
  const { service, rule, mode } = target.input;
  const kind = finalKind(target);
  const cluster = { service, port: target.port, subset: target.subset?.name ?? '', rule };
  const named = { ...cluster, use: 'eds', mutualTlsOnly: mode === 'sni-dnat', self: false } as const;
  if (isDnsKind(kind)) {
    const embedded = embeddedInput(target);
    if (embedded === undefined) return { endpoints: [], leftOut: [] };
    const { endpoints: input, action } = embedded;
    return explain(context, target, input, placeEmbedded(input, action));
  }
  const name = targetName(target);
  const input = assignmentInput(context, name, namedCluster(context, name) ?? named);
  if (kind === 'eds') return explain(context, target, input, placeEndpoints(input));
  return { endpoints: [], leftOut: originalDestination(input) };
}

/** Clusters that go to the address that the client was going to have no endpoints. */
function originalDestination(input: EndpointsInput): readonly LeftOutEndpoint[] {
  const fault = endpointFault(input);
  const reason: Reason = {
    code: 'original-destination',
    text: 'connections go to the address that the client was going to, so Envoy is told of no endpoints',
  };
  return input.shards.flatMap(({ endpoints }) =>
    endpoints
      .filter((endpoint) => fault(endpoint) !== 'other-port')
      .map((endpoint) => leftOut(endpoint, reason)),
  );
}

function explain(
  context: ProxyContext,
  target: ClusterTarget,
  input: EndpointsInput,
  groups: readonly EndpointGroup[],
): EndpointsExplanation {
  const placed = groups.flatMap((group) => group.endpoints.map((endpoint) => ({ endpoint, group })));
  const served = new Set(placed.map(({ endpoint }) => endpoint.source));
  const missing = input.shards.flatMap(({ endpoints }) => endpoints.filter((each) => !served.has(each)));
  const ways = waysOf(input);
  const standsFor = ({ endpoint, group }: Placed, behind: Endpoint): boolean =>
    leadsTo(ways.get(behind), endpoint.gateway) && sameLocality(behind, group);
  const tlsOrigin = target.policy?.tls === undefined ? undefined : originOf(target, 'tls');
  const plain = explainPlainText(context, input, tlsOrigin);
  return {
    endpoints: placed.map((each) =>
      describe(
        each,
        plain,
        missing.filter((endpoint) => standsFor(each, endpoint)),
      ),
    ),
    leftOut: missing
      .filter((endpoint) => !placed.some((each) => standsFor(each, endpoint)))
      .flatMap((endpoint) => {
        const code = whyMissing(input, endpoint, ways.get(endpoint));
        return code === undefined ? [] : [leftOut(endpoint, reasonOf(context, input, endpoint, code))];
      }),
  };
}

interface Placed {
  readonly endpoint: PlacedEndpoint;
  readonly group: EndpointGroup;
}

/** The first step that took an endpoint out; undefined for one of another port. What passes all others was not in the distribution. */
function whyMissing(
  input: EndpointsInput,
  endpoint: Endpoint,
  way: Way | undefined,
): EndpointReasonCode | undefined {
  const fault = endpointFault(input)(endpoint);
  if (fault === 'other-port' || fault === 'other-workload') return undefined;
  const shard = input.shards.find(({ endpoints }) => endpoints.includes(endpoint));
  if (shard !== undefined && shardFault(input, shard) === 'other-cluster') return 'other-cluster';
  if (fault !== undefined) return fault;
  if (typeof way === 'string' && way !== 'direct') return way;
  return input.mutualTlsOnly && !isSpokenMutualTls(input, endpoint)
    ? 'no-mutual-tls'
    : 'outside-distribution';
}

function isSpokenMutualTls(input: EndpointsInput, endpoint: Endpoint): boolean {
  return hasMutualTls({ ...input, port: input.port.port })(endpoint) && endpoint.tlsMode === 'istio';
}

/** How each endpoint that passes the filters is reached. */
function waysOf(input: EndpointsInput): ReadonlyMap<Endpoint, Way> {
  const fault = endpointFault(input);
  const ways = new Map<Endpoint, Way>();
  for (const shard of input.shards) {
    if (shardFault(input, shard) !== undefined) continue;
    for (const endpoint of shard.endpoints) {
      if (fault(endpoint) !== undefined) continue;
      const mutualTls = isSpokenMutualTls(input, endpoint);
      ways.set(endpoint, wayToEndpoint(endpoint, mutualTls, input.networks, input.use, input.proxy.gateways));
    }
  }
  return ways;
}

function leadsTo(way: Way | undefined, gateway: PlacedEndpoint['gateway']): boolean {
  return way !== undefined && typeof way !== 'string' && gateway !== undefined && way.includes(gateway);
}

function sameLocality(endpoint: Endpoint, { locality }: EndpointGroup): boolean {
  return formatLocality(parseLocality(endpoint.locality)) === formatLocality(locality);
}

function describe(
  { endpoint, group }: Placed,
  plain: (endpoint: Endpoint) => string | undefined,
  behind: readonly Endpoint[],
): EndpointExplanation {
  const { source, gateway, weight, mutualTls } = endpoint;
  const common = { locality: formatLocality(group.locality), weight, priority: group.priority, mutualTls };
  if (source === undefined) {
    const address = gateway === undefined ? '' : `${gateway.address}:${gateway.port}`;
    const standsFor = behind.map((each) => ({
      address: addressText(each),
      source: sourceOf(each.provenance),
    }));
    return { address, ...common, standsFor };
  }
  const address = endpoint.message.endpoint?.address;
  const tunnel = address?.envoyInternalAddress !== undefined && address.envoyInternalAddress !== null;
  const plainBecause = mutualTls || tunnel ? undefined : plain(source);
  return {
    address: addressText(source),
    health: source.health,
    ...common,
    ...(tunnel && { tunnel }),
    ...(plainBecause !== undefined && { plainBecause }),
    ...(source.workloadName !== '' && { workload: `${source.namespace}/${source.workloadName}` }),
    source: sourceOf(source.provenance),
  };
}

/** An endpoint that is left out. */
export function leftOut(endpoint: Endpoint, reason: Reason): LeftOutEndpoint {
  return {
    address: addressText(endpoint),
    ...(endpoint.workloadName !== '' && { workload: `${endpoint.namespace}/${endpoint.workloadName}` }),
    source: sourceOf(endpoint.provenance),
    reason,
  };
}

/** `address:port`, or the path of a Unix socket. */
export function addressText({ addresses, port }: Pick<Endpoint, 'addresses' | 'port'>): string {
  const address = addresses[0] ?? '';
  if (port === 0) return address;
  return joinHostPort(address === '' ? '(no address)' : address, port);
}

function reasonOf(
  context: ProxyContext,
  input: EndpointsInput,
  endpoint: Endpoint,
  code: EndpointReasonCode,
): Reason {
  const wanted = findSubset(input.rule, input.subset)?.labels ?? {};
  const lacking = Object.entries(wanted).filter(
    ([key, value]) => !labelsMatch({ [key]: value }, endpoint.labels),
  );
  return endpointReason(code, {
    endpoint,
    proxy: context.proxy,
    clusterLocal: input.clusterLocal,
    subset: input.subset,
    lacking: Object.fromEntries(lacking),
    minHealthPercent: endpointPolicy(input)?.outlierDetection?.minHealthPercent ?? 0,
  });
}
