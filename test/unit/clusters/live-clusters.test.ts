/** Live clusters that nobody answers for: what follows from settings alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atOnce } from '../../../src/base/pace.js';
import { clusterEntries, type ClusterEntry } from '../../../src/clusters/entry.js';
import { LiveClusters, type LiveClustersOptions } from '../../../src/clusters/live-clusters.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import { RecordingLogger } from '../../recording-logger.js';

let folder: string;
let west: ClusterEntry;
let live: LiveClusters | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-clusters-'));
  const kubeconfig = join(folder, 'west');
  // Nobody listens on this port.
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
      'current-context': 'x',
    }),
  );
  west = { name: 'west', kubeconfig };
});

afterEach(async () => {
  await live?.close();
  live = undefined;
  await rm(folder, { recursive: true, force: true });
});

function open(options: Partial<LiveClustersOptions>): LiveClusters {
  live = new LiveClusters({
    mesh: new MeshState(),
    logger: new RecordingLogger(),
    kubernetes: undefined,
    hasDirectory: false,
    clusters: [],
    systemNamespace: 'istio-system',
    revision: 'default',
    domainSuffix: 'cluster.local',
    autoAllocate: 'status',
    remoteClusterTimeout: 20,
    pace: atOnce,
    ...options,
  });
  return live;
}

function ids(clusters: LiveClusters): readonly string[] {
  return clusters.status().map(({ id }) => id);
}

test('a remote cluster that cannot be reached is waited for no longer than its time', async () => {
  const logger = new RecordingLogger();
  const mesh = new MeshState();
  const clusters = open({ clusters: [west], hasDirectory: true, logger, mesh });
  expect(await clusters.start()).toBe(true);
  expect(JSON.stringify(logger.lines)).toContain('cluster west could not be read within 0.02 s');
  expect(mesh.views()).toEqual([]);
  expect(ids(clusters)).toEqual(['west']);
});

test('a cluster of the settings is taken up and left while the mesh is served', () => {
  const clusters = open({});
  expect(clusters.isEmpty).toBe(true);
  clusters.setListed([west]);
  expect(ids(clusters)).toEqual(['west']);
  clusters.setListed([]);
  expect(ids(clusters)).toEqual([]);
});

test('a cluster gives way to one of the directory that has its id', () => {
  const clusters = open({ clusters: [], hasDirectory: true });
  clusters.setListed([west]);
  clusters.yieldTo(new Set(['Kubernetes', 'west']));
  expect(ids(clusters)).toEqual([]);
  expect(clusters.problems()).toMatchObject([
    { severity: 'error', message: expect.stringContaining('a cluster of the mesh directory') as string },
  ]);
  clusters.yieldTo(new Set(['Kubernetes']));
  expect(ids(clusters)).toEqual(['west']);
  expect(clusters.problems()).toEqual([]);
});

test('no remote cluster has the id of the primary one', () => {
  const clusters = open({ hasDirectory: true });
  clusters.setListed([{ ...west, name: 'Kubernetes' }]);
  expect(ids(clusters)).toEqual([]);
  expect(clusters.problems()).toHaveLength(1);
});

test('a live cluster beside a directory has to have another id, and is a remote one', () => {
  const { kubeconfig } = west;
  expect(() => open({ kubernetes: { kubeconfig }, hasDirectory: true })).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      hint: expect.stringContaining('--cluster-id') as string,
    }) as Error,
  );
  const clusters = open({ kubernetes: { kubeconfig, clusterId: 'live' }, hasDirectory: true });
  expect(clusters.hasPrimary).toBe(false);
  expect(clusters.isEmpty).toBe(false);
});

test.each([
  ['a mesh directory is the primary cluster', { hasDirectory: true }, 'memory'],
  ['there is no primary cluster', {}, '--context'],
])('addresses are not written where %s', (_, options, hint) => {
  expect(() => open({ ...options, autoAllocate: 'write' })).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining(hint) as string }) as Error,
  );
});

test('a kubeconfig that cannot be used ends the start', async () => {
  const clusters = open({ kubernetes: { kubeconfig: join(folder, 'missing') } });
  await expect(clusters.start()).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' });
});

test('as long as the primary cluster cannot be read, that is why the mesh is not ready', async () => {
  const clusters = open({ kubernetes: { kubeconfig: west.kubeconfig } });
  const started = clusters.start();
  await expect
    .poll(() => clusters.notReady())
    .toContainEqual(expect.stringContaining('the ConfigMap istio cannot be read'));
  await clusters.close();
  expect(await started).toBe(false);
});

test('entries of the settings file are relative to it, and have names of their own', () => {
  expect(clusterEntries([{ name: 'west', kubeconfig: 'kube/west' }], '/etc/pilotlight')).toEqual([
    { name: 'west', kubeconfig: '/etc/pilotlight/kube/west' },
  ]);
  expect(() => clusterEntries([{ name: 'west' }, { name: 'west' }], '/')).toThrow(/clusters\[1\]\.name/);
});
