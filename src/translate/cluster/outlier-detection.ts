/** Outlier detection: when an endpoint is ejected for a while (Istio reference 5.11). */
import type { OutlierDetection } from '../../config/kinds/traffic-policy.js';
import type { OutlierDetectionShape } from '../../envoy/messages.js';
import { duration, uint32 } from '../../envoy/well-known.js';

/** Envoy's message for a policy's settings. Ejection by success rate is always off. */
export function outlierDetectionMessage(settings: OutlierDetection): OutlierDetectionShape {
  const { consecutive5xxErrors, consecutiveGatewayErrors, interval, baseEjectionTime } = settings;
  const { maxEjectionPercent = 0, splitExternalLocalOriginErrors, consecutiveLocalOriginFailures } = settings;
  return {
    enforcingSuccessRate: uint32(0),
    ...(consecutive5xxErrors !== undefined && {
      consecutive5xx: uint32(consecutive5xxErrors),
      enforcingConsecutive5xx: uint32(enforced(consecutive5xxErrors)),
    }),
    ...(consecutiveGatewayErrors !== undefined && {
      consecutiveGatewayFailure: uint32(consecutiveGatewayErrors),
      enforcingConsecutiveGatewayFailure: uint32(enforced(consecutiveGatewayErrors)),
    }),
    ...(interval !== undefined && { interval: duration(interval) }),
    ...(baseEjectionTime !== undefined && { baseEjectionTime: duration(baseEjectionTime) }),
    ...(maxEjectionPercent > 0 && { maxEjectionPercent: uint32(maxEjectionPercent) }),
    ...(splitExternalLocalOriginErrors === true && localOriginFields(consecutiveLocalOriginFailures)),
  };
}

/** Failures to connect count on their own; they are not ejected by success rate either. */
function localOriginFields(failures: number | undefined): OutlierDetectionShape {
  return {
    splitExternalLocalOriginErrors: true,
    ...(failures !== undefined &&
      failures > 0 && {
        consecutiveLocalOriginFailure: uint32(failures),
        enforcingConsecutiveLocalOriginFailure: uint32(100),
      }),
    enforcingLocalOriginSuccessRate: uint32(0),
  };
}

/** 0 errors turn a detection off; Envoy does that by a percentage. */
function enforced(errors: number): number {
  return errors > 0 ? 100 : 0;
}
