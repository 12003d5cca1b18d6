/**
 * The Kubernetes registry: Services, EndpointSlices, Pods, Nodes and Namespaces of one cluster as services,
 * endpoints, workloads and network gateways (Istio reference 2). Services come with the target ports and selectors
 * that inbound configuration needs; workloads that services select are joined by the store.
 */
import type { Observable } from 'rxjs';
import { atOnce, type Pace } from '../../base/pace.js';
import type { ObjectSource } from '../../config/object.js';
import { watchObjects } from '../objects/watch.js';
import type { ServiceRegistry } from '../registry.js';
import type { KubernetesContext } from './context.js';
import { KubernetesReducer } from './reducer.js';

export type { KubernetesContext } from './context.js';

/**
 * A registry of the cluster that a source holds the objects of. A context that changes over time is given as an
 * Observable of it; nothing is said before it has a value. What is a lot to work out at once is said at `pace`.
 */
export function createKubernetesRegistry(
  source: ObjectSource,
  context: KubernetesContext | Observable<KubernetesContext>,
  pace: Pace = atOnce,
): ServiceRegistry {
  const { cluster } = source;
  return {
    provider: 'Kubernetes',
    cluster,
    watch: () => watchObjects(source, context, () => new KubernetesReducer(cluster), pace),
  };
}
