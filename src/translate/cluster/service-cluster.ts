/** One cluster of a service: the service as a whole or a subset of it, for one port (Istio reference 5.4). */
import type { Subset } from '../../config/kinds/traffic-policy.js';
import type { ClusterShape, LocalityLbEndpointsShape } from '../../envoy/messages.js';
import type { ResolvedTrafficPolicy } from '../../mesh/traffic-policy.js';
import type { ServicePort } from '../../model/service.js';
import { embeddedEndpoints as localitiesOf } from '../endpoint/embedded.js';
import { outboundClusterName, sniClusterName } from '../names.js';
import { commonLbConfig } from './common-lb-config.js';
import { connectionPoolFields } from './connection-pool.js';
import {
  dnsDiscovery,
  dnsFields,
  dnsLookupFamily,
  edsFields,
  embeddedEndpoints,
  isDnsKind,
  originalDestination,
  serviceLookupFamily,
  type ClusterKind,
  type DiscoveryFields,
} from './discovery.js';
import { forwardProxyFields, forwardProxyServerName, hostCacheName } from './dynamic-forward-proxy.js';
import { embeddingAction } from './embedded-endpoints.js';
import { metadataExchangeFilters } from './filters.js';
import {
  clusterProvided,
  clusterProvidedOnPort,
  loadBalancerFields,
  type LoadBalancerFields,
} from './load-balancer.js';
import { metadataFields } from './metadata.js';
import { serviceMutualTlsMode } from './mutual-tls-mode.js';
import type { OutboundInput } from './outbound-input.js';
import { outlierDetectionMessage } from './outlier-detection.js';
import { protocolFields, protocolOptions, type ProtocolOptions } from './protocol-options.js';
import { altStatName } from './stat-name.js';
import { decideTls, type TlsDecision } from './tls.js';
import { transportSocketFields, type TransportSocketFields } from './transport-socket.js';

/** What a cluster is for. */
export interface ClusterTarget {
  readonly input: OutboundInput;
  readonly port: ServicePort;
  /** Absent for the whole service. */
  readonly subset: Subset | undefined;
  /** The kind that the cluster has before its load balancer is looked at. */
  readonly kind: ClusterKind;
  readonly policy: ResolvedTrafficPolicy | undefined;
}

/** A cluster with why something of it is left out, if it is. */
export interface ServiceCluster {
  readonly name: string;
  readonly cluster: ClusterShape;
  readonly problem: string | undefined;
}

/** Builds a cluster; undefined for one that holds its endpoints and has none. */
export function buildServiceCluster(target: ClusterTarget): ServiceCluster | undefined {
  const { input, port, kind, policy } = target;
  const { mesh, service, view } = input;
  const name = clusterName(target);
  const endpoints = isDnsKind(kind) ? localities(target) : [];
  if (isDnsKind(kind) && endpoints.length === 0) return undefined;
  const final = finalKind(kind, policy);
  const protocol = protocolOptions({
    protocol: port.protocol,
    pool: policy?.connectionPool,
    h2UpgradePolicy: mesh.h2UpgradePolicy,
    sniffs: view.type === 'sidecar',
    preserveHeaderCase: view.preserveHeaderCase,
  });
  const sockets = socketsOf(target, final, protocol);
  const forwards = kind === 'dynamic-forward-proxy';
  const serverName = forwards && sockets.tls !== undefined ? forwardProxyServerName(sockets.tls) : sockets.tls?.serverName;
  const cluster: ClusterShape = {
    name,
    altStatName: statName(target, name),
    ...(forwards ? forwardProxy(target, sockets) : discovery(target, name, final, endpoints)),
    ...connectionPoolFields(mesh, policy?.connectionPool, policy?.retryBudget),
    ...balancing(target, final),
    ...(!forwards && {
      commonLbConfig: commonLbConfig({ service, policy, mesh, keepsSessions: isWhole(target) && input.mode === 'default' }),
    }),
    ...(policy?.outlierDetection !== undefined && { outlierDetection: outlierDetectionMessage(policy.outlierDetection) }),
    ...protocolFields(protocol, serverName),
    ...sockets.fields,
    ...metadata(target),
    ...(view.metadataExchange && metadataExchangeFilters),
  };
  return { name, cluster, problem: sockets.problem };
}

/** The kind that a cluster of this kind has once its policy's load balancer has been looked at. */
export function finalKind(kind: ClusterKind, policy: ResolvedTrafficPolicy | undefined): ClusterKind {
  if (kind === 'dynamic-forward-proxy') return kind;
  return policy?.loadBalancer?.simple === 'PASSTHROUGH' ? 'original-dst' : kind;
}

function isWhole({ subset }: ClusterTarget): boolean {
  return subset === undefined;
}

/** A port to go to instead of the original one is only known to clusters that are made for that. */
function balancing({ input, port, kind, policy }: ClusterTarget, final: ClusterKind): LoadBalancerFields {
  if (final === 'eds' || isDnsKind(final)) return loadBalancerFields(policy?.loadBalancer);
  const override = kind === 'original-dst' ? input.service.attributes.passthroughTargetPorts?.[port.port] : undefined;
  return override === undefined ? clusterProvided : clusterProvidedOnPort(override);
}

