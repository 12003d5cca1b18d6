/** A dump of live clusters says what the clusters say, and is asked at once. */
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describedNode } from '../../../src/cli/proxies.js';
import { compareResources } from '../../../src/compare/resources.js';
import { formatDifferences } from '../../../src/compare/report.js';
import { remoteClusterKinds } from '../../../src/config/kubernetes/resources.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import { primaryClusterId, type MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { OfflineSource, snapshotOf } from '../../../src/offline.js';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { goldenCases } from '../../golden/cases.js';
import { run } from '../../unit/cli/run-command.js';
import { applyDocument, readDocuments, removeDocuments } from './documents.js';
import { Follower, meanings, newNamespace, pod, service } from './fixture.js';

/** Every field that a dump could lose is in one of these. */
const cases = [
  'gateway/https-mutual',
  'kubernetes/dual-stack',
  'kubernetes/endpoint-conditions',
  'kubernetes/load-balancer-nodeport-external-ips',
  'kubernetes/service-accounts',
  'kubernetes/traffic-distribution-namespace',
  'mesh/cluster-local',
  'mesh/locality-lb',
  'mesh/multi-cluster-service',
  'mesh/networks-split-horizon',
  'mesh/proxy-headers',
  'serviceentry/endpoints-on-networks',
  'serviceentry/workload-entry-health',
];

/** API servers by cluster id. */
const servers = new Map<string, Kubernetes>();
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  for (const cluster of [primaryClusterId, 'west']) {
    const kubernetes = await Kubernetes.start();
    servers.set(cluster, kubernetes);
    await kubernetes.installCrds();
  }
  await primary().createNamespace('istio-system');
});

afterAll(async () => {
  for (const kubernetes of servers.values()) await kubernetes.stop();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-dump-'));
  kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(mergedKubeconfig()));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function primary(): Kubernetes {
  return serverOf(primaryClusterId);
}

function serverOf(cluster: string): Kubernetes {
  const kubernetes = servers.get(cluster);
  if (kubernetes === undefined) throw new Error(`there is no API server for cluster ${cluster}`);
  return kubernetes;
}

/** One with a context for each cluster, under the cluster's name. */
function mergedKubeconfig(): unknown {
  const each = [...servers].map(([name, kubernetes]) => {
    const { clusters, users } = JSON.parse(kubernetes.kubeconfig()) as Record<string, [object]>;
    return { name, cluster: { ...clusters?.[0], name }, user: { ...users?.[0], name } };
  });
  return {
    clusters: each.map(({ cluster }) => cluster),
    users: each.map(({ user }) => user),
    contexts: each.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': 'none',
  };
}

function dump(...args: readonly string[]): ReturnType<typeof run> {
  const own = ['--kubeconfig', kubeconfig, '--context', primaryClusterId];
  return run('dump', ...own, '--output', join(folder, 'mesh'), ...args);
}

/** The text of a file of a case; undefined when the case has none. */
async function textOf(directory: string, name: string): Promise<string | undefined> {
  return (await readdir(directory)).includes(name) ? readFile(join(directory, name), 'utf8') : undefined;
}

async function configMapOf(directory: string): Promise<KubernetesObject> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: {
      mesh: (await textOf(directory, 'mesh.yaml')) ?? '',
      meshNetworks: (await textOf(directory, 'networks.yaml')) ?? 'networks: {}',
    },
  };
}

/** Fails unless proxies are answered alike from two states. */
function expectSameAnswers(
  proxies: MeshDirectoryState['proxies'],
  left: MeshDirectoryState,
  right: MeshDirectoryState,
): void {
  const sources = [left, right].map((state) => new OfflineSource(snapshotOf(state)));
  for (const proxy of proxies) {
    const node = describedNode(proxy);
    const [a = {}, b = {}] = sources.map((source) => source.answer(node).answer);
    const types = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    expect(types.length).toBeGreaterThan(0);
    const found = types.flatMap((type) => compareResources(type, a[type] ?? [], b[type] ?? []));
    expect(formatDifferences(found, { left: 'dump', right: 'cluster' })).toBe('');
  }
}

