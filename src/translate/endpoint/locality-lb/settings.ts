/** Which setting of locality load balancing is in force for a cluster (Istio reference 5.11). */
import type {
  LoadBalancerSettings,
  LocalityLbSetting,
  ZoneAwareLbSetting,
} from '../../../config/kinds/traffic-policy.js';
import type { MeshConfig } from '../../../config/mesh-config.js';
import type { CommonLbConfigShape } from '../../../envoy/messages.js';
import type { Service } from '../../../model/service.js';
import { trafficDistributionSetting } from './traffic-distribution.js';

/** What is in force. */
export type LocalityLb =
  | {
      readonly kind: 'locality';
      readonly setting: LocalityLbSetting;
      /** Failover does not need outlier detection: endpoints fail by their own health. */
      readonly forced: boolean;
    }
  | { readonly kind: 'zone-aware'; readonly setting: ZoneAwareLbSetting };

/** The parts of MeshConfig that matter. */
export type MeshLocalityLb = Pick<MeshConfig, 'localityLbSetting' | 'zoneAwareLbSetting'>;

/**
 * The first that there is of: the rule's zone-aware setting, its locality setting, the service's traffic
 * distribution, the mesh's zone-aware setting, the mesh's locality setting. A locality setting that is turned off
 * ends the search with none; a zone-aware one that is turned off still counts, as the cluster has to say so.
 */
export function effectiveLocalityLb(
  loadBalancer: LoadBalancerSettings | undefined,
  service: Service,
  mesh: MeshLocalityLb,
): LocalityLb | undefined {
  if (loadBalancer?.zoneAwareLbSetting !== undefined) return zoneAware(loadBalancer.zoneAwareLbSetting);
  if (loadBalancer?.localityLbSetting !== undefined) return locality(loadBalancer.localityLbSetting);
  const distribution = trafficDistributionSetting(service.attributes.trafficDistribution);
  if (distribution !== undefined) return { kind: 'locality', setting: distribution, forced: true };
  if (mesh.zoneAwareLbSetting !== undefined) return zoneAware(mesh.zoneAwareLbSetting);
  return locality(mesh.localityLbSetting);
}

function zoneAware(setting: ZoneAwareLbSetting): LocalityLb {
  return { kind: 'zone-aware', setting };
}

function locality(setting: LocalityLbSetting): LocalityLb | undefined {
  return setting.enabled === false ? undefined : { kind: 'locality', setting, forced: false };
}

/** What a setting does to the endpoints of a cluster. */
export type LocalityLbAction =
  | { readonly kind: 'distribute'; readonly rules: NonNullable<LocalityLbSetting['distribute']> }
  | {
      readonly kind: 'failover' | 'zone-aware';
      /** `failoverPriority`; may be empty. */
      readonly labels: readonly string[];
      /** Rules for regions; absent when only labels decide. */
      readonly regions?: readonly RegionFailover[];
    };

/** Where traffic of a region goes first when it leaves the region. */
export interface RegionFailover {
  readonly from: string;
  readonly to: string;
}

/**
 * What a setting does to the endpoints of a cluster, if anything. `outlierDetection` is whether the cluster has
 * one: without it endpoints of a lower priority would never be used, so nothing fails over unless that is forced.
 */
export function localityLbAction(
  lb: LocalityLb | undefined,
  outlierDetection: boolean,
): LocalityLbAction | undefined {
  if (lb === undefined) return undefined;
  const { failover: regions = [], failoverPriority: labels = [] } = lb.setting;
  if (lb.kind === 'zone-aware') {
    return lb.setting.enabled === false ? undefined : { kind: 'zone-aware', labels, regions };
  }
  const { distribute: rules = [] } = lb.setting;
  if (rules.length > 0) return { kind: 'distribute', rules };
  if (!outlierDetection && !lb.forced) return undefined;
  return labels.length > 0 && regions.length === 0
    ? { kind: 'failover', labels }
    : { kind: 'failover', labels, regions };
}

/**
 * What the setting says in the cluster's `common_lb_config`; nothing at all for most. `outlierDetection` is
 * whether the cluster has one, the mesh's default included.
 */
export function clusterLocalityConfig(
  lb: LocalityLb | undefined,
  outlierDetection: boolean,
):
  | Pick<CommonLbConfigShape, 'localityWeightedLbConfig'>
  | Pick<CommonLbConfigShape, 'zoneAwareLbConfig'>
  | undefined {
  if (lb === undefined) return undefined;
  if (lb.kind === 'zone-aware') return { zoneAwareLbConfig: zoneAwareConfig(lb.setting) };
  const { distribute, failover, failoverPriority } = lb.setting;
  const ranked = (outlierDetection || lb.forced) && (isGiven(failover) || isGiven(failoverPriority));
  return ranked || isGiven(distribute) ? { localityWeightedLbConfig: {} } : undefined;
}

function zoneAwareConfig(setting: ZoneAwareLbSetting) {
  return {
    ...(setting.enabled === false && { routingEnabled: { value: 0 } }),
    ...(setting.minClusterSize !== undefined && { minClusterSize: { value: setting.minClusterSize } }),
  };
}

/** An empty list counts as absent. */
function isGiven(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
