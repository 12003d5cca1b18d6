/** What the Kubernetes registry needs to know of the mesh. */
import type { LabelSelector, MeshNetworks } from '../../config/mesh-config.js';

/** Settings of the mesh that decide what becomes of a cluster's objects. */
export interface KubernetesContext {
  /** Domain of service hosts, `cluster.local` by default. */
  readonly domainSuffix: string;
  readonly trustDomain: string;
  readonly networks: MeshNetworks;
  /** The namespace whose network label is the cluster's network, `istio-system` by default. */
  readonly rootNamespace: string;
  /** Namespaces whose objects count; empty means all (Istio reference 2.11). */
  readonly discoverySelectors: readonly LabelSelector[];
}
