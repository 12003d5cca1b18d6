/** The snapshots of a running mesh: which way a change goes, and that none is lost or comes too early. */
import { describe, expect, it } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { MemoryObjectSource } from '../../../src/config/memory-source.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import { MeshState, type MeshChange } from '../../../src/mesh/mesh-state.js';
import type { NextSnapshot } from '../../../src/mesh/snapshot-series.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import type { Endpoint } from '../../../src/model/endpoint.js';
import type { Proxy } from '../../../src/model/proxy.js';
import { workloadKey } from '../../../src/model/workload.js';
import type { Service } from '../../../src/model/service.js';
import { MemoryRegistry } from '../../../src/registry/memory/memory-registry.js';
import { pod, sidecar, workloadEntry } from '../registry/store/values.js';
import { destinationRule, endpoint, entryService, kubernetesService, meshConfig } from './builders.js';

const web = kubernetesService('web.shop', { labelSelectors: { app: 'web' } });
const api = kubernetesService('api.shop', { labelSelectors: { app: 'api' } });
const account = 'spiffe://cluster.local/ns/shop/sa/web';

/** A mesh with one Kubernetes registry, which has said everything once. */
class World {
  readonly registry = new MemoryRegistry({ provider: 'Kubernetes' });
  readonly objects = new MemoryObjectSource('Kubernetes');
  readonly changes: MeshChange[] = [];
  proxies: readonly Proxy[] = [];
  readonly mesh = new MeshState({
    onChange: (change) => this.changes.push(change),
    proxies: () => this.proxies,
  });

  constructor() {
    this.registry.setService(web);
    this.endpoints(web, [endpoint('10.1.0.1', { serviceAccount: account })]);
    this.registry.setService(api);
    this.endpoints(api, [endpoint('10.1.0.9')]);
    this.registry.synced();
    this.mesh.setMesh(meshConfig(), noMeshNetworks);
    this.mesh.setRegistry(this.registry);
    this.mesh.addObjects(this.objects);
  }

  endpoints({ hostname, attributes }: Service, endpoints: readonly Endpoint[]): void {
    this.registry.setEndpoints(hostname, attributes.namespace, endpoints);
  }

  refresh(): NextSnapshot {
    const next = this.mesh.refreshEndpoints();
    if (next === undefined) throw new Error('there is no snapshot yet');
    return next;
  }
}

function addresses(
  { endpoints }: Snapshot,
  { hostname, attributes }: Service,
): readonly (string | undefined)[] {
  return endpoints
    .shards(hostname, attributes.namespace)
    .flatMap((shard) => shard.endpoints.map((each) => each.addresses[0]));
}

const parts = [
  'mesh',
  'services',
  'networks',
  'destinationRules',
  'virtualServices',
  'sidecars',
  'peerAuthentications',
  'gateways',
] as const satisfies readonly (keyof Snapshot)[];

/** What differs in two snapshots beside endpoints. */
function changedParts(before: Snapshot, after: Snapshot): readonly string[] {
  return parts.filter((part) => before[part] !== after[part]);
}

const accounted = (address: string, changes: Partial<Endpoint> = {}): Endpoint =>
  endpoint(address, { serviceAccount: account, ...changes });

