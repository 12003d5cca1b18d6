/** Secrets of a real cluster for gateways: who gets which, what follows a change, and what each right is for. */
import { credentials } from '@grpc/grpc-js';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startPilot, type Pilot } from '../../../src/app.js';
import { fromJson } from '../../../src/envoy/json.js';
import { Node, Secret, type DiscoveryResponseMessage } from '../../../src/envoy/messages.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { KubernetesApi, type KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import type { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { spiffe, type IssuedCertificate } from '../../certificate-authority.js';
import { AdsClient } from '../../feature/ads-client.js';
import { RecordingLogger } from '../../recording-logger.js';
import { TlsFolder } from '../tls-folder.js';
import { startWithIstio } from './fixture.js';

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const system = 'istio-system';

let kubernetes: Kubernetes;
let account: KubernetesApi;
let roles: readonly KubernetesObject[];
let tls: TlsFolder;
let folder: string;
let logger: RecordingLogger;
let pilot: Pilot;
const clients = new Set<AdsClient>();

async function documents(file: string): Promise<readonly KubernetesObject[]> {
  const text = await readFile(join(deploy, file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

beforeAll(async () => {
  kubernetes = await startWithIstio();
  const base = ['namespace', 'service-account', 'cluster-role', 'system-namespace-roles'];
  for (const file of base)
    for (const object of await documents(`base/${file}.yaml`)) await kubernetes.api.apply(object);
  roles = await documents('gateways/roles.yaml');
  for (const object of gatewayRole('edge')) await kubernetes.api.apply(object);
  const token = await kubernetes.token('pilotlight', 'pilotlight');
  account = new KubernetesApi({ server: kubernetes.server, ca: kubernetes.ca, token });
  tls = await TlsFolder.create();
});

afterAll(async () => {
  account.close();
  await tls.remove();
  await kubernetes.stop();
});

beforeEach(async () => {
  for (const role of roles) await kubernetes.api.apply(role);
  await eventually('the rights', async () => (await mayList()) || undefined);
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-gateways-'));
  const token = await kubernetes.token('pilotlight', 'pilotlight');
  await writeFile(join(folder, 'kubeconfig'), kubernetes.kubeconfig({ user: { token } }));
  logger = new RecordingLogger();
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients.clear();
  await pilot.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  pilot = await startPilot({
    kubernetes: { kubeconfig: join(folder, 'kubeconfig') },
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    tlsCert: tls.server.cert,
    tlsKey: tls.server.key,
    tlsClientCa: tls.ca,
    logger,
  });
  await pilot.ready;
}

/** What Istio's charts give a gateway: it may read Secrets of its namespace. */
function gatewayRole(name: string): readonly KubernetesObject[] {
  const metadata = { name: `${name}-sds`, namespace: system };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: system } },
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'watch', 'list'] }],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: system }],
    },
  ];
}

function secret(name: string, { cert, key }: IssuedCertificate): KubernetesObject {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, namespace: system },
    data: { 'tls.crt': base64(cert), 'tls.key': base64(key) },
  };
}

/** A gateway by the certificate of a service account, that asks for secrets. */
async function ask(serviceAccount: string, ...names: readonly string[]): Promise<AdsClient> {
  const { cert, key } = await tls.authority.issue({ uris: [spiffe(system, serviceAccount)] });
  const channel = credentials.createSsl(
    Buffer.from(tls.authority.cert),
    Buffer.from(key),
    Buffer.from(cert),
    { checkServerIdentity: () => undefined },
  );
  const client = new AdsClient(pilot.xdsAddress.port, channel);
  clients.add(client);
  const metadata = { NAMESPACE: system, CLUSTER_ID: 'Kubernetes' };
  const id = `router~10.0.0.1~${serviceAccount}.${system}~${system}.svc.cluster.local`;
  const node = fromJson(Node, { id, metadata });
  client.send({ node, typeUrl: typeUrls.sds, resourceNames: [...names] });
  return client;
}

