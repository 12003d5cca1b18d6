import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { discover } from '../../../../src/config/kubernetes/discovery.js';
import { apiResources, remoteClusterKinds } from '../../../../src/config/kubernetes/resources.js';
import { KubernetesObjectSource } from '../../../../src/config/kubernetes/source.js';
import { lookUpKind } from '../../../../src/config/decode/kinds.js';
import type { ObjectEvent } from '../../../../src/config/object.js';
import { ApiClient } from '../../../../src/kubernetes/api-client.js';
import type { Timing } from '../../../../src/kubernetes/timing.js';
import { eventually } from '../../../../testenv/process.mjs';
import {
  PlainAccess,
  ScriptedApi,
  sendEvents,
  sendJson,
  sendStatus,
  type Exchange,
} from '../../kubernetes/scripted-api.js';

let api: ScriptedApi;
let client: ApiClient | undefined;
let source: KubernetesObjectSource | undefined;

beforeEach(async () => {
  api = await ScriptedApi.start();
});

afterEach(() => {
  source?.close();
  client?.close();
  source = undefined;
  client = undefined;
});

const core = apiResources.filter(({ builtIn }) => builtIn);

/** An API of these groups: by version, the plurals that it serves. */
type Groups = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const builtIn: Groups = {
  '': { v1: ['namespaces', 'nodes', 'services', 'pods'] },
  'discovery.k8s.io': { v1: ['endpointslices'] },
};

/** Answers what an API of these groups answers; `objects` are those of each plural. */
function serve(groups: () => Groups, objects: Readonly<Record<string, readonly unknown[]>> = {}) {
  return (exchange: Exchange): void => {
    const [, root, ...parts] = exchange.path.split('/');
    if (root === 'readyz') {
      exchange.response.end('ok');
      return;
    }
    const [group = '', version, plural] = root === 'api' ? ['', ...parts] : parts;
    const versions = groups()[group];
    const plurals = version === undefined ? undefined : versions?.[version];
    if (versions === undefined) sendStatus(exchange, 404, 'NotFound');
    else if (version === undefined)
      sendJson(exchange, { versions: Object.keys(versions).map((name) => ({ version: name })) });
    else if (plural === undefined)
      sendJson(exchange, { resources: plurals?.map((name) => ({ name, verbs: ['list', 'watch'] })) ?? [] });
    else if (plurals?.includes(plural) !== true) sendStatus(exchange, 404, 'NotFound');
    else if (exchange.query.has('watch')) sendEvents(exchange);
    else sendJson(exchange, { metadata: { resourceVersion: '1' }, items: objects[plural] ?? [] });
  };
}

function connect(timing: Partial<Timing> = {}): ApiClient {
  const quick = { firstRetry: 5, lastRetry: 20, discoverMissing: 10, discoverAll: 10 };
  client = new ApiClient(new PlainAccess(api.url), { timing: { ...quick, ...timing } });
  return client;
}

function start(timing?: Partial<Timing>): {
  readonly created: KubernetesObjectSource;
  readonly events: string[];
} {
  const created = new KubernetesObjectSource({
    cluster: 'Kubernetes',
    name: 'kubernetes/test',
    client: connect(timing),
  });
  source = created;
  const events: string[] = [];
  created.watch().subscribe((event) => events.push(describeEvent(event)));
  created.start();
  return { created, events };
}

function describeEvent(event: ObjectEvent): string {
  if (event.type === 'upsert') return `upsert ${event.object.metadata.name}`;
  if (event.type === 'removed') return `removed ${event.ref.name}`;
  return event.type === 'failed' ? `failed ${event.error.message}` : event.type;
}

test('every kind that is read of the API is one that is decoded, in each of its versions', () => {
  for (const { kind, group, versions } of apiResources) {
    for (const version of versions)
      expect(lookUpKind(group === '' ? version : `${group}/${version}`, kind)).toMatchObject({
        type: 'read',
      });
  }
  expect(apiResources.filter(({ kind }) => remoteClusterKinds.has(kind))).toHaveLength(
    remoteClusterKinds.size,
  );
});

