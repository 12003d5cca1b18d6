/** gRPC clients without a proxy: Istio's own discovery server and Pilotlight serve each of them the same way. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { missing } from '../../../testenv/cache.mjs';
import { GrpcClient, type ClientName, type Traffic } from '../../../testenv/grpc/client.mjs';
import { clients } from '../../../testenv/grpc/install.mjs';
import { istiodBinary } from '../../../testenv/istiod/install.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { MeshFolder, service } from '../mesh-folder.js';
import { pilotlight } from '../pilotlight.js';
import { GrpcBackend, IstiodPlane, PilotlightPlane, type ControlPlane } from './fixture.js';

const absent = await missing({ istiod: istiodBinary, ...clients });
const servers = (['istiod', 'pilotlight'] as const).filter((server) => !absent.has(server as 'istiod'));
const clientNames = (Object.keys(clients) as ClientName[]).filter((client) => !absent.has(client));
const cases = servers.flatMap((server) => clientNames.map((client) => ({ server, client })));

describe.each(cases)('$client, served by $server', ({ server, client: name }) => {
  let mesh: MeshFolder;
  let plane: ControlPlane;
  let client: GrpcClient;
  let web: Traffic;
  let early: Traffic;
  const backends = new Map<string, GrpcBackend>();

  beforeAll(async () => {
    mesh = await MeshFolder.create();
    await put('web', ['a', 'b']);
    plane = await (server === 'istiod' ? IstiodPlane : PilotlightPlane).start(mesh.path);
    await connect();
  });

  afterAll(async () => {
    await client.stop();
    await plane.stop();
    for (const backend of backends.values()) backend.stop();
    await mesh.remove();
  });

  beforeEach(() => {
    web.reset();
  });

  afterEach(async () => {
    // @grpc/grpc-js-xds waits longer each time that its control plane was away, whatever came in between, and Istiod
    // is away each time that it is to see an edit.
    if (server === 'pilotlight') return;
    await client.stop();
    await connect();
    await web.until('its first answer', () => web.answers.size > 0);
  });

  async function connect(): Promise<void> {
    client = await GrpcClient.start(name, await bootstrap());
    web = client.open('web.shop.svc.cluster.local:80');
    early = client.open('early.shop.svc.cluster.local:80');
  }

  /** A client's bootstrap, as a person makes it. @returns the file */
  async function bootstrap(...flags: readonly string[]): Promise<string> {
    const file = join(mesh.path, '.grpc-bootstrap');
    await pilotlight(
      'bootstrap',
      ...['--grpc', '--server', plane.xds, '--namespace', 'shop', '--label', 'app=client', '--file', file],
      ...flags,
    );
    return file;
  }

  /** Writes a service with these backends, `name` or `name@version`, which are started when they are new. */
  async function put(host: string, names: readonly string[]): Promise<void> {
    const parts = await Promise.all(
      names.map(async (text) => {
        const [backendName = '', version = 'v1'] = text.split('@');
        const backend = backends.get(backendName) ?? (await GrpcBackend.start(backendName));
        backends.set(backendName, backend);
        return { backend, version };
      }),
    );
    await mesh.put(`${host}.yaml`, service(host, parts, 'grpc'));
  }

  /** From some moment on, which may come, nobody else answers, and no RPC fails. */
  async function expectOnly(names: readonly string[]): Promise<void> {
    await web.onlyFrom(names);
    web.reset();
    await web.onlyFrom(names, 50);
    expect(web.failures).toEqual([]);
  }

  test('has its first RPC answered, and then uses both endpoints', async () => {
    await web.onlyFrom(['a', 'b']);
    expect(web.failures).toEqual([]);
  });

  test('follows an endpoint that is replaced, without a failed RPC', async () => {
    await put('web', ['b', 'c']);
    await plane.reread();
    await web.until('an answer of the new endpoint', () => web.from('c') > 0);
    await web.onlyFrom(['b', 'c']);
    backends.get('a')?.stop();
    web.answers.clear();
    await web.onlyFrom(['b', 'c'], 50);
    expect(web.failures).toEqual([]);
  });

  test('fails RPCs while a service has no endpoint, and goes on when it has some again', async () => {
    await put('web', []);
    await plane.reread();
    // grpc-java stays with the endpoints that it had.
    if (name !== 'java') {
      await web.until('a failed RPC', () => web.failures.length > 0);
      expect(web.failures[0]).toMatch(/^UNAVAILABLE: /i);
    }
    await put('web', ['c', 'd']);
    await plane.reread();
    await expectOnly(['c', 'd']);
  });

  test('fails RPCs while no endpoint can be reached, and goes on when they are replaced', async () => {
    for (const dead of ['c', 'd']) backends.get(dead)?.stop();
    await web.until('a failed RPC', () => web.failures.length > 0);
    expect(web.failures[0]).toMatch(/^UNAVAILABLE: /i);
    await put('web', ['b', 'e']);
    await plane.reread();
    await expectOnly(['b', 'e']);
  });

  test('reaches a service that is added, over a channel from before and one from after', async () => {
    await put('early', ['g']);
    await put('late', ['h']);
    await plane.reread();
    await early.onlyFrom(['g']);
    const late = client.open('late.shop.svc.cluster.local:80');
    await late.onlyFrom(['h']);
    expect(late.failures).toEqual([]);
    expect(web.failures).toEqual([]);
  });

  test('follows a VirtualService from one version to weights over two', async () => {
    await put('web', ['b@v1', 'e@v2']);
    await mesh.put('rules.yaml', [versions, route([{ subset: 'v2' }])]);
    await plane.reread();
    await web.onlyFrom(['e']);
    await mesh.put('rules.yaml', [
      versions,
      route([
        { subset: 'v1', weight: 75 },
        { subset: 'v2', weight: 25 },
      ]),
    ]);
    await plane.reread();
    await web.until('answers of the other version', () => web.from('b') > 0);
    // In the moment that routes name other clusters, grpc-go can fail an RPC.
    web.reset();
    await web.until('400 answers', () => web.from('b') + web.from('e') >= 400);
    const share = web.from('b') / (web.from('b') + web.from('e'));
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.9);
    expect(web.failures).toEqual([]);
  });

  test('goes on while its control plane is away, and follows it when it is back', async () => {
    await plane.restart(async () => {
      web.answers.clear();
      await web.onlyFrom(['b', 'e'], 50);
      await put('web', ['b@v1', 'e@v2', 'f@v2']);
    });
    await web.onlyFrom(['b', 'e', 'f']);
    expect(web.failures).toEqual([]);
  });

  test.runIf(server === 'pilotlight')('rejects nothing but what it cannot take, and says so', async () => {
    const pilot = plane as PilotlightPlane;
    const late = client.open('late.shop.svc.cluster.local:80');
    await late.onlyFrom(['h']);
    expect(await pilot.rejected()).toEqual({});
    await mesh.put('late-rules.yaml', [tooHeavy]);
    await eventually('the rejection', async () => typeUrls.rds in (await pilot.rejected()));
    late.answers.clear();
    await late.onlyFrom(['h'], 50);
    await mesh.put('late-rules.yaml', []);
    await eventually('no rejection', async () => Object.keys(await pilot.rejected()).length === 0);
    await put('late', ['i']);
    await late.onlyFrom(['i']);
    expect(late.failures).toEqual([]);
  });

  test.runIf(server === 'pilotlight')('is known by its user agent alone', async () => {
    const other = await GrpcClient.start(name, await bootstrap('--metadata', 'GENERATOR=""'));
    try {
      const traffic = other.open('web.shop.svc.cluster.local:80');
      await traffic.until('an answer', () => traffic.answers.size > 0);
      expect(traffic.failures).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

const istio = { apiVersion: 'networking.istio.io/v1', metadata: { name: 'web', namespace: 'shop' } };

const versions = {
  ...istio,
  kind: 'DestinationRule',
  spec: { host: 'web', subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })) },
};

function route(parts: readonly { readonly subset: string; readonly weight?: number }[]): unknown {
  const destinations = parts.map(({ subset, weight = 100 }) => ({
    destination: { host: 'web', subset },
    weight,
  }));
  return { ...istio, kind: 'VirtualService', spec: { hosts: ['web'], http: [{ route: destinations }] } };
}

/** Weights whose sum is more than 32 bits hold, which every gRPC client refuses. */
const tooHeavy = {
  ...istio,
  kind: 'VirtualService',
  metadata: { name: 'late', namespace: 'shop' },
  spec: {
    hosts: ['late'],
    http: [
      { route: Array.from({ length: 3 }, () => ({ destination: { host: 'late' }, weight: 2 ** 31 - 1 })) },
    ],
  },
};
