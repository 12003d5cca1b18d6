/** When which change is pushed, in virtual time. */
import { VirtualTimeScheduler, VirtualAction } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { atOnce, type Pace } from '../../src/base/pace.js';
import type { Logger } from '../../src/base/logger.js';
import { MemoryObjectSource } from '../../src/config/memory-source.js';
import { noMeshNetworks } from '../../src/config/mesh-config.js';
import { typeNameOf } from '../../src/envoy/type-urls.js';
import { MeshState } from '../../src/mesh/mesh-state.js';
import type { Snapshot } from '../../src/mesh/snapshot.js';
import type { Proxy } from '../../src/model/proxy.js';
import { Pushes, type PushOptions } from '../../src/push.js';
import { MemoryRegistry } from '../../src/registry/memory/memory-registry.js';
import type { SourceChange } from '../../src/xds/source.js';
import { silentLogger } from '../../src/base/logger.js';
import {
  destinationRule,
  endpoint,
  entryService,
  kubernetesService,
  meshConfig,
  object,
} from './mesh/builders.js';
import { pod, sidecar, workloadEntry } from './registry/store/values.js';

const web = kubernetesService('web.shop');
const picked = entryService('picked.test', 'shop', { labelSelectors: { app: 'picked' } });
const account = 'spiffe://cluster.local/ns/shop/sa/web';

/** A push as a test looks at it. */
interface Push {
  /** Milliseconds since the first snapshot. */
  readonly at: number;
  readonly types: string;
  readonly reason: string;
  /** Its version is that of the snapshot that is served. */
  readonly isServed: boolean;
}

/** A mesh whose pushes are noted, in virtual time. */
class World {
  readonly scheduler = new VirtualTimeScheduler(VirtualAction, 0);
  readonly registry = new MemoryRegistry({ provider: 'Kubernetes' });
  readonly objects = new MemoryObjectSource('Kubernetes');
  readonly pushed: Push[] = [];
  readonly updates: { readonly snapshot: Snapshot; readonly scope: string }[] = [];
  readonly changes: SourceChange[] = [];
  readonly measured: string[] = [];
  proxies: readonly Proxy[] = [];
  readonly mesh: MeshState;
  readonly pushes: Pushes;
  #began = 0;

  constructor(options: Partial<PushOptions> = {}, logger: Logger = silentLogger) {
    this.mesh = new MeshState({
      onChange: (change) => this.pushes.changed(change),
      proxies: () => this.proxies,
    });
    const { updates } = this;
    this.pushes = new Pushes(
      {
        mesh: this.mesh,
        source: {
          get snapshot() {
            return updates.at(-1)?.snapshot;
          },
          update: (snapshot, scope) => updates.push({ snapshot, scope }),
        },
        server: { push: (change) => this.#note(change), spent: 0 },
        metrics: {
          snapshotBuilt: () => this.measured.push('built'),
          debounced: () => this.measured.push('debounced'),
        },
        logger,
      },
      {
        debounce: 'fast',
        debounceAfter: 100,
        debounceMax: 10_000,
        endpointMerge: 10,
        pace: atOnce,
        scheduler: this.scheduler,
        ...options,
      },
    );
    onTestFinished(() => {
      this.pushes.dispose();
      this.mesh.dispose();
    });
  }

  /** Lets everything be said and the first snapshot be there. */
  start(): this {
    this.registry.setService(web);
    this.endpoints('10.1.0.1');
    this.registry.setService(picked);
    this.registry.synced();
    this.mesh.setMesh(meshConfig(), noMeshNetworks);
    this.mesh.setRegistry(this.registry);
    this.mesh.addObjects(this.objects);
    this.advance(1000);
    if (this.updates.length !== 1) throw new Error('there is no first snapshot');
    this.#began = this.scheduler.frame;
    this.measured.splice(0);
    return this;
  }

  /** Milliseconds since the first snapshot. */
  get now(): number {
    return this.scheduler.frame - this.#began;
  }

  endpoints(...addresses: readonly string[]): void {
    const list = addresses.map((address) => endpoint(address, { serviceAccount: account }));
    this.registry.setEndpoints(web.hostname, 'shop', list);
  }

  /** Lets time pass, with what happens in it. */
  advance(milliseconds: number): void {
    this.scheduler.maxFrames = this.scheduler.frame + milliseconds;
    this.scheduler.flush();
    this.scheduler.frame = this.scheduler.maxFrames;
  }

  /** Makes a change every so often. */
  every(milliseconds: number, times: number, change: (time: number) => void): void {
    for (let time = 0; time < times; time += 1) {
      change(time);
      this.advance(milliseconds);
    }
  }

  #note(change: SourceChange): void {
    const { types } = change;
    this.changes.push(change);
    this.pushed.push({
      at: this.now,
      types: [...(types ?? ['all'])].map((type) => typeNameOf(type) ?? type).join(' '),
      isServed: change.version === this.updates.at(-1)?.snapshot.version,
      reason: change.reason,
    });
  }
}

