/** Settings of load balancing that every kind of balancer has (Istio reference 5.4, 5.11). */
import { HealthStatus } from '../../envoy/enums.js';
import type { CommonLbConfigShape } from '../../envoy/messages.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ResolvedTrafficPolicy } from '../../mesh/traffic-policy.js';
import type { Service } from '../../model/service.js';
import { clusterLocalityConfig, effectiveLocalityLb } from '../endpoint/locality-lb/settings.js';

/** What the settings depend on. */
export interface CommonLbInput {
  readonly service: Service;
  readonly policy: ResolvedTrafficPolicy | undefined;
  readonly mesh: MeshConfig;
  /** Whether sessions may stick to endpoints that take no new requests. */
  readonly keepsSessions: boolean;
}

/** The settings of a service's cluster. */
export function commonLbConfig({ service, policy, mesh, keepsSessions }: CommonLbInput): CommonLbConfigShape {
  const lb = effectiveLocalityLb(policy?.loadBalancer, service, mesh);
  const localityConfig = clusterLocalityConfig(lb, policy?.outlierDetection !== undefined);
  if (localityConfig === undefined && policy?.outlierDetection === undefined && !keepsSessions)
    return neverPanic;
  return {
    healthyPanicThreshold: panicThreshold(service, policy),
    ...localityConfig,
    ...(keepsSessions && isSessionPersistent(service) && sessionStatuses),
  };
}

/** Unhealthy endpoints are sent, so Envoy must not fall back to them when few are healthy. */
const neverPanic: CommonLbConfigShape = { healthyPanicThreshold: {} };

/** A rule may ask for it all the same, but not where endpoints fail over by health. */
function panicThreshold(service: Service, policy: ResolvedTrafficPolicy | undefined) {
  const { trafficDistribution = 'any' } = service.attributes;
  const percent = policy?.outlierDetection?.minHealthPercent ?? 0;
  return trafficDistribution !== 'any' || percent <= 0 ? {} : { value: percent };
}

const sessionStatuses = {
  overrideHostStatus: {
    statuses: [HealthStatus.HEALTHY, HealthStatus.DRAINING, HealthStatus.UNKNOWN, HealthStatus.DEGRADED],
  },
};

/** Whether a label of the service asks for sessions by cookie or by header. */
function isSessionPersistent({ attributes }: Service): boolean {
  const { labels } = attributes;
  return (
    (labels['istio.io/persistent-session'] ?? '') !== '' ||
    (labels['istio.io/persistent-session-header'] ?? '') !== ''
  );
}
