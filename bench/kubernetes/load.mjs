/** Reads a cluster as `serve` does, up to the first snapshot, and prints how long that took and what it holds. */
import { ContextAccess } from '../../dist/kubernetes/access.js';
import { ApiClient } from '../../dist/kubernetes/api-client.js';
import { contextOfFiles } from '../../dist/kubernetes/kubeconfig-files.js';
import { defaultMeshConfig } from '../../dist/config/decode/mesh-config.js';
import { KubernetesObjectSource } from '../../dist/config/kubernetes/source.js';
import { noMeshNetworks } from '../../dist/config/mesh-config.js';
import { MeshState } from '../../dist/mesh/mesh-state.js';
import { createKubernetesRegistry } from '../../dist/registry/kubernetes/registry.js';
import { createServiceEntryRegistry } from '../../dist/registry/service-entry/registry.js';

const [kubeconfig] = process.argv.slice(2);
const before = process.memoryUsage().rss;
const started = performance.now();

const client = new ApiClient(new ContextAccess(contextOfFiles(kubeconfig, undefined)));
const source = new KubernetesObjectSource({ cluster: 'Kubernetes', name: 'kubernetes/bench', client });
source.start();
if (!(await source.whenSynced(120_000)))
  throw source.failure ?? new Error('the cluster was not read in time');
const read = performance.now() - started;

const mesh = new MeshState();
const config = defaultMeshConfig();
const context = {
  domainSuffix: config.domainSuffix,
  trustDomain: config.trustDomain,
  rootNamespace: config.rootNamespace,
  discoverySelectors: config.discoverySelectors,
  networks: noMeshNetworks,
};
mesh.setMesh(config, noMeshNetworks);
mesh.setRegistry(createKubernetesRegistry(source, context));
mesh.setRegistry(createServiceEntryRegistry(source, { ...context, autoAllocate: 'memory' }));
mesh.addObjects(source);
mesh.snapshot();
const total = performance.now() - started;

const peak = process.resourceUsage().maxRSS * 1024;
globalThis.gc?.();
const { rss, heapUsed } = process.memoryUsage();
const objects = source.status().reduce((sum, { objects: count }) => sum + count, 0);
console.log(JSON.stringify({ read, total, objects, before, rss, heapUsed, peak }));
source.close();
client.close();
mesh.dispose();
