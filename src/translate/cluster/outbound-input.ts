/** What the clusters of one service depend on. */
import type { MutualTlsMode } from '../../config/kinds/networking.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import { isClusterLocal } from '../../mesh/cluster-local.js';
import type {
  MergedDestinationRule,
  NetworkIndex,
  PeerAuthenticationIndex,
  ProxyContext,
} from '../../mesh/snapshot.js';
import type { Service } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';
import type { ProxyView } from '../endpoint/proxy-view.js';
import type { Memo } from '../memo.js';
import type { ClusterView } from './cluster-view.js';
import { clusterKind, isDnsKind } from './discovery.js';
import { embeddedView } from './embedded-endpoints.js';
import { asksForOriginalDestination } from './mutual-tls-mode.js';
import { tunnelledPorts, type TunnelledPorts } from './tunnel.js';

/**
 * `default` is what requests are sent to; `sni-dnat` what gateways between networks pass TLS through to, without
 * ending it.
 */
export type OutboundMode = 'default' | 'sni-dnat';

/** All that the clusters of a service depend on, one field for each thing, so that equal fields mean equal clusters. */
export interface OutboundInput {
  readonly service: Service;
  readonly rule: MergedDestinationRule | undefined;
  /** Accounts that the service runs under, as names in certificates. */
  readonly accounts: readonly string[];
  readonly mesh: MeshConfig;
  /** What the service's namespace asks of clients. */
  readonly peerMode: MutualTlsMode;
  readonly view: ClusterView;
  readonly mode: OutboundMode;
  /** Ports whose endpoints are all reached through tunnels. */
  readonly tunnelled: TunnelledPorts;
  /** Absent where endpoints decide nothing. */
  readonly shards?: readonly Shard[];
  /** Only for clusters that hold their endpoints. */
  readonly networks?: NetworkIndex;
  readonly peerAuthentications?: PeerAuthenticationIndex;
  readonly clusterLocal?: boolean;
  readonly endpointView?: ProxyView;
}

/** Gathers what the clusters of a service depend on. */
export function outboundInput(
  context: ProxyContext,
  service: Service,
  view: ClusterView,
  mode: OutboundMode,
  memo: Memo,
): OutboundInput {
  const { snapshot, proxy, labels } = context;
  const { hostname, attributes } = service;
  const rule = snapshot.destinationRules.forOutbound(service, proxy.namespace, labels);
  const shards = snapshot.endpoints.shards(hostname, attributes.namespace);
  const input: OutboundInput = {
    service,
    rule,
    accounts: snapshot.endpoints.serviceAccounts(service),
    mesh: snapshot.mesh,
    peerMode: snapshot.peerAuthentications.namespaceMode(attributes.namespace),
    view,
    mode,
    tunnelled: tunnelledPorts(service, shards),
  };
  if (!isDnsKind(clusterKind(service, view.type)))
    return endpointsDecideTls(service, rule) ? { ...input, shards } : input;
  const clusterLocal = isClusterLocal(snapshot.mesh, hostname);
  return {
    ...input,
    shards,
    networks: snapshot.networks,
    peerAuthentications: snapshot.peerAuthentications,
    clusterLocal,
    endpointView: memo.intern(
      embeddedView(context, { service, rule, clusterLocal, mutualTlsOnly: mode === 'sni-dnat' }),
    ),
  };
}

function endpointsDecideTls(service: Service, rule: MergedDestinationRule | undefined): boolean {
  const policies = [rule?.trafficPolicy, ...(rule?.subsets ?? []).map(({ trafficPolicy }) => trafficPolicy)];
  return policies.some((policy) =>
    asksForOriginalDestination({ service, loadBalancer: policy?.loadBalancer }),
  );
}