/** The certificates that a gateway is given next, by their names. */
async function given(client: AdsClient, ...names: string[]): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const response: DiscoveryResponseMessage = await client.next();
    client.ack(response, names);
    if (response.resources.length === 0) continue;
    return Object.fromEntries(
      response.resources.map(({ value }) => {
        const { name, tlsCertificate } = Secret.decode(value);
        return [name, Buffer.from(tlsCertificate?.certificateChain?.inlineBytes ?? []).toString()];
      }),
    );
  }
}

async function mayList(): Promise<boolean> {
  return account.ask('GET', `/api/v1/namespaces/${system}/configmaps`).then(
    () => true,
    () => false,
  );
}

async function withoutRoles(kind: string): Promise<void> {
  for (const role of roles) if (role.kind === kind) await kubernetes.api.delete(role);
}

test('a gateway gets its Secret, and each that takes its place, and keeps what is deleted', async () => {
  await start();
  const first = await tls.authority.issue({ name: 'first' });
  const second = await tls.authority.issue({ name: 'second' });
  const name = 'kubernetes://web';
  const client = await ask('edge', name, 'kubernetes://late');
  await logger.line(`there is no Secret ${system}/web`);
  await kubernetes.api.apply(secret('web', first));
  expect(await given(client, name)).toEqual({ [name]: first.cert });
  await kubernetes.api.apply(secret('web', second));
  expect(await given(client, name)).toEqual({ [name]: second.cert });
  const missed = logger.line(`there is no Secret ${system}/web`, 2);
  await kubernetes.api.delete(secret('web', second));
  await missed;
  await kubernetes.api.apply(secret('web', first));
  expect(await given(client, name)).toEqual({ [name]: first.cert });
  await kubernetes.api.delete(secret('web', first));
  expect(JSON.stringify(logger.lines)).not.toContain('PRIVATE KEY');
});

test('a workload whose service account may not read Secrets gets none', async () => {
  await start();
  const pair = await tls.authority.issue({ name: 'web' });
  await kubernetes.api.apply(secret('web', pair));
  const client = await ask('web', 'kubernetes://web');
  await logger.line(`its service account web may not list Secrets of namespace ${system}`);
  const allowed = await ask('edge', 'kubernetes://web');
  expect(await given(allowed, 'kubernetes://web')).toEqual({ 'kubernetes://web': pair.cert });
  while (client.pending > 0) expect((await client.next()).resources).toEqual([]);
  await kubernetes.api.delete(secret('web', pair));
});

test('without the right to read Secrets all else is served, and what is missing is said', async () => {
  await withoutRoles('RoleBinding');
  const remote = (await documents('base/system-namespace-roles.yaml')).find(
    ({ kind, metadata }) => kind === 'RoleBinding' && metadata.name === 'pilotlight-remote-clusters',
  );
  if (remote === undefined) throw new Error('there is no binding for remote clusters');
  await kubernetes.api.delete(remote);
  await eventually('the rights to be gone', async () => !(await mayList()) || undefined);
  try {
    await start();
    await ask('edge', 'kubernetes://web');
    const { level, message, fields } = await logger.line(`the Secrets of namespace ${system} cannot be read`);
    expect(level).toBe('warn');
    expect(message).toContain('cannot list resource "secrets"');
    expect(fields['hint']).toContain('deploy/gateways');
    const ready = await fetch(`http://127.0.0.1:${pilot.httpAddress.port}/readyz`);
    expect(ready.status).toBe(200);
  } finally {
    await kubernetes.api.apply(remote);
  }
});

test('without the right to ask who may read Secrets nobody gets one, and what is missing is said', async () => {
  await withoutRoles('ClusterRoleBinding');
  await start();
  await ask('edge', 'kubernetes://web');
  const { level, message, fields } = await logger.line('the cluster cannot be asked who may read Secrets');
  expect(level).toBe('warn');
  expect(message).toContain('cannot create resource "subjectaccessreviews"');
  expect(fields['hint']).toContain('deploy/gateways');
  await logger.line('its service account edge may not list Secrets');
});