describe('a change of endpoints', () => {
  it.each<[string, readonly Endpoint[], NextSnapshot['differs'], boolean]>([
    ['another address', [accounted('10.1.0.2')], 'endpoints', false],
    ['one more of the same account', [accounted('10.1.0.1'), accounted('10.1.0.2')], 'endpoints', false],
    ['another health', [accounted('10.1.0.1', { health: 'unhealthy' })], 'endpoints', false],
    ['other labels', [accounted('10.1.0.1', { labels: { version: 'v2' } })], 'endpoints', false],
    ['another place', [accounted('10.1.0.1', { locality: 'eu/west' })], 'endpoints', false],
    ['no endpoint any more', [], 'endpoints', false],
    ['another account', [endpoint('10.1.0.1', { serviceAccount: `${account}-2` })], 'endpoints', true],
    ['an account less', [endpoint('10.1.0.1')], 'endpoints', true],
    [
      'one without the mesh’s TLS',
      [accounted('10.1.0.1'), accounted('10.1.0.2', { tlsMode: 'disabled' })],
      'endpoints',
      false,
    ],
    [
      'nothing but endpoints with tunnels',
      [accounted('10.1.0.1', { labels: { 'networking.istio.io/tunnel': 'http' } })],
      'endpoints',
      true,
    ],
    [
      'one of several with a tunnel',
      [accounted('10.1.0.1'), accounted('10.1.0.2', { labels: { 'networking.istio.io/tunnel': 'http' } })],
      'endpoints',
      false,
    ],
    [
      'nothing new but where it was read from',
      [accounted('10.1.0.1', { provenance: { registry: 'test', location: 'a.yaml:9', object: 'Pod a' } })],
      'nothing',
      false,
    ],
    [
      'one that terminates',
      [accounted('10.1.0.1'), accounted('10.1.0.2', { health: 'terminating' })],
      'nothing',
      false,
    ],
  ])('to %s', (_what, endpoints, differs, more) => {
    const world = new World();
    const before = world.mesh.snapshot();
    world.endpoints(web, endpoints);
    const next = world.refresh();
    expect([next.differs, next.more]).toEqual([differs, more]);
    expect(next.snapshot === before).toBe(differs === 'nothing');
    expect(next.snapshot.version === before.version).toBe(differs === 'nothing');
    if (differs === 'endpoints')
      expect(addresses(next.snapshot, web)).toEqual(endpoints.map((each) => each.addresses[0]));
    expect(changedParts(before, next.snapshot)).toEqual([]);
    expect(world.refresh()).toEqual({ snapshot: next.snapshot, differs: 'nothing', more: false });
  });

  it.each<[string, Service, NextSnapshot['differs'], boolean]>([
    ['that clients look up in DNS', entryService('a.test', 'shop', { resolution: 'DNSLB' }), 'nothing', true],
    [
      'with one endpoint from DNS',
      entryService('a.test', 'shop', { resolution: 'DNSRoundRobinLB' }),
      'nothing',
      true,
    ],
    [
      'without an address of its own',
      entryService('a.test', 'shop', { resolution: 'Passthrough' }),
      'endpoints',
      true,
    ],
    ['of a ServiceEntry with addresses', entryService('a.test', 'shop'), 'endpoints', false],
    ['that is not known', kubernetesService('unknown.shop'), 'nothing', false],
  ])('of a service %s', (what, service, differs, more) => {
    const world = new World();
    if (!what.includes('not known')) world.registry.setService(service);
    world.endpoints(service, [endpoint('10.2.0.1')]);
    world.mesh.snapshot();
    world.endpoints(service, [endpoint('10.2.0.2')]);
    expect(world.refresh()).toMatchObject({ differs, more });
    world.endpoints(service, []);
    expect(world.refresh()).toMatchObject({ differs, more });
  });

  it('to one without the mesh’s TLS is more where a rule has connections go where the client was going', () => {
    const world = new World();
    const trafficPolicy = { loadBalancer: { simple: 'PASSTHROUGH' } } as const;
    world.objects.apply(destinationRule('shop/web', { host: 'web', trafficPolicy }));
    world.mesh.snapshot();
    world.endpoints(web, [accounted('10.1.0.2')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
    world.endpoints(web, [accounted('10.1.0.2', { tlsMode: 'disabled' })]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: true });
  });

  it('that is taken back differs from nothing', () => {
    const world = new World();
    const before = world.mesh.snapshot();
    world.endpoints(web, []);
    world.endpoints(web, [accounted('10.1.0.1')]);
    expect(world.refresh()).toEqual({ snapshot: before, differs: 'nothing', more: false });
  });

  it('to none and back is a matter of assignments alone', () => {
    const world = new World();
    world.mesh.snapshot();
    world.endpoints(web, []);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
    world.endpoints(web, [accounted('10.1.0.1')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
  });

  it('is in the next full snapshot with what more it means', () => {
    const world = new World();
    const before = world.mesh.snapshot();
    world.endpoints(web, [endpoint('10.1.0.1', { serviceAccount: `${account}-2` })]);
    world.refresh();
    expect(before.endpoints.serviceAccounts(web)).toEqual([account]);
    expect(world.mesh.snapshot().endpoints.serviceAccounts(web)).toEqual([`${account}-2`]);
  });

  it('is nothing before the first snapshot', () => {
    const world = new World();
    world.endpoints(web, []);
    expect(world.mesh.refreshEndpoints()).toBeUndefined();
    expect(addresses(world.mesh.snapshot(), web)).toEqual([]);
  });
});

describe('while something else waits for the next full snapshot', () => {
  it.each<[string, (world: World) => void]>([
    ['a service', ({ registry }) => registry.setService(kubernetesService('new.shop'))],
    ['a service that is gone', ({ registry }) => registry.removeService('shop/unknown')],
    ['a rule', ({ objects }) => objects.apply(destinationRule('shop/web', { host: 'web' }))],
    [
      'a setting of the mesh',
      ({ mesh }) => mesh.setMesh(meshConfig({ rootNamespace: 'root' }), noMeshNetworks),
    ],
    [
      'a gateway',
      ({ registry }) =>
        registry.setGateways([{ network: 'n', cluster: '', address: '192.0.2.1', port: 15443 }]),
    ],
  ])('endpoints are served without it: %s', (_what, change) => {
    const world = new World();
    const before = world.mesh.snapshot();
    change(world);
    world.endpoints(web, [accounted('10.1.0.2')]);
    const next = world.refresh();
    expect(next).toMatchObject({ differs: 'endpoints', more: false });
    expect(addresses(next.snapshot, web)).toEqual(['10.1.0.2']);
    expect(changedParts(before, next.snapshot)).toEqual([]);
    expect(next.snapshot.discovery.services).toBe(before.discovery.services);
  });

  it.each<[string, (world: World) => void, readonly string[]]>([
    [
      'whose port has another name',
      ({ registry }) =>
        registry.setService({ ...web, ports: [{ name: 'http-new', port: 80, protocol: 'HTTP' }] }),
      ['10.1.0.2'],
    ],
    ['that is gone', ({ registry }) => registry.removeService('shop/web.shop.svc.cluster.local'), []],
  ])('endpoints of a service stay %s', (_what, change, after) => {
    const world = new World();
    world.mesh.snapshot();
    change(world);
    if (after.length > 0) world.endpoints(web, [accounted('10.1.0.2', { servicePortName: 'http-new' })]);
    world.endpoints(api, [endpoint('10.1.0.8')]);
    const next = world.refresh();
    expect(next.differs).toBe('endpoints');
    expect(addresses(next.snapshot, web)).toEqual(['10.1.0.1']);
    expect(addresses(next.snapshot, api)).toEqual(['10.1.0.8']);
    world.endpoints(api, [endpoint('10.1.0.7')]);
    expect(addresses(world.refresh().snapshot, web)).toEqual(['10.1.0.1']);
    const full = world.mesh.snapshot();
    expect(addresses(full, web)).toEqual(after);
    expect(addresses(full, api)).toEqual(['10.1.0.7']);
  });

  it('endpoints of a new service wait with it', () => {
    const world = new World();
    const before = world.mesh.snapshot();
    const added = kubernetesService('new.shop');
    world.registry.setService(added);
    world.endpoints(added, [endpoint('10.3.0.1')]);
    expect(world.refresh()).toEqual({ snapshot: before, differs: 'nothing', more: false });
    expect(addresses(world.mesh.snapshot(), added)).toEqual(['10.3.0.1']);
  });
});

describe('a change of a workload', () => {
  const photos = entryService('photos.test', 'shop', { labelSelectors: { app: 'photos' } });

  it('is one of endpoints where a service selects it', () => {
    const world = new World();
    world.registry.setService(photos);
    world.mesh.snapshot();
    world.registry.setWorkload(workloadEntry('w', '10.4.0.1', { labels: { app: 'photos' } }));
    expect(world.changes.at(-1)?.what).toBe('workload');
    const next = world.refresh();
    expect(next).toMatchObject({ differs: 'endpoints', more: false });
    expect(addresses(next.snapshot, photos)).toEqual(['10.4.0.1']);
    world.registry.removeWorkload(workloadKey({ kind: 'WorkloadEntry', namespace: 'shop', name: 'w' }));
    expect(addresses(world.refresh().snapshot, photos)).toEqual([]);
  });

  it.each<[string, Proxy, boolean]>([
    ['is more for the proxy beside it', sidecar('web-1', '10.1.0.1'), true],
    ['is nothing for others', sidecar('other', '10.9.0.1'), false],
  ])('%s', (_what, proxy, more) => {
    const world = new World();
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { app: 'web' } }));
    world.mesh.snapshot();
    world.proxies = [proxy];
    expect(world.mesh.isBehind(proxy)).toBe(false);
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { app: 'web', version: 'v2' } }));
    expect(world.refresh()).toMatchObject({ differs: 'nothing', more });
    expect(world.mesh.isBehind(proxy)).toBe(more);
    world.mesh.snapshot();
    expect(world.mesh.isBehind(proxy)).toBe(false);
  });

  it('that changes nothing of its labels and services is nothing for the proxy beside it', () => {
    const world = new World();
    world.proxies = [sidecar('web-1', '10.1.0.1')];
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { app: 'web' } }));
    world.mesh.snapshot();
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { app: 'web' }, serviceAccount: account }));
    expect(world.refresh()).toMatchObject({ differs: 'nothing', more: false });
  });
});

