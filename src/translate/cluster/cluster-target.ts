/** What one cluster of a service is for. */
import type { Subset } from '../../config/kinds/traffic-policy.js';
import type { ResolvedTrafficPolicy } from '../../mesh/traffic-policy.js';
import type { ServicePort } from '../../model/service.js';
import { outboundClusterName, sniClusterName } from '../names.js';
import type { ClusterKind } from './discovery.js';
import type { OutboundInput } from './outbound-input.js';

/** The service as a whole or a subset of it, for one port. */
export interface ClusterTarget {
  readonly input: OutboundInput;
  readonly port: ServicePort;
  /** Absent for the whole service. */
  readonly subset: Subset | undefined;
  /** The kind that the cluster has before its load balancer is looked at. */
  readonly kind: ClusterKind;
  /** The policy in force for the port and the subset, the mesh's default included. */
  readonly policy: ResolvedTrafficPolicy | undefined;
}

/** The name of the cluster. */
export function targetName({ input, port, subset }: ClusterTarget): string {
  const nameOf = input.mode === 'sni-dnat' ? sniClusterName : outboundClusterName;
  return nameOf(port.port, subset?.name ?? '', input.service.hostname);
}

/** Whether it is the cluster of a whole service that requests are sent to. */
export function isDefaultCluster({ input, subset }: ClusterTarget): boolean {
  return subset === undefined && input.mode === 'default';
}

/** The kind that a cluster has once its policy's load balancer has been looked at. */
export function finalKind({ kind, policy }: Pick<ClusterTarget, 'kind' | 'policy'>): ClusterKind {
  if (kind === 'dynamic-forward-proxy') return kind;
  return policy?.loadBalancer?.simple === 'PASSTHROUGH' ? 'original-dst' : kind;
}
