/** Traffic distribution of a service as a setting of locality load balancing (Istio reference 2.3, 6.6). */
import type { LocalityLbSetting } from '../../../config/kinds/traffic-policy.js';
import type { TrafficDistribution } from '../../../model/service.js';
import {
  hostnameLabel,
  networkLabel,
  regionLabel,
  subzoneLabel,
  zoneLabel,
} from '../../../model/workload-labels.js';

const sameZone: LocalityLbSetting = Object.freeze({
  enabled: true,
  failoverPriority: [networkLabel, regionLabel, zoneLabel],
});

const sameNode: LocalityLbSetting = Object.freeze({
  enabled: true,
  failoverPriority: [networkLabel, regionLabel, zoneLabel, subzoneLabel, hostnameLabel],
});

/** The setting that a traffic distribution stands for; none for a service that does not care. */
export function trafficDistributionSetting(
  distribution: TrafficDistribution | undefined,
): LocalityLbSetting | undefined {
  switch (distribution) {
    case 'prefer-same-zone':
      return sameZone;
    case 'prefer-same-node':
      return sameNode;
    case 'any':
    case undefined:
      return undefined;
  }
}
