/** One cluster of a service: the service as a whole or a subset of it, for one port (Istio reference 5.4). */
import type { ClusterShape } from '../../envoy/messages.js';
import { isDefaultCluster, targetName, type ClusterTarget } from './cluster-target.js';
import { commonLbConfig } from './common-lb-config.js';
import { connectionPoolFields } from './connection-pool.js';
import { metadataExchangeFilters } from './filters.js';
import { metadataFields } from './metadata.js';
import { outlierDetectionMessage } from './outlier-detection.js';
import { protocolFields, protocolOptions, type ProtocolOptions } from './protocol-options.js';
import { serviceBalancing, serviceDiscovery, serviceForwardProxy } from './service-discovery.js';
import { serviceSockets } from './service-transport.js';
import { altStatName } from './stat-name.js';

/** A cluster with why something of it is left out, if it is. */
export interface ServiceCluster {
  readonly name: string;
  readonly cluster: ClusterShape;
  readonly problem: string | undefined;
}

/** Builds a cluster; undefined for one that holds its endpoints and has none. */
export function buildServiceCluster(target: ClusterTarget): ServiceCluster | undefined {
  const { policy } = target;
  const { mesh, view } = target.input;
  const name = targetName(target);
  const protocol = protocolOf(target);
  const { fields: sockets, serverName, problem } = serviceSockets(target, protocol.upstream === 'http2');
  const forwards = looksUpRequests(target);
  const discovery = forwards ? serviceForwardProxy(target, serverName) : serviceDiscovery(target);
  if (discovery === undefined) return undefined;
  const cluster: ClusterShape = {
    name,
    altStatName: statName(target, name),
    ...discovery,
    ...connectionPoolFields(mesh, policy?.connectionPool, policy?.retryBudget),
    ...serviceBalancing(target),
    ...(!forwards && { commonLbConfig: commonLb(target) }),
    ...(policy?.outlierDetection !== undefined && {
      outlierDetection: outlierDetectionMessage(policy.outlierDetection),
    }),
    ...protocolFields(protocol, serverName),
    ...sockets,
    ...metadata(target),
    ...(view.metadataExchange && metadataExchangeFilters),
  };
  return { name, cluster, problem };
}

/** Such clusters have no endpoints to balance, no services to name, and statistics under their own name only. */
function looksUpRequests({ kind }: ClusterTarget): boolean {
  return kind === 'dynamic-forward-proxy';
}

function protocolOf({ input, port, policy }: ClusterTarget): ProtocolOptions {
  const { mesh, view } = input;
  return protocolOptions({
    protocol: port.protocol,
    pool: policy?.connectionPool,
    h2UpgradePolicy: mesh.h2UpgradePolicy,
    sniffs: view.type === 'sidecar',
    preserveHeaderCase: view.preserveHeaderCase,
  });
}

function commonLb(target: ClusterTarget): ClusterShape['commonLbConfig'] {
  const { input, policy } = target;
  const { service, mesh } = input;
  return commonLbConfig({ service, policy, mesh, keepsSessions: isDefaultCluster(target) });
}

function statName(target: ClusterTarget, name: string): string {
  const { input, port, subset } = target;
  const { service, mesh } = input;
  const pattern = looksUpRequests(target) ? '' : mesh.outboundClusterStatName;
  return altStatName(name, pattern, { service, port, subset: subset?.name ?? '', targetPort: 0 });
}

function metadata(target: ClusterTarget): Pick<ClusterShape, 'metadata'> {
  const { input, port, subset, policy } = target;
  const { service, rule, tunnelled } = input;
  const tlsMode = policy?.tls?.mode;
  const disableMetadataExchange = isDefaultCluster(target) && tunnelled.has(port.port);
  return metadataFields({
    ...(!looksUpRequests(target) && { services: [service] }),
    rule,
    subset: subset?.name ?? '',
    external: isDefaultCluster(target) && service.meshExternal && !disableMetadataExchange,
    disableMetadataExchange,
    keepAlpn: tlsMode === 'SIMPLE' || tlsMode === 'MUTUAL',
  });
}
