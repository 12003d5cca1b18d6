/** Several revisions of a control plane in one cluster: each has its own configuration, and what is nobody's. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import type { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { run } from '../../unit/cli/run-command.js';
import { Follower, newNamespace, service, serviceEntry, startWithIstio } from './fixture.js';

let kubernetes: Kubernetes;
let folder: string;

beforeAll(async () => {
  kubernetes = await startWithIstio();
});

afterAll(() => kubernetes.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-revision-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function labelled(object: KubernetesObject, revision: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, labels: { 'istio.io/rev': revision } } };
}

test('Istio objects of other revisions do not count, and do once they are relabelled', async () => {
  const namespace = await newNamespace(kubernetes);
  const entry = serviceEntry(namespace, 'entry', 'a.example.com');
  await kubernetes.api.apply(labelled(entry, 'canary'));
  await kubernetes.api.apply(labelled(service(namespace, 'web'), 'canary'));
  const own = await Follower.synced(kubernetes, { revision: 'default' });
  const canary = await Follower.synced(kubernetes, { revision: 'canary' });
  const knows = (follower: Follower): boolean =>
    follower.get('ServiceEntry', namespace, 'entry') !== undefined;
  expect([knows(own), knows(canary)]).toEqual([false, true]);
  expect(own.get('Service', namespace, 'web')).toBeDefined();
  const status = own.source.status().find(({ kind }) => kind === 'ServiceEntry');
  expect(status).toMatchObject({ objects: 0, leftOut: 1 });

  await kubernetes.api.apply(labelled(entry, 'default'));
  await own.until('the entry', knows);
  await canary.until('the end of the entry', (follower) => !knows(follower));
  await kubernetes.api.apply(entry);
  await canary.until('the entry', knows);
  expect(knows(own)).toBe(true);
});

test('a dump is of one revision, with its ConfigMap', async () => {
  const namespace = await newNamespace(kubernetes);
  await kubernetes.api.apply(labelled(serviceEntry(namespace, 'canary', 'canary.example.com'), 'canary'));
  await kubernetes.api.apply(labelled(serviceEntry(namespace, 'stable', 'stable.example.com'), 'default'));
  await kubernetes.api.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio-canary', namespace: 'istio-system' },
    data: { mesh: 'connectTimeout: 7s' },
  });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig());
  const output = join(folder, 'mesh');
  const { code, said } = await run(
    'dump',
    '--kubeconfig',
    kubeconfig,
    '--output',
    output,
    '--revision',
    'canary',
  );
  expect(code).toBe(0);
  expect(said).toMatch(/serviceentries; \d+ of other revisions left out/);
  const written = await readFile(join(output, 'serviceentries', `${namespace}.yaml`), 'utf8');
  expect(written).toContain('canary.example.com');
  expect(written).not.toContain('stable.example.com');
  expect(await readFile(join(output, 'mesh.yaml'), 'utf8')).toBe('connectTimeout: 7s\n');
});
