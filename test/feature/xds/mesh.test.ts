/** What only a mesh shows, not a source of raw resources; numbers are those of docs/xds.md. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cluster, ClusterLoadAssignment } from '../../../src/envoy/messages.js';
import type { Answer, DeltaClient, SotwClient } from './client.js';
import { addressesOf, clusterOf, connectMesh, meshNode, type MeshWorld } from './mesh-world.js';
import { WarmingClient } from './warming-client.js';
import { cds, eds, variants } from './world.js';

describe('streams', () => {
  let mesh: MeshWorld;
  beforeEach(async () => {
    mesh = await connectMesh();
  });
  afterEach(() => mesh.stop());

  test.each(variants)('10: %s streams are refused until every registry has been read', async (variant) => {
    const early = mesh.client(variant);
    early.subscribe(cds);
    expect((await early.ended).code).toBe(status.UNAVAILABLE);
    await mesh.synced();
    const later = mesh.client(variant);
    later.subscribe(cds);
    expect((await later.next()).typeUrl).toBe(cds);
  });

  test.each(variants)(
    '4: a node id of another form ends a %s stream, and the form is named',
    async (variant) => {
      await mesh.synced();
      for (const id of [
        'my-envoy',
        'sidecar~1.2.3.4~a',
        'unknown~1.2.3.4~a.b~c',
        '~~~',
        'sidecar~x~y~z~~~~',
      ]) {
        const client = mesh.client(variant, { node: { id } });
        client.subscribe(cds);
        const { code, details } = await client.ended;
        expect(code, id).toBe(status.INVALID_ARGUMENT);
        expect(details).toContain('<type>~<ip>~<name>~<domain>');
      }
    },
  );

  test('2: metadata as Istio’s agents send it and a bare node are both understood', async () => {
    await mesh.synced();
    const istio = { id: meshNode.id, metadata: { fields: { ISTIO_VERSION: { stringValue: '1.30.0' } } } };
    for (const node of [meshNode, istio]) {
      const client = mesh.client('delta', { node });
      client.subscribe(cds);
      expect((await client.next()).names.length).toBeGreaterThan(0);
    }
  });
});

describe('versions', () => {
  const replicas: MeshWorld[] = [];
  afterEach(async () => {
    for (const mesh of replicas.splice(0)) await mesh.stop();
  });

  test.each(variants)('15: %s versions depend on the content alone, on every replica', async (variant) => {
    replicas.push(await connectMesh(), await connectMesh());
    const versions: string[][] = [];
    for (const mesh of replicas) {
      await mesh.synced();
      const client = mesh.client(variant);
      client.subscribe(eds, clusterOf('cart'));
      const first = await client.take();
      mesh.setEndpoints('cart', '10.0.0.9');
      const second = await client.take();
      mesh.setEndpoints('cart', '10.0.0.1', '10.0.0.2');
      const third = await client.take();
      expect(addressesOf(third)).toEqual(addressesOf(first));
      versions.push([first.version, second.version, third.version]);
    }
    const [[first = '', second = '', third = ''] = [], others] = versions;
    expect(first).not.toBe('');
    expect(second).not.toBe(first);
    expect(third).toBe(first);
    expect(others).toEqual([first, second, third]);
  });
});

describe('sotw', () => {
  let mesh: MeshWorld;
  let proxy: SotwClient;
  const [cart, nobody] = [clusterOf('cart'), clusterOf('nobody')];
  beforeEach(async () => {
    mesh = await connectMesh();
    await mesh.synced();
    proxy = mesh.sotw();
  });
  afterEach(() => mesh.stop());

  test('41: a cluster that is unknown has an empty assignment at once', async () => {
    proxy.ask(eds, [nobody, cart]);
    expect(addressesOf(await proxy.take())).toEqual({ [cart]: ['10.0.0.1', '10.0.0.2'], [nobody]: [] });
    proxy.ask(eds, [nobody, cart, clusterOf('nobody-else')]);
    expect(addressesOf(await proxy.take())).toEqual({ [clusterOf('nobody-else')]: [] });
  });

  test('39, 41: once it exists its assignment is sent', async () => {
    proxy.ask(eds, [nobody]);
    expect(addressesOf(await proxy.take())).toEqual({ [nobody]: [] });
    mesh.addService('nobody', '10.0.2.1');
    for (;;) {
      const addresses = addressesOf(await proxy.take());
      expect(Object.keys(addresses)).toEqual([nobody]);
      if (addresses[nobody]?.length === 1) break;
    }
  });

  test('35, 41: a service that is removed is not pushed as an empty assignment, but answered so when asked for', async () => {
    proxy.ask(eds, [cart, clusterOf('stock')]);
    await proxy.take();
    mesh.removeService('cart');
    // What follows shows that the removal has been pushed.
    mesh.setEndpoints('stock', '10.0.1.2');
    for (;;) {
      const addresses = addressesOf(await proxy.take());
      expect(Object.keys(addresses)).toEqual([clusterOf('stock')]);
      if (addresses[clusterOf('stock')]?.includes('10.0.1.2') === true) break;
    }
    proxy.ask(eds, [clusterOf('stock')]);
    proxy.ask(eds, [cart, clusterOf('stock')]);
    expect(addressesOf(await proxy.take())).toEqual({ [cart]: [] });
  });

  test('43: clusters have unique names', async () => {
    proxy.ask(cds, []);
    const { names, resources, typeUrl } = await proxy.take();
    expect(names.length).toBeGreaterThan(2);
    expect(new Set(names).size).toBe(names.length);
    expect(resources.every((resource) => resource.typeUrl === typeUrl)).toBe(true);
  });
});

describe('delta', () => {
  let mesh: MeshWorld;
  let proxy: DeltaClient;
  const [cart, stock, nobody] = [clusterOf('cart'), clusterOf('stock'), clusterOf('nobody')];
  beforeEach(async () => {
    mesh = await connectMesh();
    await mesh.synced();
    proxy = mesh.delta();
  });
  afterEach(() => mesh.stop());

  test('44, 45: a resource’s name is its body’s own, and its version does not change without it', async () => {
    proxy.subscribe(cds);
    const clusters = await proxy.take();
    for (const { name, body, version } of clusters.resources) {
      expect(Cluster.decode(body ?? Buffer.alloc(0)).name).toBe(name);
      expect(version).not.toBe('');
    }
    proxy.subscribe(eds, cart, stock);
    const { resources } = await proxy.take();
    for (const { name, body } of resources)
      expect(ClusterLoadAssignment.decode(body ?? Buffer.alloc(0)).clusterName).toBe(name);
    const versions = new Map(clusters.resources.map(({ name, version }) => [name, version]));
    const other = mesh.client('delta');
    other.subscribe(cds);
    for (const { name, version } of (await other.take()).resources) expect(versions.get(name)).toBe(version);
  });

  test('41, 47: endpoints of an unknown cluster are told to be removed, at once', async () => {
    proxy.subscribe(eds, cart, nobody);
    const first = await proxy.take();
    expect([first.names, first.removed]).toEqual([[cart], [nobody]]);
    mesh.addService('nobody', '10.0.2.1');
    expect(addressesOf(await proxy.take())).toEqual({ [nobody]: ['10.0.2.1'] });
  });

  test('48: a service that is removed takes its clusters and endpoints along', async () => {
    proxy.subscribe(cds);
    await proxy.take();
    proxy.subscribe(eds, cart, stock);
    await proxy.take();
    mesh.removeService('cart');
    const removed = new Map<string, readonly string[]>();
    while (removed.size < 2) {
      const answer = await proxy.take();
      expect(answer.names).toEqual([]);
      removed.set(answer.typeUrl, answer.removed);
    }
    expect(removed.get(cds)).toContain(cart);
    expect(removed.get(eds)).toEqual([cart]);
  });

  test('56: a proxy that comes back and has everything is sent nothing', async () => {
    const versionsOf = ({ resources }: Answer): Record<string, string> =>
      Object.fromEntries(resources.map(({ name, version }) => [name, version]));
    proxy.subscribe(cds);
    const clusters = versionsOf(await proxy.take());
    proxy.subscribe(eds, cart, stock);
    const endpoints = versionsOf(await proxy.take());
    proxy.close();
    const back = mesh.delta();
    back.send({ typeUrl: cds, initialResourceVersions: clusters });
    back.send({ typeUrl: eds, resourceNamesSubscribe: [cart, stock], initialResourceVersions: endpoints });
    mesh.setEndpoints('stock', '10.0.1.9');
    const only = await back.take();
    expect([only.typeUrl, addressesOf(only), only.removed]).toEqual([eds, { [stock]: ['10.0.1.9'] }, []]);
  });
});

describe.each(variants)('pushes to a %s client', (variant) => {
  let mesh: MeshWorld;
  let proxy: SotwClient | DeltaClient;
  const [cart, stock] = [clusterOf('cart'), clusterOf('stock')];

  async function start(options: Parameters<typeof connectMesh>[0] = {}): Promise<void> {
    mesh = await connectMesh(options);
    await mesh.synced();
    proxy = mesh.client(variant);
    proxy.subscribe(cds);
    await proxy.take();
    proxy.subscribe(eds, cart, stock);
    await proxy.take();
  }
  afterEach(() => mesh.stop());

  /** What comes until the endpoints of `stock`, which are changed now, have come. */
  async function untilMark(): Promise<Answer[]> {
    const mark = `10.9.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`;
    mesh.setEndpoints('stock', mark);
    const before: Answer[] = [];
    for (;;) {
      const answer = await proxy.take();
      if (answer.typeUrl === eds && addressesOf(answer)[stock]?.includes(mark) === true) return before;
      before.push(answer);
    }
  }

  test('73: the change of a service that a client did not ask for the endpoints of is not sent', async () => {
    await start();
    mesh.addService('third', '10.0.3.1');
    // Its cluster is.
    let answer = await proxy.take();
    while (!answer.names.includes(clusterOf('third'))) answer = await proxy.take();
    await untilMark();
    mesh.setEndpoints('third', '10.0.3.2', '10.0.3.3');
    expect(await untilMark()).toEqual([]);
  });

  test('74: changed endpoints send the one assignment, and no clusters', async () => {
    await start();
    mesh.setEndpoints('cart', '10.0.0.7');
    const answer = await proxy.take();
    expect([answer.typeUrl, addressesOf(answer)]).toEqual([eds, { [cart]: ['10.0.0.7'] }]);
    expect(await untilMark()).toEqual([]);
  });

  test('75: endpoints that go to zero are an empty assignment, and no clusters', async () => {
    await start();
    for (const addresses of [[], ['10.0.0.1'], [], ['10.0.0.2']]) {
      mesh.setEndpoints('cart', ...addresses);
      const answer = await proxy.take();
      expect([answer.typeUrl, addressesOf(answer), answer.removed]).toEqual([eds, { [cart]: addresses }, []]);
    }
    expect(await untilMark()).toEqual([]);
  });

  test('76: a burst of changes is one push', async () => {
    await start({ debounce: 'istio', debounceAfter: 300 });
    for (let index = 0; index < 100; index += 1) {
      mesh.setEndpoints('cart', `10.1.0.${index}`);
      mesh.addService(`more-${index}`, '10.2.0.1');
    }
    const answers = [await proxy.take()];
    if (answers[0]?.typeUrl === cds) answers.push(await proxy.take());
    const byType = new Map(answers.map((answer) => [answer.typeUrl, answer]));
    expect(byType.get(cds)?.names).toContain(clusterOf('more-99'));
    expect(addressesOf(byType.get(eds) as Answer)[cart]).toEqual(['10.1.0.99']);
    expect(await untilMark()).toEqual([]);
  });

  test('76: endpoints do not wait for quiet like everything else', async () => {
    await start({ debounceAfter: 60_000, debounceMax: 60_000 });
    mesh.addService('third', '10.0.3.1');
    for (let index = 0; index < 200; index += 1) mesh.setEndpoints('cart', `10.1.0.${index}`);
    const answers = await untilMark();
    expect(answers.every(({ typeUrl }) => typeUrl === eds)).toBe(true);
    expect(answers.length).toBeLessThanOrEqual(2);
  });

  test('41, 48, 70: services that come and go faster than clusters warm leave nothing warming', async () => {
    mesh = await connectMesh();
    await mesh.synced();
    const client = new WarmingClient(mesh.client(variant), (name) => name.startsWith('outbound|'));
    const names = Array.from({ length: 30 }, (_, index) => `flapping-${index}`);
    for (let round = 0; round < 40; round += 1) {
      for (const [index, name] of names.entries()) {
        if ((round + index) % 2 === 0) mesh.addService(name, `10.3.${index}.${round}`);
        else mesh.removeService(name);
      }
      // Now the client is in the middle of it, now it is not.
      if (round % 4 === 0) await mesh.untilPushed();
    }
    for (const name of names) mesh.removeService(name);
    mesh.addService('last', '10.4.0.1');
    await expect
      .poll(() => [[...client.clusters].sort(), [...client.warming]], { timeout: 20_000 })
      .toEqual([[cart, clusterOf('last'), stock].sort(), []]);
    client.stop();
    await client.done;
  });
});
