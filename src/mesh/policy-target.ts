/** Which workloads a policy is for: by labels, or by what it is attached to. */
import type { PolicyTarget, PolicyTargetReference } from '../config/kinds/policy-target.js';
import { labelsMatch, type Labels } from '../model/labels.js';

/** What of a proxy decides which policies are for it. */
export interface PolicyWorkload {
  readonly namespace: string;
  readonly labels: Labels;
  /** Waypoints are never chosen by labels. */
  readonly waypoint: boolean;
}

/** Workloads with this label are gateways of the Gateway API, of that name. */
const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * Whether a policy of a namespace is for a workload, if it is looked for there. A policy with targets is for gateways
 * of the Gateway API only, by their name; any other is for what its selector takes, which is everything without one.
 */
export function attachesTo(policy: PolicyTarget, namespace: string, workload: PolicyWorkload): boolean {
  const gateway = workload.labels[gatewayNameLabel];
  const targets = targetsOf(policy);
  if (targets.length > 0) {
    return (
      gateway !== undefined &&
      namespace === workload.namespace &&
      targets.some((target) => isGateway(target, gateway, namespace))
    );
  }
  if (gateway !== undefined && workload.waypoint) return false;
  return labelsMatch(policy.selector?.matchLabels ?? {}, workload.labels);
}

/** Everything that a policy names as its target. */
export function targetsOf({
  targetRef,
  targetRefs,
}: Pick<PolicyTarget, 'targetRef' | 'targetRefs'>): readonly PolicyTargetReference[] {
  return targetRefs.length === 0 && targetRef !== undefined ? [targetRef] : targetRefs;
}

function isGateway(target: PolicyTargetReference, name: string, namespace: string): boolean {
  return (
    target.group === 'gateway.networking.k8s.io' &&
    target.kind === 'Gateway' &&
    target.name === name &&
    (target.namespace === '' || target.namespace === namespace)
  );
}