describe('which kinds there are', () => {
  const found = async (): Promise<unknown> =>
    Object.fromEntries(await discover(connect(), apiResources, new AbortController().signal));

  test('is found out with the best version of each', async () => {
    api.answer = serve(() => ({
      ...builtIn,
      'networking.istio.io': {
        v1alpha3: ['gateways', 'sidecars'],
        v1beta1: ['gateways'],
        v2: ['virtualservices'],
      },
    }));
    expect(await found()).toEqual({
      Namespace: 'v1',
      Node: 'v1',
      Service: 'v1',
      Pod: 'v1',
      EndpointSlice: 'v1',
      Gateway: 'v1beta1',
      Sidecar: 'v1alpha3',
    });
  });

  test('is not asked of a server that is not ready', async () => {
    api.answer = (exchange) => sendStatus(exchange, 500, 'InternalError');
    await expect(found()).rejects.toThrow('the API server is not ready');
    expect(api.requests).toEqual(['GET /readyz']);
  });

  test('is asked of a server that does not tell whether it is ready', async () => {
    const answer = serve(() => builtIn);
    api.answer = (exchange) =>
      exchange.path === '/readyz' ? sendStatus(exchange, 403, 'Forbidden') : answer(exchange);
    expect(Object.keys((await found()) as object)).toHaveLength(core.length);
  });

  test('is no answer where a kind is missing that every server has', async () => {
    api.answer = serve(() => ({ ...builtIn, 'discovery.k8s.io': {} }));
    await expect(found()).rejects.toThrow(
      'the API server does not serve endpointslices of discovery.k8s.io in v1 or v1beta1',
    );
  });
});

test('a cluster without kinds of Istio is read when all others are', async () => {
  api.answer = serve(() => builtIn, { nodes: [{ metadata: { name: 'n1' } }] });
  const { created, events } = start();
  expect(await created.whenSynced(10_000)).toBe(true);
  expect(events).toEqual(['upsert n1', 'synced']);
  const late: string[] = [];
  created.watch().subscribe((event) => late.push(describeEvent(event)));
  expect(late).toEqual(['upsert n1', 'synced']);
  expect(created.status().map(({ state }) => state)).toEqual([
    ...core.map(() => 'watching'),
    ...apiResources.filter((resource) => !resource.builtIn).map(() => 'absent'),
  ]);
});

test('objects of a kind that seems to be gone stay for a while, and then go', async () => {
  const istio = { v1: ['sidecars'] };
  let groups: Groups = { ...builtIn, 'networking.istio.io': istio };
  const sidecar = {
    metadata: { name: 'main', namespace: 'shop', resourceVersion: '1' },
    spec: { egress: [{ hosts: ['*/*'] }] },
  };
  api.answer = serve(() => groups, { sidecars: [sidecar] });
  const { created, events } = start({ absence: 50 });
  const state = () => created.status().find(({ kind }) => kind === 'Sidecar')?.state;
  expect(await created.whenSynced(10_000)).toBe(true);
  groups = builtIn;
  await eventually('its absence', () => state() === 'absent' || undefined);
  groups = { ...builtIn, 'networking.istio.io': istio };
  await eventually('its return', () => state() === 'watching' || undefined);
  expect(events.filter((event) => event !== 'synced')).toEqual(['upsert main']);
  groups = builtIn;
  await eventually('its end', () => events.includes('removed main') || undefined);
  expect(created.synced).toBe(true);
});

test('a cluster that cannot be read says so once, and again when it can be', async () => {
  let broken = true;
  const answer = serve(() => builtIn);
  api.answer = (exchange) => (broken ? sendStatus(exchange, 500, 'InternalError') : answer(exchange));
  const { created, events } = start();
  await eventually('some tries', () => api.requests.length > 3 || undefined);
  expect(await created.whenSynced(0)).toBe(false);
  expect(events).toEqual(['failed the API server is not ready']);
  broken = false;
  expect(await created.whenSynced(10_000)).toBe(true);
  expect(events.at(-1)).toBe('synced');
  expect(created.failure).toBeUndefined();
});

test('a part that cannot be read keeps a cluster from being complete, and is named', async () => {
  let forbidden = true;
  const answer = serve(() => builtIn, { nodes: [{ metadata: { name: 'n1' } }] });
  api.answer = (exchange) => {
    if (forbidden && exchange.path === '/api/v1/pods')
      sendStatus(exchange, 403, 'Forbidden', 'no pods for you');
    else answer(exchange);
  };
  const { created, events } = start();
  await eventually('what can be read', () => events.includes('upsert n1') || undefined);
  await eventually('the failure', () => created.failure !== undefined || undefined);
  expect(created.failure).toMatchObject({
    code: 'CLUSTER_UNREADABLE',
    message: 'GET /api/v1/pods: 403 Forbidden: no pods for you',
  });
  expect(created.synced).toBe(false);
  forbidden = false;
  expect(await created.whenSynced(10_000)).toBe(true);
  expect(events.at(-1)).toBe('synced');
});

test('one who waits for a source that is closed waits no longer', async () => {
  const { created } = start();
  const waiting = created.whenSynced(3_600_000);
  created.close();
  expect(await waiting).toBe(false);
});