function clusterName({ input, port, subset }: ClusterTarget): string {
  const nameOf = input.mode === 'sni-dnat' ? sniClusterName : outboundClusterName;
  return nameOf(port.port, subset?.name ?? '', input.service.hostname);
}

/** Patterns are not for clusters that look up what requests name. */
function statName({ input, port, subset, kind }: ClusterTarget, name: string): string {
  const pattern = kind === 'dynamic-forward-proxy' ? '' : input.mesh.outboundClusterStatName;
  return altStatName(name, pattern, { service: input.service, port, subset: subset?.name ?? '', targetPort: 0 });
}

/** Settings of DNS stay even where the load balancer makes them useless, as Istio sends them. */
function discovery(
  { input, kind }: ClusterTarget,
  name: string,
  final: ClusterKind,
  endpoints: readonly LocalityLbEndpointsShape[],
): DiscoveryFields {
  const { mesh, service, view } = input;
  if (final === 'eds') return edsFields(name);
  if (!isDnsKind(kind)) return originalDestination;
  const dns = dnsFields({ refreshRate: mesh.dnsRefreshRate, lookupFamily: serviceLookupFamily(service, view) });
  if (!isDnsKind(final)) return { ...originalDestination, ...dns };
  return { ...dnsDiscovery(final), ...dns, ...embeddedEndpoints(name, endpoints) };
}

function forwardProxy({ input }: ClusterTarget, { tls }: TransportSocketFields) {
  const named = tls === undefined ? undefined : forwardProxyServerName(tls);
  return forwardProxyFields({
    cacheName: hostCacheName(input.service.hostname),
    lookupFamily: dnsLookupFamily(input.view),
    allowInsecure: named !== undefined && !(named.autoSni && named.autoSanValidation),
  });
}

function localities({ input, port, subset, policy }: ClusterTarget): readonly LocalityLbEndpointsShape[] {
  const { networks, peerAuthentications, endpointView } = input;
  if (networks === undefined || peerAuthentications === undefined || endpointView === undefined) return [];
  const { service, rule, mesh, shards = [], clusterLocal = false } = input;
  const mutualTlsOnly = input.mode === 'sni-dnat';
  const cluster = { service, subset: subset?.name ?? '', mutualTlsOnly };
  return localitiesOf(
    {
      ...cluster,
      use: 'dns',
      port,
      rule,
      shards,
      networks,
      peerAuthentications,
      clusterLocal,
      self: false,
      proxy: endpointView,
    },
    embeddingAction({ ...cluster, policy, mesh }),
  );
}

const plainText: TlsDecision = { kind: 'none' };

function socketsOf(target: ClusterTarget, final: ClusterKind, protocol: ProtocolOptions): TransportSocketFields {
  const { input, policy } = target;
  const { view, mesh, rule, service, accounts } = input;
  if (input.mode === 'sni-dnat') return { fields: {} };
  return transportSocketFields({
    decision: tlsDecision(target),
    proxyProtocol: policy?.proxyProtocol,
    http2: protocol.upstream === 'http2',
    metadataExchange: view.metadataExchange,
    choosesByEndpoint: final !== 'original-dst',
    tlsDefaults: mesh.tlsDefaults,
    servesCredentials: view.type === 'router' || rule?.workloadSelector !== undefined,
    credentialSocket: view.credentialSocket,
    fallbackAltNames: service.attributes.provider === 'External' ? accounts : [],
  });
}

function tlsDecision(target: ClusterTarget): TlsDecision {
  const { input, port, subset, policy, kind } = target;
  const { service, rule, view, accounts, shards = [], peerMode } = input;
  const { autoMtls, fileCertificates } = view;
  if (policy?.tls === undefined && !autoMtls) return plainText;
  const { loadBalancer } = (subset === undefined ? rule?.trafficPolicy : subset.trafficPolicy) ?? {};
  return decideTls({
    tls: policy?.tls,
    accounts,
    clusterName: clusterName(target),
    clusterSni: kind === 'dynamic-forward-proxy' ? '' : sniClusterName(port.port, subset?.name ?? '', service.hostname),
    mode: serviceMutualTlsMode({ service, port, loadBalancer, shards, peerMode }),
    autoMtls,
    meshExternal: service.meshExternal,
    fileCertificates,
  });
}

function metadata(target: ClusterTarget): Pick<ClusterShape, 'metadata'> {
  const { input, port, subset, policy, kind } = target;
  const { service, rule, tunnelled } = input;
  const tlsMode = policy?.tls?.mode;
  const isDefault = isWhole(target) && input.mode === 'default';
  const disableMetadataExchange = isDefault && tunnelled.has(port.port);
  return metadataFields({
    ...(kind !== 'dynamic-forward-proxy' && { services: [service] }),
    rule,
    subset: subset?.name ?? '',
    external: isDefault && service.meshExternal && !disableMetadataExchange,
    disableMetadataExchange,
    keepAlpn: tlsMode === 'SIMPLE' || tlsMode === 'MUTUAL',
  });
}
