/**
 * What registries hold at one moment: immutable values that the store hands on. The functions beside this file
 * answer from them what Istio's registries answer (Istio reference 1.1).
 */
import type { Endpoint } from '../model/endpoint.js';
import type { NetworkGateway } from '../model/network.js';
import type { Provider, Service, ServicePort } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import type { RegistryStatus } from './registry.js';
import type { RegistrySafety } from './safety.js';

/** The endpoints that one registry has for one service (host and namespace). */
export interface Shard {
  readonly provider: Provider;
  readonly cluster: string;
  readonly endpoints: readonly Endpoint[];
}

/** One registry's values. A part that did not change is the same object as in the view before. */
export interface RegistryView {
  readonly provider: Provider;
  readonly cluster: string;
  readonly synced: boolean;
  readonly status: RegistryStatus;
  /** By the registry's key. */
  readonly services: ReadonlyMap<string, Service>;
  /** By the registry's key of the service. */
  readonly endpoints: ReadonlyMap<string, RegistryEndpoints>;
  /** By `workloadKey`. */
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly gateways: readonly NetworkGateway[];
  /** What the registry said and cannot be used, with why; the last legal value of such a key stays in force. */
  readonly quarantined: readonly Quarantined[];
  /** What could not be read, what is held back, and what became of it. */
  readonly safety: RegistrySafety;
}

/** A value that is kept out because it is illegal. */
export interface Quarantined {
  /** The registry's key of a service or its endpoints, `workloadKey`, or `gateways`. */
  readonly key: string;
  /** What is wrong, as a sentence part without a full stop. */
  readonly reason: string;
}

export interface RegistryEndpoints {
  readonly hostname: string;
  readonly namespace: string;
  readonly endpoints: readonly Endpoint[];
}

/** All registries together, in Istio's order and merged by its rules (Istio reference 1.6). */
export interface AggregateView {
  readonly registries: readonly RegistryView[];
  readonly synced: boolean;
  /**
   * Kubernetes services of one host merged over clusters; all others as they are, not sorted or chosen among
   * (that is the mesh's work).
   */
  readonly services: readonly Service[];
  /**
   * Shards by `serviceKey(hostname, namespace)`, sorted by provider and then cluster, with the endpoints of
   * selected workloads (Istio reference 3.5, 3.6). The array of a service whose endpoints did not change is the
   * same object as in the view before.
   */
  readonly shards: ReadonlyMap<string, readonly Shard[]>;
  readonly workloads: WorkloadIndex;
  readonly gateways: readonly NetworkGateway[];
}

/** Workloads of all registries, found by what proxies know of themselves. */
export interface WorkloadIndex {
  /** Pods and WorkloadEntries whose addresses hold this one. */
  byAddress(address: string): readonly Workload[];
  /** The Pod of that cluster (any cluster when empty), namespace and name. */
  pod(cluster: string, namespace: string, name: string): Workload | undefined;
}

/** A service port that is served by the workload beside a proxy (Istio reference 2.10). */
export interface ServiceTarget {
  readonly service: Service;
  readonly port: ServicePort;
  readonly targetPort: number;
}
