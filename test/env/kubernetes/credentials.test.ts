/** Who Pilotlight is to a cluster, and what becomes of it when credentials end and are renewed. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { contextOfFiles, contextOfPod, isInCluster } from '../../../src/kubernetes/kubeconfig-files.js';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { expectAsFresh, Follower, newNamespace, service } from './fixture.js';
import { TcpProxy } from '../tcp-proxy.js';

/** What somebody may do who reads a cluster. */
const readRules = [
  {
    apiGroups: ['', 'discovery.k8s.io', 'networking.istio.io', 'security.istio.io', 'telemetry.istio.io'],
    resources: ['*'],
    verbs: ['list', 'watch'],
  },
];

/** Each watch ends soon, so that credentials are needed again soon. */
const shortWatches = { watch: 700 };

let kubernetes: Kubernetes;
let namespace: string;
let folder: string;

beforeAll(async () => {
  kubernetes = await Kubernetes.start();
  await kubernetes.installCrds();
  await kubernetes.createServiceAccount('istio-system', 'reader', readRules);
});

afterAll(() => kubernetes.stop());

beforeEach(async () => {
  namespace = await newNamespace(kubernetes);
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-credentials-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes a kubeconfig of a user into the folder. */
async function kubeconfig(user: Readonly<Record<string, unknown>>, server?: string): Promise<string> {
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubernetes.kubeconfig({ user, ...(server === undefined ? {} : { server }) }));
  return path;
}

function file(name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text);
}

/** Makes a service and waits until it is known. */
async function expectFollowing(follower: Follower, name: string): Promise<void> {
  await kubernetes.api.apply(service(namespace, name));
  await follower.until(`the service ${name}`, () => follower.get('Service', namespace, name) !== undefined);
}

test('a token that is renewed in its file before it ends is taken from there', async () => {
  await file('token', await kubernetes.token('istio-system', 'reader', 15));
  const context = contextOfFiles(await kubeconfig({ tokenFile: 'token' }), undefined);
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  await file('token', await kubernetes.token('istio-system', 'reader', 3600));
  const end = Date.now() + 16_000;
  while (Date.now() < end) await expectFollowing(follower, `at-${Math.floor((end - Date.now()) / 1000)}`);
  expect(follower.failures).toEqual([]);
  await expectAsFresh(follower, kubernetes);
});

test('a token that ended is told, what was known stays, and a new one in the file is picked up', async () => {
  await kubernetes.api.apply(service(namespace, 'web'));
  await file('token', await kubernetes.token('istio-system', 'reader', 2));
  const context = contextOfFiles(await kubeconfig({ tokenFile: 'token' }), undefined);
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  await follower.until('that the token is not accepted', ({ failing }) => failing);
  expect(follower.failures.at(-1)).toMatch(/401 Unauthorized/);
  expect(follower.get('Service', namespace, 'web')).toBeDefined();
  expect(follower.removed).toEqual([]);
  await file('token', await kubernetes.token('istio-system', 'reader'));
  await follower.until('that all is well', ({ failing }) => !failing);
  await expectFollowing(follower, 'late');
  await expectAsFresh(follower, kubernetes);
});

test('a plugin is run again when its token ends, whether it said so or not', async () => {
  const runs = join(folder, 'runs');
  await file('token', await kubernetes.token('istio-system', 'reader', 2));
  // The plugin hands on what is in a file; Node is the one program that is surely there.
  const script = `
    const fs = require('node:fs');
    fs.appendFileSync(${JSON.stringify(runs)}, process.env.KUBERNETES_EXEC_INFO + '\\n');
    const token = fs.readFileSync(${JSON.stringify(join(folder, 'token'))}, 'utf8');
    const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
    console.log(JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token } }));`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script],
    provideClusterInfo: true,
    interactiveMode: 'Never',
  };
  const context = contextOfFiles(await kubeconfig({ exec }), undefined);
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  await file('token', await kubernetes.token('istio-system', 'reader'));
  const count = async (): Promise<number> => (await readFile(runs, 'utf8')).trim().split('\n').length;
  expect(await count()).toBe(1);
  const end = Date.now() + 60_000;
  while ((await count()) < 2 && Date.now() < end) await expectFollowing(follower, 'web');
  expect(await count()).toBe(2);
  await expectFollowing(follower, 'late');
  expect(follower.failures).toEqual([]);
  const [info = ''] = (await readFile(runs, 'utf8')).split('\n');
  expect(JSON.parse(info)).toMatchObject({
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: `${kubernetes.server}/` } },
  });
});

test('a client certificate that is renewed in its file makes new connections', async () => {
  const proxy = await TcpProxy.start(new URL(kubernetes.server));
  const renew = async (seconds: number): Promise<void> => {
    const { cert, key } = await kubernetes.clientCertificate('somebody', 'system:masters', seconds);
    await file('tls.crt', cert);
    await file('tls.key', key);
  };
  await renew(4);
  const user = { 'client-certificate': 'tls.crt', 'client-key': 'tls.key' };
  const context = contextOfFiles(await kubeconfig(user, proxy.url), undefined);
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  const before = proxy.clients;
  expect(before).not.toEqual([]);
  await follower.until('that the certificate is not accepted', ({ failing }) => failing);
  expect(follower.failures.at(-1)).toMatch(/401 Unauthorized/);
  await renew(3600);
  await follower.until('that all is well', ({ failing }) => !failing);
  await expectFollowing(follower, 'late');
  await follower.until('that the old connections are gone', () => before.every(({ destroyed }) => destroyed));
  expect(proxy.connections).toBeGreaterThan(0);
  await expectAsFresh(follower, kubernetes);
  follower.close();
  await proxy.stop();
});

