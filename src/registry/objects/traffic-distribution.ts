/** Where clients of a service prefer to send their requests (Istio reference 2.3). */
import type { Labels } from '../../model/labels.js';
import type { TrafficDistribution } from '../../model/service.js';

/** Annotation of a Service, a ServiceEntry or a Namespace. */
export const trafficDistributionAnnotation = 'networking.istio.io/traffic-distribution';

const bySpecValue: ReadonlyMap<string, TrafficDistribution> = new Map<string, TrafficDistribution>([
  ['PreferClose', 'prefer-same-zone'],
  ['PreferSameZone', 'prefer-same-zone'],
  ['PreferSameNode', 'prefer-same-node'],
]);

const byAnnotation: ReadonlyMap<string, TrafficDistribution> = new Map(
  [...bySpecValue].map(([word, distribution]) => [word.toLowerCase(), distribution]),
);

/**
 * The traffic distribution of a service: the known word in its spec, else its annotation, else that of its
 * namespace. An annotation that is not understood means `any`, and nothing after it is looked at.
 */
export function trafficDistribution(
  specValue: string | undefined,
  annotations: Labels,
  namespaceAnnotations: Labels,
): TrafficDistribution {
  const specified = specValue === undefined ? undefined : bySpecValue.get(specValue);
  if (specified !== undefined) return specified;
  const annotation =
    annotations[trafficDistributionAnnotation] || namespaceAnnotations[trafficDistributionAnnotation];
  return byAnnotation.get((annotation ?? '').toLowerCase()) ?? 'any';
}