const eds = (at: number, reason = 'endpoints'): Push => ({ at, types: 'eds', reason, isServed: true });
const all = (at: number, reason: string): Push => ({ at, types: 'all', reason, isServed: true });

describe('a change that comes alone', () => {
  it.each<[string, (world: World) => void, readonly Push[]]>([
    ['of endpoints: their push at once', (world) => world.endpoints('10.1.0.2'), [eds(0)]],
    [
      'of endpoints that means more: a full push after the quiet time too',
      ({ registry }) => registry.setEndpoints(web.hostname, 'shop', [endpoint('10.1.0.1')]),
      [eds(0), all(100, 'endpoints')],
    ],
    [
      'of a workload that a service selects: a push of endpoints at once',
      ({ registry }) => registry.setWorkload(workloadEntry('w', '10.2.0.1', { labels: { app: 'picked' } })),
      [eds(0, 'workload')],
    ],
    [
      'of a workload that concerns nobody: nothing',
      ({ registry }) => registry.setWorkload(workloadEntry('w', '10.2.0.1')),
      [],
    ],
    [
      'of the workload beside a proxy: a full push',
      (world) => {
        world.proxies = [sidecar('web-1', '10.1.0.1')];
        world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { version: 'v2' } }));
      },
      [all(100, 'endpoints')],
    ],
    [
      'of a service: a full push after the quiet time',
      ({ registry }) => registry.setService(kubernetesService('new.shop')),
      [all(100, 'service')],
    ],
    [
      'that removes a service: the same',
      ({ registry }) => registry.removeService('shop/picked.test'),
      [all(100, 'service-removed')],
    ],
    [
      'of a service with its endpoints: one full push',
      ({ registry }) => {
        const added = kubernetesService('new.shop');
        registry.setService(added);
        registry.setEndpoints(added.hostname, 'shop', [endpoint('10.3.0.1')]);
      },
      [all(100, 'service')],
    ],
    [
      'of a rule: the same',
      ({ objects }) => objects.apply(destinationRule('shop/web', { host: 'web' })),
      [all(100, 'config')],
    ],
    [
      'of a Secret: a push of secrets after the quiet time',
      ({ objects }) => objects.apply(object('Secret', 'edge/web', { data: { cert: 'Y2VydA==' } })),
      [{ ...all(100, 'config'), types: 'sds' }],
    ],
    [
      'of a Secret that holds no certificate: nothing',
      ({ objects }) => objects.apply(object('Secret', 'edge/other', { data: {} })),
      [],
    ],
    [
      'of a Secret with a rule: a full push',
      ({ objects }) => {
        objects.apply(object('Secret', 'edge/web', { data: { cert: 'Y2VydA==' } }));
        objects.apply(destinationRule('shop/web', { host: 'web' }));
      },
      [all(100, 'config')],
    ],
    [
      'of gateways: the same',
      ({ registry }) =>
        registry.setGateways([{ network: 'n', cluster: '', address: '192.0.2.1', port: 15443 }]),
      [all(100, 'gateways')],
    ],
    [
      'of the mesh configuration: the same',
      ({ mesh }) => mesh.setMesh(meshConfig({ rootNamespace: 'root' }), noMeshNetworks),
      [all(100, 'mesh')],
    ],
    ['of how a registry is doing: nothing', ({ registry }) => registry.setStatus({ state: 'degraded' }), []],
    [
      'of endpoints of an unknown service: nothing',
      ({ registry }) => registry.setEndpoints('unknown.test', 'shop', [endpoint('10.3.0.1')]),
      [],
    ],
    ['that says nothing new: nothing', (world) => world.endpoints('10.1.0.1'), []],
  ])('%s', (_what, change, expected) => {
    const world = new World().start();
    change(world);
    world.advance(60_000);
    expect(world.pushed).toEqual(expected);
    expect(world.updates.slice(1).map(({ scope }) => (scope === 'all' ? 'all' : 'eds'))).toEqual(
      expected.map(({ types }) => (types === 'eds' ? 'eds' : 'all')),
    );
  });

  it.each<[string, (world: World) => void, readonly Push[]]>([
    ['of endpoints', (world) => world.endpoints('10.1.0.2'), [eds(100)]],
    [
      'of endpoints that means more',
      ({ registry }) => registry.setEndpoints(web.hostname, 'shop', [endpoint('10.1.0.1')]),
      [all(100, 'endpoints')],
    ],
    [
      'of a service',
      ({ registry }) => registry.setService(kubernetesService('new.shop')),
      [all(100, 'service')],
    ],
    [
      'of endpoints, with one of a service',
      (world) => {
        world.endpoints('10.1.0.2');
        world.registry.setService(kubernetesService('new.shop'));
      },
      [all(100, 'endpoints+service')],
    ],
    ['that says nothing new', (world) => world.endpoints('10.1.0.1'), []],
  ])('waits for quiet like everything else with Istio’s debounce: %s', (_what, change, expected) => {
    const world = new World({ debounce: 'istio' }).start();
    change(world);
    world.advance(60_000);
    expect(world.pushed).toEqual(expected);
  });
});

