/** A person with a cluster: Pilotlight serves what a real API server holds, and a real Envoy follows it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { ask, clientBootstrap, Load } from '../envoy/fixture.js';
import { Pilotlight } from '../pilotlight.js';
import { endpointSlice, service } from './fixture.js';
import { TcpProxy } from '../tcp-proxy.js';

/** An API server takes no endpoint on loopback. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

const catalog = 'outbound|80||catalog.shop.svc.cluster.local';

const coreResources = ['namespaces', 'nodes', 'services', 'pods', 'endpointslices', 'configmaps'];

let primary: Kubernetes;
let west: Kubernetes;
let folder: string;
let pilot: Pilotlight | undefined;
let envoy: Envoy | undefined;
const backends: HttpServer[] = [];

beforeAll(async () => {
  primary = await Kubernetes.start();
  west = await Kubernetes.start();
  await primary.installCrds();
  for (const kubernetes of [primary, west]) {
    await kubernetes.createNamespace('istio-system');
    await kubernetes.createNamespace('shop');
  }
});

afterAll(async () => {
  await primary.stop();
  await west.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-kubernetes-serve-'));
  await writeFile(join(folder, 'kubeconfig'), primary.kubeconfig());
});

afterEach(async () => {
  await envoy?.stop();
  await pilot?.server.stop();
  envoy = undefined;
  pilot = undefined;
  for (const backend of backends.splice(0)) {
    backend.closeAllConnections();
    await new Promise((resolve) => {
      backend.close(resolve);
    });
  }
  for (const kubernetes of [primary, west]) {
    for (const [apiVersion, kind] of [
      ['v1', 'Service'],
      ['discovery.k8s.io/v1', 'EndpointSlice'],
    ] as const)
      await kubernetes.api.deleteAll(apiVersion, kind, 'shop');
    await kubernetes.api.deleteAll('v1', 'Secret', 'istio-system');
    await kubernetes.api.deleteAll('v1', 'ConfigMap', 'istio-system');
  }
  await rm(folder, { recursive: true, force: true });
});

/** A server that answers with its name. @returns its port, on the machine's own address. */
async function backend(name: string): Promise<number> {
  const server = createServer((_, response) => response.end(name));
  await new Promise<void>((resolve) => {
    server.listen(0, ownAddress, resolve);
  });
  backends.push(server);
  return (server.address() as AddressInfo).port;
}

/** The slice of the catalog's one endpoint. */
function sliceTo(port: number, address = ownAddress ?? ''): KubernetesObject {
  return { ...endpointSlice('shop', 'catalog', [address]), ports: [{ name: 'http', port, protocol: 'TCP' }] };
}

async function applyCatalog(kubernetes: Kubernetes, slice: KubernetesObject): Promise<void> {
  await kubernetes.api.apply(service('shop', 'catalog'));
  await kubernetes.api.apply(slice);
}

/** A Secret by which Istio names a remote cluster. */
function remoteSecret(kubeconfig: string, namespace = 'istio-system'): KubernetesObject {
  const cluster = 'west';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `remote-${cluster}`,
      namespace,
      labels: { 'istio/multiCluster': 'true' },
    },
    stringData: { [cluster]: kubeconfig },
  };
}

function meshConfigMap(mesh: string): KubernetesObject {
  const metadata = { name: 'istio', namespace: 'istio-system' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh } };
}

/** Serves the primary cluster. */
async function serve(...flags: readonly string[]): Promise<Pilotlight> {
  pilot = await Pilotlight.start(undefined, {
    flags: ['--kubeconfig', join(folder, 'kubeconfig'), ...flags],
  });
  return pilot;
}

/** An Envoy whose listener sends everything to the catalog. @returns where to ask. */
async function startEnvoy(): Promise<string> {
  envoy = await Envoy.start(clientBootstrap(pilot?.xds ?? '', 'DELTA_GRPC', { catalog }));
  return envoy.listener('catalog');
}

interface ClustersPage {
  readonly clusters: readonly { readonly id: string; readonly state: string }[];
}

/** What is known of endpoints, as text. */
function endpoints(): Promise<string> {
  return pilot?.page('/debug/endpointz') ?? Promise.resolve('');
}

