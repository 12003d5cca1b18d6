/** CDS of gRPC clients without a proxy: only what gRPC understands, for the clusters that are asked for (Istio reference 5.12). */
import { DiscoveryType, LbPolicy } from '../../envoy/enums.js';
import {
  Cluster,
  type CircuitBreakersShape,
  type ClusterShape,
  type CommonTlsContextShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { uint32 } from '../../envoy/well-known.js';
import type { MergedDestinationRule, ProxyContext } from '../../mesh/snapshot.js';
import {
  effectiveTrafficPolicy,
  subsetTrafficPolicy,
  type ResolvedTrafficPolicy,
} from '../../mesh/traffic-policy.js';
import { portByNumber } from '../../model/service.js';
import { findSubset } from '../endpoint/subset.js';
import type { Memo } from '../memo.js';
import { parseClusterName } from '../names.js';
import type { Translation } from '../translation.js';
import { loadBalancerFields, type LoadBalancerFields } from './load-balancer.js';
import { delimitedStatName } from './stat-name.js';
import { tlsSocket } from './tls-context.js';

/** All that a gRPC client's cluster depends on. */
interface GrpcClusterInput {
  readonly name: string;
  readonly port: number;
  /** Empty for the whole service. */
  readonly subset: string;
  readonly rule: MergedDestinationRule | undefined;
  readonly accounts: readonly string[];
}

/** The clusters of these names, in their order; those of services, ports and subsets that are not known are left out. */
export function translateGrpcClusters(
  context: ProxyContext,
  memo: Memo,
  names: ReadonlySet<string>,
): Translation {
  const resources: EncodedResource[] = [];
  for (const name of names) {
    const input = clusterInput(context, name);
    if (input !== undefined)
      resources.push(memo.group('grpc clusters').compute(name, input, encodeGrpcCluster));
  }
  return { resources, problems: [] };
}

function clusterInput(
  { scope, snapshot, proxy, labels }: ProxyContext,
  name: string,
): GrpcClusterInput | undefined {
  const parsed = parseClusterName(name);
  if (parsed === undefined || parsed.direction !== 'outbound' || parsed.sniForm) return undefined;
  const { port, subset, hostname } = parsed;
  const service = scope.service(hostname);
  if (service === undefined || portByNumber(service, port) === undefined) return undefined;
  const rule = snapshot.destinationRules.forOutbound(service, proxy.namespace, labels);
  if (subset !== '' && findSubset(rule, subset) === undefined) return undefined;
  return { name, port, subset, rule, accounts: snapshot.endpoints.serviceAccounts(service) };
}

function encodeGrpcCluster(input: GrpcClusterInput): EncodedResource {
  return encodedResource(input.name, Cluster.typeUrl, Cluster.encode(buildGrpcCluster(input)));
}

/** The mesh's defaults do not count here: gRPC clients are told only what a rule says. */
function buildGrpcCluster({ name, port, subset, rule, accounts }: GrpcClusterInput): ClusterShape {
  const ofService = effectiveTrafficPolicy(rule, port);
  const policy = subset === '' ? ofService : subsetTrafficPolicy(ofService, findSubset(rule, subset), port);
  const maxRequests = policy?.connectionPool?.http?.http2MaxRequests ?? 0;
  return {
    name,
    altStatName: delimitedStatName(name),
    type: DiscoveryType.EDS,
    edsClusterConfig: { serviceName: name, edsConfig: { ads: {} } },
    ...balancing(policy),
    ...(maxRequests > 0 && { circuitBreakers: requestLimit(maxRequests) }),
    ...(policy?.tls?.mode === 'ISTIO_MUTUAL' && {
      transportSocket: tlsSocket(providedTlsContext(accounts), ''),
    }),
  };
}

/** gRPC takes turns unless a rule says otherwise in a way that it knows. */
function balancing(policy: ResolvedTrafficPolicy | undefined): LoadBalancerFields {
  const settings = policy?.loadBalancer;
  if (settings?.consistentHash !== undefined)
    return loadBalancerFields({ consistentHash: settings.consistentHash });
  return settings?.simple === 'LEAST_REQUEST' ? { lbPolicy: LbPolicy.LEAST_REQUEST } : {};
}

function requestLimit(maxRequests: number): CircuitBreakersShape {
  return { thresholds: [{ maxRequests: uint32(maxRequests) }] };
}

const certificate = { instanceName: 'default', certificateName: 'default' };
const roots = { instanceName: 'default', certificateName: 'ROOTCA' };

/**
 * Mutual TLS of a gRPC client or server. Certificates come from the plugins that its bootstrap names; older ones read
 * the older fields.
 *
 * @param accounts who the peer may be; anybody of the mesh if none is named
 */
export function providedTlsContext(accounts: readonly string[]): CommonTlsContextShape {
  return {
    tlsCertificateProviderInstance: certificate,
    tlsCertificateCertificateProviderInstance: certificate,
    combinedValidationContext: {
      defaultValidationContext: {
        caCertificateProviderInstance: roots,
        ...(accounts.length > 0 && { matchSubjectAltNames: accounts.map((exact) => ({ exact })) }),
      },
      validationContextCertificateProviderInstance: roots,
    },
  };
}
