/** The traffic policy that is in force for a port or a subset (Istio reference 4.7). */
import type { MeshConfig } from '../config/mesh-config.js';
import type { Subset, TrafficPolicy } from '../config/kinds/traffic-policy.js';
import type { MergedDestinationRule } from './snapshot.js';

/** A policy in which port-level settings have been resolved. */
export type ResolvedTrafficPolicy = Omit<TrafficPolicy, 'portLevelSettings'>;

/** What `meshConfig.defaultTrafficPolicy` gives to every service. */
export type DefaultTrafficPolicy = Pick<MeshConfig, 'defaultTrafficPolicy'>;

/**
 * The policy of a rule for a service port: the settings of the port in the place of the whole policy, else the policy.
 * Blocks that it does not have come from the mesh, if that is given: clusters take them, endpoints do not.
 *
 * @param port number of the service port.
 */
export function effectiveTrafficPolicy(
  rule: Pick<MergedDestinationRule, 'trafficPolicy'> | undefined,
  port: number,
  mesh?: DefaultTrafficPolicy,
): ResolvedTrafficPolicy | undefined {
  const policy =
    rule?.trafficPolicy && (ofPort(rule.trafficPolicy, port) ?? withoutPorts(rule.trafficPolicy));
  return mesh === undefined ? policy : withMeshDefaults(policy, mesh);
}

/**
 * The policy of a subset for a service port: each block that the subset has, else that of the rule's effective policy.
 * When the subset has settings for the port, their four blocks count even where they are absent.
 */
export function subsetTrafficPolicy(
  effective: ResolvedTrafficPolicy | undefined,
  subset: Pick<Subset, 'trafficPolicy'> | undefined,
  port: number,
): ResolvedTrafficPolicy | undefined {
  const policy = subset?.trafficPolicy;
  if (policy === undefined) return effective;
  const settings = ofPort(policy, port);
  if (settings === undefined) return { ...effective, ...withoutPorts(policy) };
  if (effective === undefined) return settings;
  const { loadBalancer: _1, connectionPool: _2, outlierDetection: _3, tls: _4, ...kept } = effective;
  return { ...kept, ...settings };
}

/** The four blocks that settings for a port can have; undefined when there are none for this port. */
function ofPort(policy: TrafficPolicy, port: number): ResolvedTrafficPolicy | undefined {
  const settings = policy.portLevelSettings?.find((candidate) => candidate.port === port);
  if (settings === undefined) return undefined;
  const { loadBalancer, connectionPool, outlierDetection, tls } = settings;
  return {
    ...(loadBalancer !== undefined && { loadBalancer }),
    ...(connectionPool !== undefined && { connectionPool }),
    ...(outlierDetection !== undefined && { outlierDetection }),
    ...(tls !== undefined && { tls }),
  };
}

function withoutPorts(policy: TrafficPolicy): ResolvedTrafficPolicy {
  if (policy.portLevelSettings === undefined) return policy;
  const { portLevelSettings: _, ...rest } = policy;
  return rest;
}

function withMeshDefaults(
  policy: ResolvedTrafficPolicy | undefined,
  { defaultTrafficPolicy }: DefaultTrafficPolicy,
): ResolvedTrafficPolicy | undefined {
  const { connectionPool, outlierDetection } = defaultTrafficPolicy ?? {};
  const missing = {
    ...(connectionPool !== undefined && policy?.connectionPool === undefined && { connectionPool }),
    ...(outlierDetection !== undefined && policy?.outlierDetection === undefined && { outlierDetection }),
  };
  return Object.keys(missing).length === 0 ? policy : { ...policy, ...missing };
}
