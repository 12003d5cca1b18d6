/**
 * What Istio asks of its registries (Istio reference 1.1) and a view of all of them does not hold as it is, but for what
 * is known of a proxy (`targets.ts`).
 */
import type { Service } from '../model/service.js';
import type { MergeSource } from './aggregate-services.js';
import { mergeServices } from './aggregate-services.js';
import { servicesOf } from './instances.js';
import { compareServices } from './registry-hosts.js';
import type { AggregateView } from './view.js';

/**
 * The service of a host, in any namespace: that of the first registry that is not Kubernetes, of its services the
 * oldest; else those of the Kubernetes registries merged. Only for people and tools: proxies are served by the
 * mesh's own choice, which prefers Kubernetes (Istio reference 1.6, appendix C.12).
 */
export function service(view: AggregateView, hostname: string): Service | undefined {
  const sources: MergeSource[] = [];
  for (const registry of view.registries) {
    const [oldest] = [...servicesOf(registry, hostname)].sort(compareServices);
    if (oldest === undefined) continue;
    if (registry.provider !== 'Kubernetes') return oldest;
    sources.push({ service: oldest, cluster: registry.cluster });
  }
  const [first, ...others] = sources;
  return first === undefined ? undefined : mergeServices([first, ...others]);
}
