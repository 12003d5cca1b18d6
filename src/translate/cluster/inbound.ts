/** The clusters by which a sidecar reaches its own workload (Istio reference 5.9). */
import type { ConnectionPoolSettings, RetryBudget } from '../../config/kinds/traffic-policy.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ClusterShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import type { Service, ServicePort } from '../../model/service.js';
import { effectiveTrafficPolicy } from '../../mesh/traffic-policy.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';
import { inboundClusterName } from '../names.js';
import type { ClusterView } from './cluster-view.js';
import { connectionPoolFields } from './connection-pool.js';
import { originalDestination, type DiscoveryFields } from './discovery.js';
import type { FixedCluster } from './fixed.js';
import { isLoopback, type InboundEndpoint } from './ingress-endpoint.js';
import { clusterProvided, clusterProvidedOnPort, type LoadBalancerFields } from './load-balancer.js';
import { metadataFields } from './metadata.js';
import { protocolFields, protocolOptions } from './protocol-options.js';
import { altStatName } from './stat-name.js';
import { pipeAddress, socketAddress, staticEndpoint } from './static-cluster.js';
import { magicSource } from './upstream-bind.js';

/** All that an inbound cluster depends on, one field for each thing. */
export interface InboundInput {
  readonly mesh: MeshConfig;
  readonly view: ClusterView;
  /** The service that the cluster is for, or what stands for it where none has this port. */
  readonly service: Pick<Service, 'hostname' | 'attributes'>;
  /** The service is outside of the mesh: metadata then tells of no service and no rule. */
  readonly external: boolean;
  readonly portName: string;
  /** Number of the service's port. */
  readonly servicePort: number;
  readonly protocol: ServicePort['protocol'];
  /** Number of the workload's port; the cluster is named by it. */
  readonly targetPort: number;
  /** Services that share the port of the workload and of the service; the same list for the same services. */
  readonly services: readonly Pick<Service, 'hostname' | 'attributes'>[];
  readonly rule: MergedDestinationRule | undefined;
  /** The Sidecar's pool; it counts in the place of the rule's. */
  readonly sidecarPool: ConnectionPoolSettings | undefined;
  readonly endpoint: InboundEndpoint;
}

/** Connections are never cleaned up: the longest time that Istio can say. */
const neverCleanUp = duration(9_223_372_035_000);

/** Builds an inbound cluster. It has no TLS of its own, and nothing to choose. */
export function buildInboundCluster(input: InboundInput): FixedCluster {
  const { mesh, view, targetPort, endpoint, protocol } = input;
  const name = inboundClusterName(targetPort);
  const { connectionPool: pool, retryBudget } = receiverPolicy(input);
  const cluster: ClusterShape = {
    name,
    altStatName: statName(input, name),
    ...discovery(name, endpoint),
    ...(endpoint.kind === 'original' && { cleanupInterval: neverCleanUp }),
    ...connectionPoolFields(mesh, pool, retryBudget),
    ...balancing(input),
    commonLbConfig: {},
    ...protocolFields(
      protocolOptions({
        protocol,
        pool,
        sniffs: view.type === 'sidecar',
        preserveHeaderCase: view.preserveHeaderCase,
      }),
    ),
    ...(!isLoopback(endpoint) && { upstreamBindConfig: magicSource(view.families) }),
    // A rule that only names subsets says nothing to a receiver, so it is not told of.
    ...(!input.external &&
      metadataFields({
        services: input.services,
        rule: input.rule?.trafficPolicy === undefined ? undefined : input.rule,
      })),
  };
  return { name, cluster };
}

/** Limits of a rule hold at the receiving end too. */
function receiverPolicy({ rule, servicePort, mesh, sidecarPool }: InboundInput): {
  readonly connectionPool?: ConnectionPoolSettings;
  readonly retryBudget?: RetryBudget;
} {
  const policy = effectiveTrafficPolicy(rule, servicePort, mesh) ?? {};
  return sidecarPool === undefined ? policy : { ...policy, connectionPool: sidecarPool };
}

function statName({ mesh, service, portName, servicePort, targetPort }: InboundInput, name: string): string {
  const port = { name: portName, port: servicePort };
  return altStatName(name, mesh.inboundClusterStatName, { service, port, subset: '', targetPort });
}

function discovery(name: string, endpoint: InboundEndpoint): DiscoveryFields {
  switch (endpoint.kind) {
    case 'original':
      return originalDestination;
    case 'pipe':
      return staticEndpoint(name, pipeAddress(endpoint.path));
    case 'address':
      return staticEndpoint(name, socketAddress(endpoint.address, endpoint.port));
  }
}

/** A target port of an entry with resolution NONE counts for what is received as well. */
/** A service that clients reach on another port of the address that they were going to says so here too. */
function balancing({ endpoint, service, servicePort }: InboundInput): LoadBalancerFields {
  if (endpoint.kind !== 'original') return {};
  const override = service.attributes.passthroughTargetPorts?.[servicePort];
  return override === undefined ? clusterProvided : clusterProvidedOnPort(override);
}
