/**
 * What Istio asks of its registries (Istio reference 1.1), answered from a view of all of them: beside services and
 * shards, which are in the view itself, and what is known of a proxy (`targets.ts`), these.
 */
import type { NetworkGateway } from '../model/network.js';
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

/** Whether every registry has said everything once. */
export function hasSynced(view: AggregateView): boolean {
  return view.synced;
}

/** Gateways between networks, of all registries in their order. */
export function networkGateways(view: AggregateView): readonly NetworkGateway[] {
  return view.gateways;
}