describe('changes that follow each other', () => {
  it('of endpoints are merged after the first for as long as they come', () => {
    const world = new World().start();
    world.every(2, 12, (time) => world.endpoints(`10.2.0.${time}`));
    world.advance(60_000);
    expect(world.pushed).toEqual([eds(0), eds(10), eds(20), eds(30)]);
    expect(world.updates.at(-1)?.snapshot.endpoints.shards(web.hostname, 'shop')[0]?.endpoints).toMatchObject(
      [{ addresses: ['10.2.0.11'] }],
    );
    world.endpoints('10.2.1.1');
    world.advance(1);
    expect(world.pushed.at(-1)).toEqual(eds(24 + 60_000));
  });

  it('of services are one push when it is quiet, or when the first has waited for the longest time', () => {
    const world = new World({ debounceMax: 1000 }).start();
    world.every(60, 3, (time) => world.registry.setService(kubernetesService(`new-${time}.shop`)));
    world.advance(1000);
    expect(world.pushed).toEqual([all(220, 'service')]);
    const began = world.now;
    world.every(60, 40, (time) => world.registry.setService(kubernetesService(`more-${time}.shop`)));
    expect(world.pushed[1]).toEqual(all(began + 1000, 'service'));
  });

  it('of endpoints are pushed while services wait, and do not keep them waiting', () => {
    const world = new World().start();
    world.registry.setService(kubernetesService('new.shop'));
    world.every(20, 10, (time) => world.endpoints(`10.2.0.${time}`));
    world.advance(60_000);
    expect(world.pushed.filter(({ types }) => types === 'all')).toEqual([all(100, 'service')]);
    expect(world.pushed.filter(({ types }) => types === 'eds')).toHaveLength(10);
  });

  it('of endpoints of one service wait with that service, and those of others do not', () => {
    const world = new World().start();
    const renamed = [{ name: 'renamed', port: 80, protocol: 'HTTP' }] as const;
    world.registry.setService({ ...web, ports: renamed });
    world.registry.setEndpoints(web.hostname, 'shop', [
      endpoint('10.1.0.1', { servicePortName: 'renamed', serviceAccount: account }),
    ]);
    world.registry.setWorkload(workloadEntry('w', '10.2.0.1', { labels: { app: 'picked' } }));
    world.advance(50);
    const portNames = () =>
      world.updates
        .at(-1)
        ?.snapshot.endpoints.shards(web.hostname, 'shop')
        .flatMap(({ endpoints }) => endpoints.map(({ servicePortName }) => servicePortName));
    expect(world.pushed).toEqual([eds(0, 'endpoints+workload')]);
    expect(portNames()).toEqual(['http-80']);
    world.advance(50);
    expect(world.pushed.at(-1)).toEqual(all(100, 'service'));
    expect(portNames()).toEqual(['renamed']);
  });
});

