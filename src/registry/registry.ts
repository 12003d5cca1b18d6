/**
 * The interface of a service registry: what an adapter author writes. A registry says what it holds as whole
 * values over time; everything that is asked of a registry synchronously is answered by the store built over
 * these events (`store.ts`), and so are the rules that keep a mesh alive when a registry is not.
 */
import type { Observable } from 'rxjs';
import type { Endpoint } from '../model/endpoint.js';
import type { NetworkGateway } from '../model/network.js';
import type { Provider, Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import type { SafetyRules } from './safety.js';

/**
 * What a registry says. Values are whole: an event replaces what was said before under the same key.
 *
 * A read has three outcomes. What was found is said as values; `unchanged` says that nothing was found that differs;
 * `failed` says that a part could not be read, and a `status` says so of the registry as a whole. What could not be read
 * stays in force and is marked stale: a failure cannot be said as an empty list.
 *
 * A key is any text that is unique for the value within the registry; Istio's own registries use
 * `namespace/object/hostname/address` (`serviceResourceName`).
 */
export type RegistryEvent =
  | { readonly type: 'service'; readonly key: string; readonly service: Service }
  /** A service is gone, with its endpoints. */
  | { readonly type: 'service-removed'; readonly key: string }
  /** All endpoints that the registry itself has for one service value, in order; not those of selected workloads. */
  | {
      readonly type: 'endpoints';
      readonly key: string;
      readonly hostname: string;
      readonly namespace: string;
      readonly endpoints: readonly Endpoint[];
    }
  | { readonly type: 'endpoints-removed'; readonly key: string }
  /** A workload that services of any registry may select. */
  | { readonly type: 'workload'; readonly workload: Workload }
  /** `key` is `workloadKey(workload)`. */
  | { readonly type: 'workload-removed'; readonly key: string }
  /** All gateways between networks that the registry contributes. */
  | { readonly type: 'gateways'; readonly gateways: readonly NetworkGateway[] }
  /**
   * The service of a key was read and is as it was said last; without a key, all that was not said otherwise by this
   * read of the whole registry.
   */
  | { readonly type: 'unchanged'; readonly key?: string }
  /** The service of a key could not be read: it stays in force, stale, until it is said again or `unchanged`. */
  | { readonly type: 'failed'; readonly key: string; readonly reason: string }
  /** Something under a key is left out or altered by the registry itself, with why; nothing is when `reason` is absent. */
  | { readonly type: 'quarantined'; readonly key: string; readonly reason?: string }
  /** Everything has been said once since `watch`; what has not been said is gone. */
  | { readonly type: 'synced' }
  | { readonly type: 'status'; readonly status: RegistryStatus };

/** How a registry is doing, for people and for readiness. */
export interface RegistryStatus {
  readonly state: 'connecting' | 'healthy' | 'degraded' | 'failed';
  /** What failed and what to do, when not healthy. */
  readonly message?: string;
  /** What was said may be outdated, as the registry as a whole cannot be read; so when it has `failed` unless said. */
  readonly stale?: boolean;
}

export interface ServiceRegistry {
  readonly provider: Provider;
  /** The cluster that the registry describes; endpoints of one provider and cluster are one shard. */
  readonly cluster: string;
  /**
   * Cold: each subscription is told everything, then `synced`, then what changes. It should neither error nor
   * complete; if it does, that ends neither this registry's known values nor any other registry.
   */
  watch(): Observable<RegistryEvent>;
  /** What protects the mesh from this registry beyond what is always so; registries of the adapter kit have it. */
  readonly safety?: SafetyRules;
}

/** `provider/cluster`: the text form of a shard's key (Istio reference 1.2). */
export function shardKey(registry: Pick<ServiceRegistry, 'provider' | 'cluster'>): string {
  return `${registry.provider}/${registry.cluster}`;
}
