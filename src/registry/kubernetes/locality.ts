/** Where a pod runs (Istio reference 2.6). */
import type { Labels } from '../../model/labels.js';
import { localityOfLabels, regionLabel, subzoneLabel, zoneLabel } from '../../model/workload-labels.js';

const oldRegionLabel = 'failure-domain.beta.kubernetes.io/region';
const oldZoneLabel = 'failure-domain.beta.kubernetes.io/zone';

/**
 * The locality of a pod as `region/zone/subzone`: what its own labels say, else what those of its node say (always
 * with three parts), else empty. `nodeLabels` is undefined when the node is not known.
 */
export function podLocality(podLabels: Labels, nodeLabels: Labels | undefined): string {
  const own = localityOfLabels(podLabels);
  if (own !== '' || nodeLabels === undefined) return own;
  const region = nodeLabels[regionLabel] || nodeLabels[oldRegionLabel] || '';
  const zone = nodeLabels[zoneLabel] || nodeLabels[oldZoneLabel] || '';
  const subzone = nodeLabels[subzoneLabel] ?? '';
  return region === '' && zone === '' && subzone === '' ? '' : `${region}/${zone}/${subzone}`;
}
