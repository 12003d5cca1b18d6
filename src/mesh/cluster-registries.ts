/** The registries of one cluster's objects, which are the same wherever the objects are from. */
import { atOnce, type Pace } from '../base/pace.js';
import type { MeshConfig, MeshNetworks } from '../config/mesh-config.js';
import type { ObjectSource } from '../config/object.js';
import { createKubernetesRegistry, type KubernetesContext } from '../registry/kubernetes/registry.js';
import { shardKey, type ServiceRegistry } from '../registry/registry.js';
import { createServiceEntryRegistry } from '../registry/service-entry/registry.js';
import type { MeshState } from './mesh-state.js';

/** How registries of clusters are made. */
export interface ClusterRegistryOptions {
  /** Where addresses of ServiceEntries without one come from. */
  readonly autoAllocate: 'status' | 'memory';
  /** How what changes at once is taken in; all of it without a pause when absent. */
  readonly pace?: Pace;
}

/** The part of the mesh configuration that registries depend on; when it changes they are read anew. */
export function registryContext(config: MeshConfig, networks: MeshNetworks): KubernetesContext {
  const { domainSuffix, trustDomain, rootNamespace, discoverySelectors } = config;
  return { domainSuffix, trustDomain, rootNamespace, discoverySelectors, networks };
}

/** The registries of a cluster; of one that is not the primary one, no ServiceEntries are read (Istio reference 2.12). */
export function clusterRegistries(
  source: ObjectSource,
  isPrimary: boolean,
  context: KubernetesContext,
  { autoAllocate, pace = atOnce }: ClusterRegistryOptions,
): readonly ServiceRegistry[] {
  const entries = { ...context, autoAllocate, workloadEntriesOnly: !isPrimary };
  return [createKubernetesRegistry(source, context, pace), createServiceEntryRegistry(source, entries, pace)];
}

/** Forgets a cluster with everything that its registries said. */
export function removeClusterRegistries(mesh: MeshState, cluster: string): void {
  for (const provider of ['Kubernetes', 'External']) mesh.removeRegistry(shardKey({ provider, cluster }));
}