test('credentials that are changed in the kubeconfig itself are picked up', async () => {
  const token = await kubernetes.token('istio-system', 'reader', 2);
  const context = contextOfFiles(await kubeconfig({ token }), undefined);
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  await follower.until('that the token is not accepted', ({ failing }) => failing);
  await writeFile(join(folder, 'kubeconfig'), '{ "half": "a file');
  await follower.until('that the kubeconfig is used as it was', ({ lines }) =>
    lines.some((line) => line.startsWith('the kubeconfig is used as it was before')),
  );
  await kubeconfig({ token: await kubernetes.token('istio-system', 'reader') });
  await follower.until('that all is well', ({ failing }) => !failing);
  await expectFollowing(follower, 'late');
});

test('a right that is taken away is told by its name, and what was known stays', async () => {
  await kubernetes.createServiceAccount('istio-system', 'other', readRules);
  await kubernetes.api.apply(service(namespace, 'web'));
  const subject = { kind: 'ServiceAccount', namespace: 'istio-system', name: 'other' };
  const context = contextOfFiles(
    await kubeconfig({ token: await kubernetes.token('istio-system', 'other') }),
    undefined,
  );
  const follower = await Follower.synced(kubernetes, { context, timing: shortWatches });
  await kubernetes.grant(
    'istio-system-other',
    [{ ...readRules[0], apiGroups: ['discovery.k8s.io'] }],
    subject,
  );
  await follower.until('that it is forbidden', ({ failing }) => failing);
  expect(follower.failures.join('\n')).toMatch(/403 Forbidden: .* cannot watch resource "\w+"/);
  expect(follower.get('Service', namespace, 'web')).toBeDefined();
  expect(follower.removed).toEqual([]);
  await kubernetes.grant('istio-system-other', readRules, subject);
  await follower.until('that all is well', ({ failing }) => !failing);
  await expectFollowing(follower, 'late');
  await expectAsFresh(follower, kubernetes);
});

test('without a right to one kind a cluster is never taken to be read', async () => {
  await kubernetes.createServiceAccount('istio-system', 'poor', [
    { apiGroups: [''], resources: ['services', 'pods', 'nodes', 'namespaces'], verbs: ['list', 'watch'] },
  ]);
  const context = contextOfFiles(
    await kubeconfig({ token: await kubernetes.token('istio-system', 'poor') }),
    undefined,
  );
  const follower = new Follower(kubernetes, { context });
  await follower.until('that it is forbidden', ({ failing }) => failing);
  await follower.until('what may be read', ({ source }) =>
    source.status().some(({ kind, state }) => kind === 'Service' && state === 'watching'),
  );
  expect(follower.source.synced).toBe(false);
  const failing = follower.source.status().filter(({ state }) => state === 'failing');
  expect(failing.map(({ kind }) => kind)).toContain('EndpointSlice');
  expect(failing.every(({ error }) => error?.includes('403 Forbidden'))).toBe(true);
});

test('in a pod the account that Kubernetes put there is used', async () => {
  await file('token', await kubernetes.token('istio-system', 'reader'));
  await file('ca.crt', kubernetes.ca);
  await file('namespace', 'istio-system');
  const { hostname, port } = new URL(kubernetes.server);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  expect(await isInCluster(env, folder)).toBe(true);
  expect(await isInCluster({}, folder)).toBe(false);
  const context = contextOfPod(env, folder);
  expect(await context()).toMatchObject({ name: 'in-cluster', namespace: 'istio-system' });
  const follower = await Follower.synced(kubernetes, { context });
  await expectFollowing(follower, 'web');
});

test('a server that is not the one that the kubeconfig trusts is not told who one is', async () => {
  const { cert } = await kubernetes.clientCertificate('somebody');
  const trusting = JSON.parse(kubernetes.kubeconfig());
  trusting.clusters[0].cluster['certificate-authority-data'] = Buffer.from(cert).toString('base64');
  const path = join(folder, 'kubeconfig');
  await writeFile(path, JSON.stringify(trusting));
  const follower = new Follower(kubernetes, { context: contextOfFiles(path, undefined) });
  await follower.until('the failure', ({ failures }) => failures.length > 0);
  expect(follower.failures[0]).toMatch(/^127\.0\.0\.1:\d+: .*certificate/);
  trusting.clusters[0].cluster = { server: kubernetes.server, 'insecure-skip-tls-verify': true };
  await writeFile(path, JSON.stringify(trusting));
  expect(await follower.source.whenSynced(60_000)).toBe(true);
});

test('a kubeconfig may ask to act as somebody else', async () => {
  const user = { token: 'admin-token', as: 'system:serviceaccount:istio-system:nobody' };
  const follower = new Follower(kubernetes, { context: contextOfFiles(await kubeconfig(user), undefined) });
  await follower.until('that it is forbidden', ({ failing }) => failing);
  expect(follower.failures[0]).toContain(
    'User "system:serviceaccount:istio-system:nobody" cannot list resource',
  );
});
