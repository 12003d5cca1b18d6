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

/**
 * What a registry says. Values are whole: an event replaces what was said before under the same key. There is no
 * way to say "I could not read": that is `status`, and leaves every value in force.
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
  /** Everything has been said once since `watch`; what has not been said is gone. */
  | { readonly type: 'synced' }
  | { readonly type: 'status'; readonly status: RegistryStatus };

/** How a registry is doing, for people and for readiness. */
export interface RegistryStatus {
  readonly state: 'connecting' | 'healthy' | 'degraded' | 'failed';
  /** What failed and what to do, when not healthy. */
  readonly message?: string;
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
}

/** `provider/cluster`: the text form of a shard's key (Istio reference 1.2). */
export function shardKey(registry: Pick<ServiceRegistry, 'provider' | 'cluster'>): string {
  return `${registry.provider}/${registry.cluster}`;
}
