/**
 * What is served of a mesh whose endpoints change, beside what a full snapshot would give: assignments are never older,
 * and clusters and listeners only where it is said that more than endpoints differs.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { MemoryObjectSource } from '../../../src/config/memory-source.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import { resolveProxy } from '../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import type { Endpoint, HealthStatus } from '../../../src/model/endpoint.js';
import type { Proxy } from '../../../src/model/proxy.js';
import type { Service } from '../../../src/model/service.js';
import { MemoryRegistry } from '../../../src/registry/memory/memory-registry.js';
import { translateClusters } from '../../../src/translate/cluster/clusters.js';
import { translateAssignment } from '../../../src/translate/endpoint/endpoints.js';
import { translateListeners } from '../../../src/translate/listener/listeners.js';
import { Memo } from '../../../src/translate/memo.js';
import { pod, sidecar, workloadEntry } from '../registry/store/values.js';
import {
  destinationRule,
  endpoint,
  entryService,
  kubernetesService,
  meshConfig,
  proxyOf,
} from './builders.js';

const services: readonly Service[] = [
  kubernetesService('web.shop', { labelSelectors: { app: 'web' } }),
  kubernetesService('written.shop'),
  kubernetesService('headless.shop', { resolution: 'Passthrough' }),
  {
    ...kubernetesService('nodes.shop', {
      resolution: 'Passthrough',
      clusterVIPs: {},
      defaultAddress: '0.0.0.0',
    }),
    ports: [{ name: 'http-80', port: 80, protocol: 'TCP' }],
  },
  entryService('dns.test', 'shop', { resolution: 'DNSLB' }),
  entryService('round.test', 'shop', { resolution: 'DNSRoundRobinLB' }),
  entryService('picked.test', 'shop', { labelSelectors: { app: 'picked' } }),
  entryService('static.test', 'shop'),
];

const rules = [
  destinationRule('shop/web', {
    host: 'web',
    subsets: [
      { name: 'v1', labels: { version: 'v1' }, trafficPolicy: { loadBalancer: { simple: 'PASSTHROUGH' } } },
    ],
  }),
];

const proxies: readonly Proxy[] = [
  proxyOf('shop'),
  proxyOf('shop', {}, 'router'),
  sidecar('web-1', '10.0.0.1'),
  sidecar('other', '10.0.0.2'),
];

type Step = (registries: { readonly kubernetes: MemoryRegistry; readonly external: MemoryRegistry }) => void;

const someEndpoint = fc
  .record({
    address: fc.integer({ min: 1, max: 3 }),
    serviceAccount: fc.oneof(
      { arbitrary: fc.constant(''), weight: 12 },
      fc.constantFrom('spiffe://a/ns/shop/sa/a', 'spiffe://a/ns/shop/sa/b'),
    ),
    tlsMode: fc.constantFrom('istio', 'disabled'),
    health: fc.constantFrom<HealthStatus>('healthy', 'unhealthy', 'terminating'),
    labels: fc.constantFrom<Endpoint['labels']>(
      {},
      { version: 'v1' },
      { 'networking.istio.io/tunnel': 'http' },
    ),
    servicePortName: fc.constantFrom('http-80', 'http-80', 'other'),
  })
  .map(({ address, ...changes }) => endpoint(`10.0.0.${address}`, changes));

const endpointStep: fc.Arbitrary<Step> = fc
  .record({
    service: fc.constantFrom(...services),
    endpoints: fc.array(someEndpoint, { minLength: 1, maxLength: 2 }),
  })
  .map(({ service, endpoints }) => (registries) => {
    const registry =
      service.attributes.provider === 'Kubernetes' ? registries.kubernetes : registries.external;
    registry.setEndpoints(service.hostname, 'shop', endpoints);
  });

const workloadStep: fc.Arbitrary<Step> = fc
  .record({
    entry: fc.boolean(),
    name: fc.constantFrom('web-1', 'other'),
    address: fc.integer({ min: 1, max: 3 }),
    labels: fc.constantFrom<Endpoint['labels']>({}, { app: 'web' }, { app: 'picked' }),
    ready: fc.boolean(),
  })
  .map(({ entry, name, address, ...changes }) => ({ kubernetes, external }) => {
    if (entry) external.setWorkload(workloadEntry(name, `10.0.0.${address}`, changes));
    else kubernetes.setWorkload(pod(name, `10.0.0.${address}`, changes));
  });

const serviceStep: fc.Arbitrary<Step> = fc
  .record({ service: fc.constantFrom(...services), port: fc.constantFrom('http-80', 'renamed') })
  .map(({ service, port }) => ({ kubernetes, external }) => {
    const registry = service.attributes.provider === 'Kubernetes' ? kubernetes : external;
    registry.setService({ ...service, ports: [{ name: port, port: 80, protocol: 'HTTP' }] });
  });

function world() {
  const kubernetes = new MemoryRegistry({ provider: 'Kubernetes' });
  const external = new MemoryRegistry({ provider: 'External' });
  for (const service of services)
    (service.attributes.provider === 'Kubernetes' ? kubernetes : external).setService(service);
  kubernetes.synced();
  external.synced();
  const create = (): MeshState => {
    const mesh = new MeshState({ proxies: () => proxies });
    mesh.setMesh(meshConfig(), noMeshNetworks);
    mesh.setRegistry(kubernetes);
    mesh.setRegistry(external);
    mesh.addObjects(new MemoryObjectSource('Kubernetes', rules));
    return mesh;
  };
  return { registries: { kubernetes, external }, mesh: create(), fresh: () => create().snapshot() };
}

/** Clusters of all proxies as bytes, by name. */
function clustersOf(snapshot: Snapshot): unknown {
  return proxies.map((proxy) =>
    finish(translateClusters(resolveProxy(snapshot, proxy), new Memo(), undefined)).resources.map(
      ({ name, body }) => [name, body.toString('base64')],
    ),
  );
}