describe('serve --kubeconfig', () => {
  // Within half a second: `npm run bench -- kubernetes` measures that.
  test('brings changes through the API to a real Envoy', async () => {
    const ports = [await backend('a'), await backend('b')] as const;
    await applyCatalog(primary, sliceTo(ports[0]));
    await serve();
    const address = await startEnvoy();
    await eventually('the first answer', async () => (await ask(address)) === 'a');
    for (const [port, name] of [
      [ports[1], 'b'],
      [ports[0], 'a'],
    ] as const) {
      await primary.api.apply(sliceTo(port));
      await eventually(`an answer of ${name}`, async () => (await ask(address)) === name);
      expect(await ask(address)).toBe(name);
    }
  });

  test('serves on while the API server is down, and takes up what changed meanwhile', async () => {
    const ports = [await backend('a'), await backend('b')] as const;
    await applyCatalog(primary, sliceTo(ports[0]));
    const running = await serve();
    const address = await startEnvoy();
    await eventually('the first answer', async () => (await ask(address)) === 'a');
    const load = new Load(address, { pauseMs: 5 });
    await primary.stopApiServer();
    await running.server.until(
      'the cluster to be called unreadable',
      () => /kubernetes\/Kubernetes cannot be read/.test(running.server.output) || undefined,
    );
    expect((await fetch(`http://${running.http}/readyz`)).status).toBe(200);
    const before = load.hits('a');
    await eventually('traffic as before', () => load.hits('a') > before + 50);
    await primary.startApiServer();
    await primary.api.apply(sliceTo(ports[1]));
    await eventually('traffic at the new endpoint', () => load.hits('b') > 20);
    await load.stop();
  });

  test('takes up what changed while the API server could not be reached', async () => {
    const way = await TcpProxy.start(new URL(primary.server));
    try {
      await writeFile(join(folder, 'kubeconfig'), primary.kubeconfig({ server: way.url }));
      const ports = [await backend('a'), await backend('b')] as const;
      await applyCatalog(primary, sliceTo(ports[0]));
      const running = await serve();
      const address = await startEnvoy();
      await eventually('the first answer', async () => (await ask(address)) === 'a');
      way.refuse();
      await primary.api.apply(sliceTo(ports[1]));
      await primary.api.apply(meshConfigMap('connectTimeout: never'));
      await running.server.until(
        'the cluster to be called unreadable',
        () => /kubernetes\/Kubernetes cannot be read/.test(running.server.output) || undefined,
      );
      expect(await ask(address)).toBe('a');
      way.accept();
      await eventually('an answer of the new endpoint', async () => (await ask(address)) === 'b');
      await running.server.until(
        'the new ConfigMap',
        () => /refused: .*connectTimeout/.test(running.server.output) || undefined,
      );
    } finally {
      await way.stop();
    }
  });

  test('needs no right to read Secrets, and says that there are no remote clusters without it', async () => {
    const rules = [
      { apiGroups: ['', 'discovery.k8s.io'], resources: [...coreResources], verbs: ['list', 'watch'] },
      {
        apiGroups: ['networking.istio.io', 'security.istio.io', 'telemetry.istio.io'],
        resources: ['*'],
        verbs: ['list', 'watch'],
      },
    ];
    await primary.createServiceAccount('istio-system', 'pilotlight', rules);
    const user = { token: await primary.token('istio-system', 'pilotlight') };
    await writeFile(join(folder, 'kubeconfig'), primary.kubeconfig({ user }));
    await applyCatalog(primary, sliceTo(8080, '198.51.100.7'));
    const running = await serve();
    expect(running.server.output).toMatch(/Secrets of remote clusters in istio-system cannot be read: .*403/);
    expect(await endpoints()).toContain('198.51.100.7');
  });

  test('runs the mesh by the ConfigMap istio, and keeps what was valid of it', async () => {
    await primary.api.apply(meshConfigMap('connectTimeout: 3s'));
    await applyCatalog(primary, sliceTo(await backend('a')));
    const running = await serve();
    await startEnvoy();
    const timeout = async (): Promise<string | undefined> => {
      const dump = JSON.stringify(await envoy?.json('/config_dump?resource=dynamic_active_clusters'));
      return /"name":"outbound\|80\|\|catalog[^}]*?"connect_timeout":"([^"]+)"/.exec(dump)?.[1] ?? dump;
    };
    const timeoutIs = (value: string): Promise<unknown> =>
      eventually(`a timeout of ${value}`, async () => {
        expect(await timeout()).toContain(value);
        return true;
      });
    await timeoutIs('3s');
    await primary.api.apply(meshConfigMap('connectTimeout: -3s'));
    await running.server.until(
      'the refusal',
      () =>
        /refused: .*ConfigMap istio-system\/istio.*connectTimeout/.test(running.server.output) || undefined,
    );
    expect(await running.page('/metrics')).toMatch(/^pilot_total_rejected_configs 1/m);
    expect(await running.page('/debug/clusters')).toContain('connectTimeout');
    await primary.api.apply(meshConfigMap('connectTimeout: 4s'));
    await timeoutIs('4s');
    expect(await running.page('/metrics')).toMatch(/^pilot_total_rejected_configs 0/m);
  });
});

describe('remote clusters', () => {
  test('are added, changed and removed by Secrets while Envoys are served', async () => {
    const ports = [await backend('a'), await backend('b')] as const;
    await primary.api.apply(service('shop', 'catalog'));
    await applyCatalog(west, sliceTo(ports[0]));
    const running = await serve();
    const address = await startEnvoy();
    await primary.api.apply(remoteSecret(west.kubeconfig()));
    await eventually('an answer of the remote cluster', async () => (await ask(address)) === 'a');

    const way = await TcpProxy.start(new URL(west.server));
    try {
      const load = new Load(address, { pauseMs: 5 });
      way.refuse();
      await primary.api.apply(remoteSecret(west.kubeconfig({ server: way.url })));
      await eventually('the new way to be shown as failing beside the old one', async () => {
        const { clusters } = JSON.parse(await running.page('/debug/clusters')) as ClustersPage;
        const states = clusters.filter(({ id }) => id === 'west').map(({ state }) => state);
        expect(states).toEqual(['synced', 'failing']);
        return true;
      });
      way.accept();
      await eventually('the old way to be left', async () => {
        const { clusters } = JSON.parse(await running.page('/debug/clusters')) as ClustersPage;
        expect(clusters.map(({ id, state }) => [id, state])).toEqual([
          ['Kubernetes', 'synced'],
          ['west', 'synced'],
        ]);
        return true;
      });
      expect(way.connections).toBeGreaterThan(0);
      await west.api.apply(sliceTo(ports[1]));
      await eventually('what the new way brings', () => load.hits('b') > 20);

      await primary.api.apply(remoteSecret(west.kubeconfig({ user: { tokenFile: '/etc/passwd' } })));
      await running.server.until(
        'the refusal',
        () => /refused: .*remote-west.*tokenFile/.test(running.server.output) || undefined,
      );
      const before = load.hits('b');
      await eventually('traffic as before', () => load.hits('b') > before + 20);
      await load.stop();
    } finally {
      await way.stop();
    }

    await primary.api.delete(remoteSecret(''));
    await eventually('the end of its endpoints', async () => {
      expect(await endpoints()).not.toContain(String(ports[1]));
      return true;
    });
    expect(await running.page('/debug/clusters')).not.toContain('west');
  });

  test('do not hold up the others when they cannot be reached at the start', async () => {
    const way = await TcpProxy.start(new URL(west.server));
    try {
      way.stall();
      const ports = [await backend('a'), await backend('b')] as const;
      await primary.api.apply(remoteSecret(west.kubeconfig({ server: way.url })));
      await applyCatalog(primary, sliceTo(ports[0]));
      await applyCatalog(west, sliceTo(ports[1]));
      const running = await serve('--remote-cluster-timeout', '500ms');
      expect(running.server.output).toContain('cluster west could not be read within 0.5 s');
      const address = await startEnvoy();
      await eventually('an answer of the primary cluster', async () => (await ask(address)) === 'a');
      way.resume();
      await eventually('an answer of the remote cluster', async () => (await ask(address)) === 'b');
    } finally {
      await way.stop();
    }
  });

  test('are in the network that the label of their system namespace says', async () => {
    await primary.createNamespace('mesh-system', { 'topology.istio.io/network': 'near' });
    await west.createNamespace('mesh-system', { 'topology.istio.io/network': 'far' });
    await west.createNamespace('istio-system', { 'topology.istio.io/network': 'elsewhere' });
    await primary.api.apply(remoteSecret(west.kubeconfig(), 'mesh-system'));
    await applyCatalog(primary, sliceTo(8080, '198.51.100.1'));
    await applyCatalog(west, sliceTo(8080, '198.51.100.2'));
    await serve('--system-namespace', 'mesh-system');
    const networks = JSON.parse(await endpoints()) as unknown;
    const found = [...JSON.stringify(networks).matchAll(/"(near|far|elsewhere)"/g)].map(([, name]) => name);
    expect(new Set(found)).toEqual(new Set(['near', 'far']));
    await primary.api.deleteAll('v1', 'Secret', 'mesh-system');
    await west.createNamespace('istio-system');
  });

  test('are read beside a mesh directory, and as the settings file lists them', async () => {
    const mesh = join(folder, 'settings');
    const port = await backend('a');
    await applyCatalog(west, sliceTo(port));
    await writeFile(join(folder, 'west'), west.kubeconfig());
    const example = join(import.meta.dirname, '../../../examples/mesh');
    await writeFile(mesh, 'clusters:\n  - name: west\n    kubeconfig: west\n');
    pilot = await Pilotlight.start(example, { flags: ['--config', mesh] });
    expect(await endpoints()).toContain(String(port));
    await writeFile(mesh, 'clusters: []\n');
    await eventually('the end of the cluster', async () => {
      expect(await endpoints()).not.toContain(String(port));
      return true;
    });
  });
});