describe('a dump gives what the cluster gives', () => {
  test.each(goldenCases().filter(({ name }) => cases.includes(name)))('$name', async ({ directory }) => {
    const written = await readMeshDirectory(directory);
    const applied: [Kubernetes, KubernetesObject[]][] = [];
    const live = new Map<string, Follower>();
    try {
      const configMap = await configMapOf(directory);
      await primary().api.apply(configMap);
      applied.push([primary(), [configMap]]);
      for (const cluster of written.clusters.keys()) {
        const file = cluster === primaryClusterId ? 'input.yaml' : `cluster-${cluster}.yaml`;
        const documents = await readDocuments(join(directory, file));
        applied.push([serverOf(cluster), documents]);
        for (const document of documents) await applyDocument(serverOf(cluster), document);
        const kinds = cluster === primaryClusterId ? {} : { kinds: remoteClusterKinds };
        live.set(cluster, await Follower.synced(serverOf(cluster), kinds));
      }
      const remotes = [...live.keys()].filter((cluster) => cluster !== primaryClusterId);
      const { code, said } = await dump(...remotes.flatMap((name) => ['--remote', `${name}=${name}`]));
      expect(said).not.toMatch(/warning|pilotlight:/);
      expect(code).toBe(0);

      const dumped = await readMeshDirectory(join(folder, 'mesh'));
      expect(dumped.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect([...dumped.clusters.keys()].sort()).toEqual([...live.keys()].sort());
      for (const [cluster, { objects }] of live)
        expect(meanings(dumped.clusters.get(cluster) ?? new Map())).toEqual(meanings(objects));
      expect(dumped.mesh).toEqual(written.mesh);
      expect(dumped.networks).toEqual(written.networks);
      const clusters = new Map([...live].map(([cluster, { objects }]) => [cluster, objects]));
      const { mesh, networks } = written;
      expectSameAnswers(written.proxies, dumped, { ...dumped, mesh, networks, clusters });
    } finally {
      for (const [kubernetes, documents] of applied) await removeDocuments(kubernetes, documents);
    }
  });
});

test('secrets are left out, and with --secrets those that gateways name are there, for the owner alone', async () => {
  const namespace = await newNamespace(primary());
  const secret = (name: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: { 'tls.crt': 'Y2VydA==', 'tls.key': 'c2VjcmV0LWtleQ==', password: 'b3RoZXItc2VjcmV0' },
  });
  await primary().api.apply(secret('named'));
  await primary().api.apply(secret('other'));
  await primary().api.apply(pod(namespace, 'edge', '10.9.0.1'));
  await primary().api.apply({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace },
    spec: {
      selector: { app: 'edge' },
      servers: [
        {
          port: { number: 443, name: 'https', protocol: 'HTTPS' },
          hosts: ['*'],
          tls: { mode: 'SIMPLE', credentialName: 'named' },
        },
      ],
    },
  });
  expect((await dump()).code).toBe(0);
  expect(await everything()).not.toContain('c2VjcmV0LWtleQ');
  expect((await dump('--secrets', '--force')).code).toBe(0);
  const path = join(folder, 'mesh', 'secrets', `${namespace}.yaml`);
  expect(await readDocuments(path)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'named', namespace },
      type: 'Opaque',
      data: { 'tls.crt': 'Y2VydA==', 'tls.key': 'c2VjcmV0LWtleQ==' },
    },
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  // One without them takes them away.
  expect((await dump('--force')).code).toBe(0);
  expect(await everything()).not.toContain('c2VjcmV0LWtleQ');
});

