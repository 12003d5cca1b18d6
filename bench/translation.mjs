/** Snapshot and translation of 1,000 services with 10 endpoints each, for one sidecar: cold, warm, and after changes. */
import { defaultMeshConfig } from '../dist/config/decode/mesh-config.js';
import { noMeshNetworks } from '../dist/config/mesh-config.js';
import { finish } from '../dist/base/piecewise.js';
import { typeUrls } from '../dist/envoy/type-urls.js';
import { MeshState } from '../dist/mesh/mesh-state.js';
import { PilotSource } from '../dist/pilot-source.js';
import { MemoryRegistry } from '../dist/registry/memory/memory-registry.js';
import { median } from './median.mjs';
import { endpoints, host, namespace, service } from './values.mjs';

const serviceCount = 1000;
const rounds = 7;

/**
 * Times in milliseconds, without limits: they are for comparing one change with the next on the same machine.
 * Istio's own generators took 68 ms for the clusters and 131 ms for the endpoints of such a mesh, cold.
 */
export async function translation() {
  /** @type {Map<string, number[]>} */
  const times = new Map();
  /** @type {<T>(what: string, work: () => T) => T} */
  const timed = (what, work) => {
    const started = performance.now();
    const result = work();
    times.set(what, [...(times.get(what) ?? []), performance.now() - started]);
    return result;
  };
  let bytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    const registry = new MemoryRegistry({ provider: 'Kubernetes', cluster: 'Kubernetes' });
    for (let index = 0; index < serviceCount; index += 1) {
      registry.setService(service(index));
      registry.setEndpoints(host(index), namespace, endpoints(index, 1));
    }
    registry.synced();
    const mesh = new MeshState();
    mesh.setMesh(defaultMeshConfig(), noMeshNetworks);
    timed('registry to store', () => mesh.setRegistry(registry));
    const source = new PilotSource((problem) => {
      throw new Error(`${problem.subject}: ${problem.message}`);
    });
    source.update(timed('first snapshot', () => mesh.snapshot()));
    const metadata = {
      fields: { NAMESPACE: { stringValue: namespace }, ISTIO_VERSION: { stringValue: '1.31.0' } },
    };
    const client = source.attach({ id: 'sidecar~10.0.0.1~a.shop~shop.svc.cluster.local', metadata });
    const all = { wildcard: true, names: new Set(), placeholders: true };
    const clusters = timed('clusters, cold', () => finish(client.resources(typeUrls.cds, all)));
    const names = new Set(
      (clusters?.resources ?? []).map(({ name }) => name).filter((name) => name.startsWith('outbound')),
    );
    const named = { wildcard: false, names, placeholders: true };
    const assignments = timed('endpoints, cold', () => finish(client.resources(typeUrls.eds, named)));
    const listeners = timed('listeners, cold', () => finish(client.resources(typeUrls.lds, all)));
    bytes = [
      ...(clusters?.resources ?? []),
      ...(assignments?.resources ?? []),
      ...(listeners?.resources ?? []),
    ].reduce((sum, { body }) => sum + body.length, 0);

    registry.setEndpoints(host(7), namespace, endpoints(7, 2));
    source.update(timed('snapshot after one endpoint change', () => mesh.snapshot()));
    timed('clusters, warm', () => finish(client.resources(typeUrls.cds, all)));
    timed('listeners, warm', () => finish(client.resources(typeUrls.lds, all)));
    timed('endpoints, after one change', () => finish(client.resources(typeUrls.eds, named)));
    mesh.dispose();
  }
  const measures = [...times].map(([what, values]) => ({
    what: `${what} (median of ${rounds})`,
    value: median(values),
    unit: 'ms',
  }));
  return [
    ...measures,
    { what: 'bytes of all resources for one sidecar', value: bytes / 1024 / 1024, unit: 'MiB' },
  ];
}