/** Listeners of all proxies as bytes, by name. */
function listenersOf(snapshot: Snapshot): unknown {
  return proxies.map((proxy) =>
    finish(translateListeners(resolveProxy(snapshot, proxy), new Memo()))
      .resources.map(({ name, body }) => `${name} ${body.toString('base64')}`)
      .sort(),
  );
}

/** Assignments of the services for all proxies, by name. A service that is not the same in both snapshots is left out. */
function assignmentsOf(snapshot: Snapshot, other: Snapshot): unknown {
  const same = services.filter(
    ({ hostname }) => snapshot.services.byHost(hostname, 'shop') === other.services.byHost(hostname, 'shop'),
  );
  return proxies.map((proxy) => {
    const context = resolveProxy(snapshot, proxy);
    return same.map(({ hostname }) => {
      const name = `outbound|80||${hostname}`;
      return [name, translateAssignment(context, name, new Memo()).resource?.body.toString('base64')];
    });
  });
}

it('assignments are those that a full snapshot would give, so are clusters and listeners unless more is said to differ', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ arbitrary: endpointStep, weight: 4 }, workloadStep), { maxLength: 12 }),
      fc.array(fc.oneof({ arbitrary: endpointStep, weight: 4 }, workloadStep), {
        minLength: 1,
        maxLength: 4,
      }),
      (setup, steps) => {
        const { registries, mesh, fresh } = world();
        for (const step of setup) step(registries);
        const full = mesh.snapshot();
        let served = full;
        let more = false;
        for (const step of steps) {
          step(registries);
          const next = mesh.refreshEndpoints();
          if (next === undefined) throw new Error('there is a snapshot');
          expect(next.snapshot === served).toBe(next.differs === 'nothing');
          served = next.snapshot;
          more ||= next.more;
        }
        const expected = fresh();
        expect(assignmentsOf(served, expected)).toEqual(assignmentsOf(expected, served));
        if (!more) expect(clustersOf(full)).toEqual(clustersOf(expected));
        if (!more) expect(listenersOf(full)).toEqual(listenersOf(expected));
      },
    ),
    { numRuns: 400 },
  );
});

it('assignments of services that did not change are those that a full snapshot would give while others wait for one', () => {
  fc.assert(
    fc.property(
      fc.array(endpointStep, { maxLength: 8 }),
      fc.array(fc.oneof(endpointStep, workloadStep, serviceStep), { minLength: 1, maxLength: 8 }),
      fc.nat(8),
      (setup, steps, whenBuilt) => {
        const { registries, mesh, fresh } = world();
        for (const step of setup) step(registries);
        mesh.snapshot();
        const work = mesh.build();
        let served: Snapshot | undefined;
        for (const [index, step] of steps.entries()) {
          if (index === whenBuilt) work.next();
          step(registries);
          served = mesh.refreshEndpoints()?.snapshot;
        }
        if (served === undefined) throw new Error('there is a snapshot');
        const expected = fresh();
        expect(assignmentsOf(served, expected)).toEqual(assignmentsOf(expected, served));
        if (whenBuilt >= steps.length) return;
        const built = finish(work).snapshot;
        expect(assignmentsOf(built, expected)).toEqual(assignmentsOf(expected, built));
      },
    ),
    { numRuns: 300 },
  );
});
