/** Connects a mesh directory to the mesh: its configuration, and the registries of each of its clusters. */
import type { Observable, Subscription } from 'rxjs';
import { deepEqual } from '../base/compare.js';
import { atOnce } from '../base/pace.js';
import { directoryObjectSource } from '../config/mesh-directory/object-source.js';
import { primaryClusterId, type MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ObjectSource } from '../config/object.js';
import type { KubernetesContext } from '../registry/kubernetes/registry.js';
import {
  clusterRegistries,
  registryContext,
  removeClusterRegistries,
  type ClusterRegistryOptions,
} from './cluster-registries.js';
import type { MeshState } from './mesh-state.js';

export interface DirectoryConnectionOptions extends ClusterRegistryOptions {
  /** What the objects of the primary cluster become, such as these and more; they themselves when absent. */
  readonly extendPrimary?: (source: ObjectSource) => ObjectSource;
}

/**
 * Keeps the mesh at the state of a directory.
 *
 * @param states$ the directory's states; each subscriber must get the newest one at once.
 */
export function connectDirectory(
  mesh: MeshState,
  states$: Observable<MeshDirectoryState>,
  options: DirectoryConnectionOptions,
): Subscription {
  const { pace = atOnce, extendPrimary = (source) => source } = options;
  const sources = new Map<string, ObjectSource>();
  let context: KubernetesContext | undefined;
  let connected: ReadonlySet<string> = new Set();
  return states$.subscribe((state) => {
    mesh.setMesh(state.mesh, state.networks);
    const nextContext = registryContext(state.mesh, state.networks);
    const changed = !deepEqual(context, nextContext);
    context = nextContext;
    const clusters = new Set(state.clusters.keys());
    for (const cluster of clusters) {
      const isPrimary = cluster === primaryClusterId;
      const known = sources.get(cluster);
      const read = (): ObjectSource => directoryObjectSource(states$, cluster, `directory/${cluster}`, pace);
      const source = known ?? (isPrimary ? extendPrimary(read()) : read());
      sources.set(cluster, source);
      if (known === undefined || changed)
        for (const registry of clusterRegistries(source, isPrimary, nextContext, { ...options, pace }))
          mesh.setRegistry(registry);
      if (known === undefined && isPrimary) mesh.addObjects(source);
    }
    for (const cluster of connected) {
      if (clusters.has(cluster)) continue;
      sources.delete(cluster);
      removeClusterRegistries(mesh, cluster);
    }
    connected = clusters;
  });
}
