/** What the ServiceEntry registry needs to know of the mesh. */
import type { LabelSelector, MeshNetworks } from '../../config/mesh-config.js';

/** Settings of the mesh that decide what becomes of ServiceEntries and WorkloadEntries. */
export interface ServiceEntryContext {
  readonly trustDomain: string;
  readonly networks: MeshNetworks;
  /** The namespace whose network label is the cluster's network, `istio-system` by default. */
  readonly rootNamespace: string;
  /** Namespaces whose objects count; empty means all (Istio reference 2.11). */
  readonly discoverySelectors: readonly LabelSelector[];
  /**
   * Where the addresses of entries without one come from (Istio reference 3.7). `status`, the default: from
   * `status.addresses`, which a controller in the cluster writes. `memory`: this registry allocates what the
   * status lacks.
   */
  readonly autoAllocate?: 'status' | 'memory';
  /** Reads WorkloadEntries only: what Istio does with the entries of a remote cluster (Istio reference 2.12). */
  readonly workloadEntriesOnly?: boolean;
}