describe('an endpoint at the address of a proxy', () => {
  const cart = entryService('cart.test', 'shop', { provider: 'Inventory' });

  it('is a service that the proxy serves, of which a registry that is not Kubernetes tells', () => {
    const world = new World();
    const inventory = new MemoryRegistry({ provider: 'Inventory' });
    inventory.setService(cart);
    inventory.synced();
    world.mesh.setRegistry(inventory);
    world.mesh.snapshot();
    const late = sidecar('late', '10.5.0.2');
    world.proxies = [sidecar('cart', '10.5.0.1')];
    inventory.setEndpoints('cart.test', 'shop', [endpoint('10.5.0.9')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
    inventory.setEndpoints('cart.test', 'shop', [endpoint('10.5.0.2')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
    expect(world.mesh.isBehind(late)).toBe(true);
    inventory.setEndpoints('cart.test', 'shop', [endpoint('10.5.0.2'), endpoint('10.5.0.1')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: true });
  });

  it('is nothing more to a proxy whose pod Kubernetes Services select', () => {
    const world = new World();
    world.proxies = [sidecar('web-1', '10.1.0.1')];
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { app: 'web' } }));
    world.endpoints(web, []);
    world.mesh.snapshot();
    world.endpoints(web, [endpoint('10.1.0.1')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: false });
  });

  it('is more to a proxy whose pod no Service selects', () => {
    const world = new World();
    world.proxies = [sidecar('web-1', '10.1.0.1')];
    const written = kubernetesService('written.shop');
    world.registry.setService(written);
    world.registry.setWorkload(pod('web-1', '10.1.0.1'));
    world.endpoints(web, []);
    world.mesh.snapshot();
    world.endpoints(written, [endpoint('10.1.0.1')]);
    expect(world.refresh()).toMatchObject({ differs: 'endpoints', more: true });
  });
});

describe('a full snapshot', () => {
  const added = kubernetesService('new.shop');

  it('is of the state in which it began, and has the endpoints of that in which it ends', () => {
    const world = new World();
    const before = world.mesh.snapshot();
    world.registry.setService(added);
    const work = world.mesh.build();
    work.next();
    const later = kubernetesService('later.shop');
    world.registry.setService(later);
    world.endpoints(web, [accounted('10.1.0.2')]);
    const meanwhile = world.refresh();
    expect(addresses(meanwhile.snapshot, web)).toEqual(['10.1.0.2']);
    expect(changedParts(before, meanwhile.snapshot)).toEqual([]);
    world.endpoints(api, [endpoint('10.1.0.8')]);
    const { snapshot, differs, more } = finish(work);
    expect([differs, more]).toEqual(['all', false]);
    expect(snapshot.services.byHost(added.hostname, 'shop')).toBe(added);
    expect(snapshot.services.byHost(later.hostname, 'shop')).toBeUndefined();
    expect(addresses(snapshot, web)).toEqual(['10.1.0.2']);
    expect(addresses(snapshot, api)).toEqual(['10.1.0.8']);
    expect(world.mesh.snapshot().services.byHost(later.hostname, 'shop')).toBe(later);
  });

  it('wants another one when endpoints meant more meanwhile', () => {
    const world = new World();
    world.mesh.snapshot();
    world.registry.setService(added);
    const work = world.mesh.build();
    work.next();
    world.endpoints(web, [endpoint('10.1.0.1', { serviceAccount: `${account}-2` })]);
    expect(finish(work)).toMatchObject({ differs: 'all', more: true });
    expect(finish(world.mesh.build())).toMatchObject({ differs: 'all', more: false });
  });

  it('wants another one when what endpoints mean was taken back meanwhile', () => {
    const world = new World();
    world.mesh.snapshot();
    world.endpoints(web, [endpoint('10.1.0.1', { serviceAccount: `${account}-2` })]);
    const work = world.mesh.build();
    work.next();
    world.endpoints(web, [accounted('10.1.0.1')]);
    expect(world.refresh()).toMatchObject({ more: false });
    expect(finish(work)).toMatchObject({ differs: 'all', more: true });
  });

  it('is left out when one that began later is there', () => {
    const world = new World();
    world.mesh.snapshot();
    const early = world.mesh.build();
    early.next();
    world.registry.setService(added);
    const late = finish(world.mesh.build());
    expect(finish(early)).toEqual({ snapshot: late.snapshot, differs: 'nothing', more: false });
    expect(world.mesh.snapshot()).toBe(late.snapshot);
  });

  it('is the one before when only the state of a registry changed', () => {
    const world = new World();
    const before = world.mesh.snapshot();
    world.registry.setStatus({ state: 'degraded', message: 'slow' });
    expect(world.changes.at(-1)?.what).toBe('status');
    expect(finish(world.mesh.build())).toEqual({ snapshot: before, differs: 'nothing', more: false });
  });

  it('has a version that no other snapshot has', () => {
    const world = new World();
    const versions = [world.mesh.snapshot().version];
    for (const address of ['10.1.0.2', '10.1.0.3']) {
      world.endpoints(web, [accounted(address)]);
      versions.push(world.refresh().snapshot.version);
    }
    world.registry.setService(added);
    versions.push(world.mesh.snapshot().version);
    expect(new Set(versions).size).toBe(versions.length);
  });
});

it('changes say what changed, where and when', () => {
  const world = new World();
  world.changes.splice(0);
  const before = performance.now();
  world.registry.setService(api);
  world.registry.setService({ ...api, creationTime: 9 });
  world.endpoints(web, []);
  world.registry.removeEndpoints('shop/web.shop.svc.cluster.local');
  world.registry.removeService('shop/api.shop.svc.cluster.local');
  world.objects.apply(destinationRule('shop/web', { host: 'web' }));
  world.mesh.setMesh(meshConfig({ rootNamespace: 'root' }), noMeshNetworks);
  world.mesh.removeRegistry('Kubernetes/Kubernetes');
  expect(world.changes.map(({ what, where }) => `${what} ${where}`)).toEqual([
    'service Kubernetes/Kubernetes',
    'endpoints Kubernetes/Kubernetes',
    'endpoints Kubernetes/Kubernetes',
    'service-removed Kubernetes/Kubernetes',
    'config memory/Kubernetes',
    'mesh mesh.yaml',
    'registry Kubernetes/Kubernetes',
  ]);
  const times = world.changes.map(({ at }) => at);
  expect(times.every((at) => at >= before && at <= performance.now())).toBe(true);
});
