/** Connects a mesh directory to the mesh: its configuration, and the registries of each of its clusters. */
import type { Observable, Subscription } from 'rxjs';
import { deepEqual } from '../base/compare.js';
import { directoryObjectSource } from '../config/mesh-directory/object-source.js';
import { primaryClusterId, type MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ObjectSource } from '../config/object.js';
import { createKubernetesRegistry, type KubernetesContext } from '../registry/kubernetes/registry.js';
import { shardKey, type ServiceRegistry } from '../registry/registry.js';
import { createServiceEntryRegistry } from '../registry/service-entry/registry.js';
import type { MeshState } from './mesh-state.js';

export interface DirectoryConnectionOptions {
  /** Where addresses of ServiceEntries without one come from. */
  readonly autoAllocate: 'status' | 'memory';
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
  const sources = new Map<string, ObjectSource>();
  let context: RegistryContext | undefined;
  let connected: ReadonlySet<string> = new Set();
  return states$.subscribe((state) => {
    mesh.setMesh(state.mesh, state.networks);
    const nextContext = registryContext(state);
    const changed = !deepEqual(context, nextContext);
    context = nextContext;
    const clusters = new Set(state.clusters.keys());
    for (const cluster of clusters) {
      const known = sources.get(cluster);
      const source = known ?? directoryObjectSource(states$, cluster, `directory/${cluster}`);
      sources.set(cluster, source);
      if (known === undefined || changed)
        for (const registry of registriesOf(source, nextContext, options)) mesh.setRegistry(registry);
      if (known === undefined && cluster === primaryClusterId) mesh.addObjects(source);
    }
    for (const cluster of connected) {
      if (clusters.has(cluster)) continue;
      sources.delete(cluster);
      for (const provider of ['Kubernetes', 'External']) mesh.removeRegistry(shardKey({ provider, cluster }));
    }
    connected = clusters;
  });
}

type RegistryContext = KubernetesContext;

/** The part of the mesh configuration that registries depend on; when it changes they are read anew. */
function registryContext({ mesh, networks }: MeshDirectoryState): RegistryContext {
  const { domainSuffix, trustDomain, rootNamespace, discoverySelectors } = mesh;
  return { domainSuffix, trustDomain, rootNamespace, discoverySelectors, networks };
}

function registriesOf(
  source: ObjectSource,
  context: RegistryContext,
  options: DirectoryConnectionOptions,
): ServiceRegistry[] {
  return [
    createKubernetesRegistry(source, context),
    createServiceEntryRegistry(source, {
      ...context,
      autoAllocate: options.autoAllocate,
      workloadEntriesOnly: source.cluster !== primaryClusterId,
    }),
  ];
}
