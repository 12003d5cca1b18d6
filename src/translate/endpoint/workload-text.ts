/** What telemetry is told of the workload behind an endpoint (Istio reference 2.7, 6.3). */
import type { Endpoint } from '../../model/endpoint.js';
import type { Labels } from '../../model/labels.js';

const nameLabels = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'] as const;
const revisionLabels = [
  'service.istio.io/canonical-revision',
  'app.kubernetes.io/version',
  'version',
] as const;

const texts = new WeakMap<Endpoint, string>();

/**
 * `<workload>;<namespace>;<canonical name>;<canonical revision>;<cluster>`; the revision `latest` is written as an
 * empty one. Made once for each endpoint.
 */
export function workloadText(endpoint: Endpoint): string {
  const known = texts.get(endpoint);
  if (known !== undefined) return known;
  const { workloadName, namespace, labels, cluster } = endpoint;
  const name = firstLabel(labels, nameLabels) ?? workloadName;
  const revision = firstLabel(labels, revisionLabels) ?? '';
  const text = `${workloadName};${namespace};${name};${revision === 'latest' ? '' : revision};${cluster}`;
  texts.set(endpoint, text);
  return text;
}

/** The same text for a gateway between networks, of which only the cluster is known. */
export function gatewayWorkloadText(cluster: string): string {
  return `;;;;${cluster}`;
}

/** A label counts even if it is empty. */
function firstLabel(labels: Labels, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) return value;
  }
  return undefined;
}