/** The text of every file of the dump. */
async function everything(): Promise<string> {
  const mesh = join(folder, 'mesh');
  const entries = await readdir(mesh, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  return texts.join('\n');
}

test('neither environments nor copies that clients keep are written, and two dumps are the same', async () => {
  const namespace = await newNamespace(primary());
  await primary().api.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"hush":1}', kept: 'yes' },
    },
    spec: {
      containers: [{ name: 'app', image: 'app', env: [{ name: 'PASSWORD', value: 'hush' }], args: ['hush'] }],
    },
  });
  await dump();
  const first = await everything();
  expect(first).not.toContain('hush');
  expect(first).not.toContain('managedFields');
  const [document] = await readDocuments(join(folder, 'mesh', 'pods', `${namespace}.yaml`));
  expect(document?.metadata['annotations']).toEqual({ kept: 'yes' });
  await dump('--force');
  expect(await everything()).toBe(first);
});

test('with --proxies each proxy of Istio can be asked as, gateways as routers', async () => {
  const namespace = await newNamespace(primary());
  await primary().api.apply(service(namespace, 'web'));
  const withProxy = (name: string, address: string, type: string): KubernetesObject => {
    const plain = pod(namespace, name, address);
    const args = ['proxy', type, '--domain', '$(POD_NAMESPACE).svc.cluster.local'];
    const proxy = {
      name: 'istio-proxy',
      image: 'proxyv2:1.29.3-distroless',
      args,
      env: [{ name: 'ISTIO_META_NETWORK', value: 'net-1' }],
    };
    return { ...plain, spec: { ...plain['spec'], containers: [proxy] } };
  };
  await primary().api.apply(withProxy('web-1', '10.9.1.1', 'sidecar'));
  await primary().api.apply(withProxy('edge-1', '10.9.1.2', 'router'));
  await primary().api.apply(pod(namespace, 'plain', '10.9.1.3'));
  const { code } = await dump('--proxies');
  expect(code).toBe(0);
  const { proxies } = await readMeshDirectory(join(folder, 'mesh'));
  const mine = proxies.filter(({ name }) => name.endsWith(`.${namespace}`));
  expect(mine.map(({ id }) => id)).toEqual([
    `router~10.9.1.2~edge-1.${namespace}~${namespace}.svc.cluster.local`,
    `sidecar~10.9.1.1~web-1.${namespace}~${namespace}.svc.cluster.local`,
  ]);
  expect(mine[1]?.metadata).toMatchObject({
    NAMESPACE: namespace,
    ISTIO_VERSION: '1.29.3',
    NETWORK: 'net-1',
    CLUSTER_ID: 'Kubernetes',
    LABELS: { app: 'web-1' },
  });
  const asked = await run('xds', join(folder, 'mesh'), '--proxy', `web-1.${namespace}`, '-t', 'cds');
  expect(asked.code).toBe(0);
  expect(asked.result).toContain(`web.${namespace}.svc.cluster.local`);
});

test('one who may not list everything is told what, and no folder is left', async () => {
  const rules = [{ apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: ['list'] }];
  await primary().createServiceAccount('istio-system', 'poor', rules);
  const token = await primary().token('istio-system', 'poor');
  await writeFile(kubeconfig, primary().kubeconfig({ user: { token } }));
  const { code, said } = await run('dump', '--kubeconfig', kubeconfig, '--output', join(folder, 'mesh'));
  expect(code).toBe(2);
  expect(said).toMatch(/services: .*403 Forbidden/);
  expect(await readdir(folder)).toEqual(['kubeconfig']);
});

test('a context that is not there, and a server that does not answer, are said', async () => {
  const unknown = await run(
    'dump',
    '--kubeconfig',
    kubeconfig,
    '--context',
    'nobody',
    '--output',
    join(folder, 'mesh'),
  );
  expect(unknown.code).toBe(2);
  expect(unknown.said).toContain('nobody');
  await writeFile(kubeconfig, primary().kubeconfig({ server: 'https://127.0.0.1:1' }));
  const silent = await run('dump', '--kubeconfig', kubeconfig, '--output', join(folder, 'mesh'));
  expect(silent.code).toBe(2);
  expect(silent.said).toContain('ECONNREFUSED');
  expect(await readdir(folder)).toEqual(['kubeconfig']);
});
