/** The transport sockets of a service's cluster (Istio reference 5.7). */
import type { ClusterShape } from '../../envoy/messages.js';
import { sniClusterName } from '../names.js';
import { finalKind, targetName, type ClusterTarget } from './cluster-target.js';
import { forwardProxyServerName } from './dynamic-forward-proxy.js';
import { serviceMutualTlsMode, type MutualTlsModeInput } from './mutual-tls-mode.js';
import type { ServerNameOptions } from './protocol-options.js';
import { decideTls, type TlsDecision } from './tls.js';
import { transportSocketFields } from './transport-socket.js';

/** The sockets of a cluster and what goes with them. */
export interface ServiceSockets {
  readonly fields: Pick<ClusterShape, 'transportSocket' | 'transportSocketMatches'>;
  /** How servers are named; absent without TLS. */
  readonly serverName?: ServerNameOptions | undefined;
  /** Why TLS that was asked for is left out, if it is. */
  readonly problem?: string | undefined;
}

/** What passes TLS through has none of its own. */
const noSockets: ServiceSockets = { fields: {} };

/**
 * Builds the sockets of a cluster.
 *
 * @param http2 whether the cluster speaks HTTP/2 and nothing else.
 */
export function serviceSockets(target: ClusterTarget, http2: boolean): ServiceSockets {
  const { input, policy, kind } = target;
  const { view, mesh, rule, service } = input;
  if (input.mode === 'sni-dnat') return noSockets;
  const { fields, tls, problem } = transportSocketFields({
    decision: tlsDecision(target),
    proxyProtocol: policy?.proxyProtocol,
    http2,
    metadataExchange: view.metadataExchange,
    choosesByEndpoint: finalKind(target) !== 'original-dst',
    tlsDefaults: mesh.tlsDefaults,
    servesCredentials: view.type === 'router' || rule?.workloadSelector !== undefined,
    credentialSocket: view.credentialSocket,
    fileServer: view.fileServer,
    fallbackAltNames: service.attributes.provider === 'External' ? accountsOf(target) : [],
  });
  if (tls === undefined) return { fields, problem };
  const serverName = kind === 'dynamic-forward-proxy' ? forwardProxyServerName(tls) : tls.serverName;
  return { fields, serverName, problem };
}

const plainText: TlsDecision = { kind: 'none' };

/** Which TLS a cluster speaks. */
export function tlsDecision(target: ClusterTarget): TlsDecision {
  const { input, port, subset, policy, kind } = target;
  const { service, view } = input;
  const { autoMtls, fileCertificates } = view;
  if (policy?.tls === undefined && !autoMtls) return plainText;
  const clusterSni = sniClusterName(port.port, subset?.name ?? '', service.hostname);
  return decideTls({
    tls: policy?.tls,
    accounts: accountsOf(target),
    clusterName: targetName(target),
    clusterSni: kind === 'dynamic-forward-proxy' ? '' : clusterSni,
    mode: serviceMutualTlsMode(mutualTlsModeInput(target)),
    autoMtls,
    meshExternal: service.meshExternal,
    fileCertificates,
  });
}

/** What decides whether mutual TLS may be chosen where no rule says anything about TLS. */
export function mutualTlsModeInput({ input, port, subset }: ClusterTarget): MutualTlsModeInput {
  const { service, rule, shards = [], peerMode } = input;
  const { loadBalancer } = (subset === undefined ? rule?.trafficPolicy : subset.trafficPolicy) ?? {};
  return { service, port, loadBalancer, shards, peerMode };
}

/** Nobody knows beforehand who answers for a host that a request names. */
function accountsOf({ input, kind }: ClusterTarget): readonly string[] {
  return kind === 'dynamic-forward-proxy' ? [] : input.accounts;
}