describe('a push', () => {
  it('counts from the first of what it brings', () => {
    const world = new World().start();
    const before = performance.now();
    world.endpoints('10.1.0.2');
    const after = performance.now();
    while (performance.now() < after + 2);
    world.endpoints('10.1.0.3');
    world.registry.setService(kubernetesService('new.shop'));
    world.advance(60_000);
    const [first] = world.changes;
    expect(first?.since).toBeGreaterThanOrEqual(before);
    expect(first?.since).toBeLessThanOrEqual(after);
    expect(world.changes[1]?.since).toBeGreaterThanOrEqual(after + 2);
  });

  it('is measured: how long it was waited for, and each full snapshot', () => {
    const world = new World().start();
    world.endpoints('10.1.0.2');
    world.advance(1000);
    expect(world.measured).toEqual([]);
    world.registry.setService(kubernetesService('new.shop'));
    world.advance(1000);
    expect(world.measured).toEqual(['built', 'debounced']);
  });

  it('follows for a proxy of which more is known when it is attached than it is served from', () => {
    const world = new World().start();
    const proxy = sidecar('web-1', '10.1.0.1');
    world.pushes.attached(proxy);
    world.registry.setWorkload(pod('web-1', '10.1.0.1', { labels: { version: 'v2' } }));
    world.advance(1000);
    expect(world.pushed).toEqual([]);
    world.pushes.attached(proxy);
    world.advance(1000);
    expect(world.pushed).toEqual([all(1100, 'workload')]);
    world.pushes.attached(proxy);
    world.advance(1000);
    expect(world.pushed).toHaveLength(1);
  });

  it('that fails is told, and the next change is pushed', () => {
    const errors: unknown[] = [];
    const failing: { now: boolean } = { now: true };
    const pace: Pace = {
      ...atOnce,
      drive: (work) => {
        if (failing.now) throw new Error('broken');
        return atOnce.drive(work);
      },
    };
    failing.now = false;
    const world = new World(
      { pace },
      { ...silentLogger, error: (_message, fields) => errors.push(fields) },
    ).start();
    failing.now = true;
    world.registry.setService(kubernetesService('new.shop'));
    world.advance(1000);
    expect(errors).toEqual([{ error: 'broken' }]);
    expect(world.pushed).toEqual([]);
    failing.now = false;
    world.registry.setService(kubernetesService('other.shop'));
    world.advance(1000);
    expect(world.pushed).toEqual([all(1100, 'service')]);
    expect(world.updates.at(-1)?.snapshot.services.all.map(({ attributes }) => attributes.name)).toContain(
      'new',
    );
  });
});

describe('the first snapshot', () => {
  it('waits until everyone has said everything, and not for quiet', async () => {
    const world = new World();
    let isReady = false;
    const ready = world.pushes.ready.then(() => (isReady = true));
    const late = new MemoryRegistry({ provider: 'Inventory' });
    world.mesh.setMesh(meshConfig(), noMeshNetworks);
    world.mesh.setRegistry(late);
    world.registry.synced();
    world.mesh.setRegistry(world.registry);
    late.setService(kubernetesService('web.shop'));
    world.advance(60_000);
    expect([world.updates.length, isReady]).toEqual([0, false]);
    late.synced();
    world.advance(1);
    await ready;
    expect(world.updates.map(({ scope }) => scope)).toEqual(['all']);
    expect(world.pushed).toEqual([]);
  });

  it('is not waited for by a registry that comes later', () => {
    const world = new World().start();
    const late = new MemoryRegistry({ provider: 'Inventory' });
    late.setService(entryService('late.test', 'shop'));
    world.mesh.setRegistry(late);
    world.advance(1000);
    expect(world.pushed).toHaveLength(1);
    expect(world.updates.at(-1)?.snapshot.services.byHost('late.test', 'shop')).toBeDefined();
  });

  it('does not lose what changes while it is built', () => {
    const world = new World();
    world.mesh.setMesh(meshConfig(), noMeshNetworks);
    const added = kubernetesService('new.shop');
    const build = world.mesh.build.bind(world.mesh);
    world.mesh.build = function* () {
      const next = yield* build();
      world.registry.setService(added);
      return next;
    };
    world.registry.synced();
    world.mesh.setRegistry(world.registry);
    world.advance(1);
    expect(world.updates.at(-1)?.snapshot.services.all).toEqual([]);
    world.advance(200);
    expect(world.updates.at(-1)?.snapshot.services.byHost(added.hostname, 'shop')).toBe(added);
    expect(world.pushed).toHaveLength(1);
  });
});

it('nothing is pushed any more once it is disposed of', () => {
  const world = new World().start();
  world.endpoints('10.1.0.2');
  world.registry.setService(kubernetesService('new.shop'));
  world.pushes.dispose();
  world.advance(60_000);
  expect(world.pushed).toEqual([]);
});
