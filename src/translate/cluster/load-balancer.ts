/** How a cluster chooses among its endpoints (Istio reference 5.11). */
import type { ConsistentHashLb, LoadBalancerSettings } from '../../config/kinds/traffic-policy.js';
import { LbPolicy } from '../../envoy/enums.js';
import type { ClusterShape, SlowStartConfigShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';

/** What a load balancer sets of a cluster; at most one of the configurations. */
export type LoadBalancerFields =
  | Pick<ClusterShape, 'lbPolicy'>
  | { readonly lbPolicy: LbPolicy; readonly ringHashLbConfig: NonNullable<ClusterShape['ringHashLbConfig']> }
  | { readonly lbPolicy: LbPolicy; readonly maglevLbConfig: NonNullable<ClusterShape['maglevLbConfig']> }
  | {
      readonly lbPolicy: LbPolicy;
      readonly leastRequestLbConfig: NonNullable<ClusterShape['leastRequestLbConfig']>;
    }
  | {
      readonly lbPolicy: LbPolicy;
      readonly roundRobinLbConfig: NonNullable<ClusterShape['roundRobinLbConfig']>;
    }
  | {
      readonly lbPolicy: LbPolicy;
      readonly originalDstLbConfig: NonNullable<ClusterShape['originalDstLbConfig']>;
    };

/** The ring that Istio uses where nothing says how large it is. */
const defaultRingSize = 1024;

/** The balancing of a cluster that knows its endpoints. */
export function loadBalancerFields(settings: LoadBalancerSettings | undefined): LoadBalancerFields {
  if (settings?.consistentHash !== undefined) return consistentHash(settings.consistentHash);
  const slowStartConfig = slowStart(settings);
  switch (settings?.simple) {
    case 'RANDOM':
      return { lbPolicy: LbPolicy.RANDOM };
    case 'ROUND_ROBIN':
      return slowStartConfig === undefined
        ? { lbPolicy: LbPolicy.ROUND_ROBIN }
        : { lbPolicy: LbPolicy.ROUND_ROBIN, roundRobinLbConfig: { slowStartConfig } };
    default:
      return slowStartConfig === undefined
        ? { lbPolicy: LbPolicy.LEAST_REQUEST }
        : { lbPolicy: LbPolicy.LEAST_REQUEST, leastRequestLbConfig: { slowStartConfig } };
  }
}

/** The balancing of a cluster that finds its endpoints by what asks: there is nothing to choose. */
export const clusterProvided: LoadBalancerFields = { lbPolicy: LbPolicy.CLUSTER_PROVIDED };

/** The balancing of a cluster that goes where a connection was going, but to another port. */
export function clusterProvidedOnPort(port: number): LoadBalancerFields {
  return { ...clusterProvided, originalDstLbConfig: { upstreamPortOverride: { value: port } } };
}

function consistentHash({ maglev, ringHash, minimumRingSize = 0 }: ConsistentHashLb): LoadBalancerFields {
  if (maglev !== undefined) {
    const { tableSize = 0 } = maglev;
    if (tableSize === 0) return { lbPolicy: LbPolicy.MAGLEV };
    return { lbPolicy: LbPolicy.MAGLEV, maglevLbConfig: { tableSize: { value: tableSize } } };
  }
  const ring = ringHash === undefined ? minimumRingSize || defaultRingSize : (ringHash.minimumRingSize ?? 0);
  if (ring === 0) return { lbPolicy: LbPolicy.RING_HASH };
  return { lbPolicy: LbPolicy.RING_HASH, ringHashLbConfig: { minimumRingSize: { value: ring } } };
}

/** Traffic to a new endpoint grows slowly; the deprecated setting gives the time alone. */
function slowStart(settings: LoadBalancerSettings | undefined): SlowStartConfigShape | undefined {
  const warmup = settings?.warmup;
  if (warmup === undefined) {
    const window = settings?.warmupDurationSecs;
    return window === undefined ? undefined : { slowStartWindow: duration(window) };
  }
  return {
    slowStartWindow: duration(warmup.duration),
    aggression: { defaultValue: warmup.aggression ?? 1, runtimeKey: '(' },
    minWeightPercent: { value: warmup.minimumPercent ?? 10 },
  };
}
