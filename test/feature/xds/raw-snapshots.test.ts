/** Raw snapshots over HTTP, and the scenarios that the published conformance suite demands of them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  MemoryRegistry,
  startPilot,
  type LogFields,
  type Logger,
  type Pilot,
  type PilotOptions,
} from '../../../src/index.js';
import {
  bodyOf,
  newClient,
  serviceTypes,
  type Answer,
  type ClientOptions,
  type DeltaClient,
  type Service,
  type SotwClient,
  type Variant,
} from './client.js';
import { probeType, settle } from './settle.js';
import { cds, eds, lds, nodeId, rds, variants } from './world.js';

let pilot: Pilot | undefined;
/** Serves all scenarios, to a node for each. */
let shared: Pilot;
const clients: (SotwClient | DeltaClient)[] = [];

const free = { host: '127.0.0.1', port: 0 };
beforeAll(async () => {
  shared = await startPilot({ rawSnapshots: true, xdsAddress: free, httpAddress: free });
});
afterAll(() => shared.close());

async function start(options: Partial<PilotOptions> = {}): Promise<Pilot> {
  pilot = await startPilot({ rawSnapshots: true, xdsAddress: free, httpAddress: free, ...options });
  return pilot;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await pilot?.close();
  pilot = undefined;
});

function connect(variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient {
  const client = newClient(variant, (pilot ?? shared).xdsAddress.port, options);
  clients.push(client);
  return client;
}

function snapshotUrl(): string {
  return `http://127.0.0.1:${(pilot ?? shared).httpAddress.port}/snapshot`;
}

async function put(body: unknown): Promise<{ status: number; text: string }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(snapshotUrl(), { method: 'PUT', body: text });
  return { status: response.status, text: await response.text() };
}

/** What the adapter of the suite does with its calls: it keeps a node's resources, and puts all of them. */
class Adapter {
  readonly node: string;
  readonly #types = new Map<string, { version: string; resources: Map<string, string> }>();
  #bodies = 0;

  constructor(node: string) {
    this.node = node;
  }

  async setState(version: string, types: Readonly<Record<string, readonly string[]>>): Promise<void> {
    this.#types.clear();
    for (const [typeUrl, names] of Object.entries(types)) {
      const resources = new Map(names.map((name) => [name, this.#body()]));
      this.#types.set(typeUrl, { version, resources });
    }
    await this.#put();
  }

  async clearState(): Promise<void> {
    this.#types.clear();
    const response = await fetch(`${snapshotUrl()}?node=${this.node}`, { method: 'DELETE' });
    if (response.status !== 200) throw new Error(`the state could not be cleared: ${await response.text()}`);
  }

  /** Adds a resource, or gives it another content. */
  async update(typeUrl: string, name: string, version: string, content = this.#body()): Promise<void> {
    const type = this.#types.get(typeUrl) ?? { version, resources: new Map<string, string>() };
    type.resources.set(name, content);
    this.#types.set(typeUrl, { ...type, version });
    await this.#put();
  }

  async remove(typeUrl: string, name: string, version: string): Promise<void> {
    const type = this.#types.get(typeUrl);
    type?.resources.delete(name);
    if (type !== undefined) type.version = version;
    await this.#put();
  }

  #body(): string {
    this.#bodies += 1;
    return `body ${this.#bodies}`;
  }

  async #put(): Promise<void> {
    const types = Object.fromEntries(
      [...this.#types].map(([typeUrl, { version, resources }]) => [
        typeUrl,
        {
          version,
          resources: [...resources].map(([name, content]) => ({
            name,
            value: bodyOf(name, content).toString('base64'),
          })),
        },
      ]),
    );
    const { status, text } = await put({ node: this.node, types });
    if (status !== 200) throw new Error(`the state could not be set: ${text}`);
  }
}

describe('conformance scenarios', () => {
  let adapter: Adapter;
  let scenarios = 0;
  beforeEach(() => {
    scenarios += 1;
    adapter = new Adapter(`${nodeId}-${scenarios}`);
  });
  const connectHere = (variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient =>
    connect(variant, { node: { id: adapter.node }, ...options });

  /** Nothing is sent beyond what was: the service never responds more than necessary. */
  async function expectNoMore(client: SotwClient | DeltaClient): Promise<void> {
    const more = await settle(client, async (typeUrl, name, content) => {
      if (content === undefined) await adapter.remove(typeUrl, name, 'probe');
      else await adapter.update(typeUrl, name, 'probe', content);
    });
    expect(more).toEqual([]);
  }

  function expectAnswer(
    answer: Answer,
    version: string,
    names: readonly string[],
    removed: readonly string[] = [],
  ): void {
    expect({
      version: answer.version,
      names: [...answer.names].sort(),
      removed: [...answer.removed].sort(),
    }).toEqual({ version, names, removed });
  }

  const services: readonly (readonly ['cds' | 'lds' | 'rds' | 'eds', string])[] = [
    ['cds', cds],
    ['lds', lds],
    ['rds', rds],
    ['eds', eds],
  ];
  const kinds = variants.flatMap((variant) =>
    (['aggregated', 'separate'] as const).map((kind) => [variant, kind] as const),
  );

  describe.each(kinds)('%s, %s', (variant, kind) => {
    const sotw = variant === 'sotw';
    const open = (service: Service): SotwClient | DeltaClient =>
      connectHere(variant, kind === 'separate' ? { service } : {});

    describe.each(services.slice(0, 2))('%s for everything', (service, type) => {
      let client: SotwClient | DeltaClient;
      beforeEach(async () => {
        await adapter.setState('1', { [type]: ['A', 'B', 'C'] });
        client = open(service);
        client.subscribe(type);
        expectAnswer(await client.take(), '1', ['A', 'B', 'C']);
      });

      test('28: gives all resources in one response', () => expectNoMore(client));

      test('34, 49: an update gives the new version', async () => {
        await adapter.update(type, 'A', '2');
        expectAnswer(await client.take(), '2', sotw ? ['A', 'B', 'C'] : ['A']);
        await expectNoMore(client);
      });

      test('34, 49: a new resource arrives', async () => {
        await adapter.update(type, 'D', '2');
        expectAnswer(await client.take(), '2', sotw ? ['A', 'B', 'C', 'D'] : ['D']);
        await expectNoMore(client);
      });

      test('34, 48: a resource that is removed is no longer there', async () => {
        await adapter.remove(type, 'A', '2');
        expectAnswer(await client.take(), '2', sotw ? ['B', 'C'] : [], sotw ? [] : ['A']);
        await expectNoMore(client);
      });

      test('34, 48: clearing the state removes everything', async () => {
        await adapter.clearState();
        const answer = await client.take();
        expect([answer.names, [...answer.removed].sort()]).toEqual([[], sotw ? [] : ['A', 'B', 'C']]);
        await adapter.setState('2', { [type]: ['A'] });
        expectAnswer(await client.take(), '2', ['A']);
        await expectNoMore(client);
      });
    });

    describe.each(services)('%s by name', (service, type) => {
      const whole = sotw && (type === cds || type === lds);
      let client: SotwClient | DeltaClient;
      beforeEach(async () => {
        await adapter.setState('1', { [type]: ['A', 'B', 'C', 'D'] });
        client = open(service);
      });

      async function subscribe(...names: readonly string[]): Promise<void> {
        client.subscribe(type, ...names);
        expectAnswer(await client.take(), '1', names);
      }

      test('33: a subset gives the subset', async () => {
        await subscribe('A', 'B');
        await expectNoMore(client);
      });

      test('34, 35, 49: an update of a part of it', async () => {
        await subscribe('A', 'B');
        await adapter.update(type, 'B', '2');
        expectAnswer(await client.take(), '2', whole ? ['A', 'B'] : ['B']);
        await expectNoMore(client);
      });

      test('73: an update of the rest is not sent', async () => {
        await subscribe('A', 'B');
        await adapter.update(type, 'C', '2');
        await expectNoMore(client);
      });

      test('39: what does not exist is sent once it does', async () => {
        client.subscribe(type, 'A', 'Z');
        const first = await client.take();
        expectAnswer(first, '1', ['A'], sotw ? [] : ['Z']);
        await adapter.update(type, 'Z', '2');
        expectAnswer(await client.take(), '2', whole ? ['A', 'Z'] : ['Z']);
        await expectNoMore(client);
      });

      test('39: also when nothing that is subscribed to exists', async () => {
        client.subscribe(type, 'Z');
        if (!sotw) expectAnswer(await client.take(), '1', [], ['Z']);
        else if (whole) expectAnswer(await client.take(), '1', []);
        await adapter.update(type, 'Z', '2');
        expectAnswer(await client.take(), '2', ['Z']);
        await expectNoMore(client);
      });

      test('38, 42, 50: a subscription that is narrowed', async () => {
        await subscribe('A', 'B', 'C');
        client.unsubscribe(type, 'C');
        // Whether the narrowed set is said again is the server's to choose where responses are whole.
        if (whole) {
          await adapter.update(type, 'A', '2');
          let answer = await client.take();
          while (answer.version === '1') answer = await client.take();
          expectAnswer(answer, '2', ['A', 'B']);
        } else {
          await expectNoMore(client);
        }
        await adapter.update(type, 'C', '3');
        await expectNoMore(client);
        await adapter.update(type, 'B', '4');
        expectAnswer(await client.take(), '4', whole ? ['A', 'B'] : ['B']);
        await expectNoMore(client);
      });

      test('30, 42, 50: a subscription that is given up', async () => {
        await subscribe('A', 'B');
        client.unsubscribe(type, 'A', 'B');
        await expectNoMore(client);
        await adapter.update(type, 'A', '2');
        await adapter.remove(type, 'B', '3');
        await expectNoMore(client);
      });

      test('36, 37: a subscription that grows', async () => {
        await subscribe('A');
        client.subscribe(type, 'B');
        expectAnswer(await client.take(), '1', whole ? ['A', 'B'] : ['B']);
        client.subscribe(type, 'C');
        expectAnswer(await client.take(), '1', whole ? ['A', 'B', 'C'] : ['C']);
        await adapter.update(type, 'A', '2');
        expectAnswer(await client.take(), '2', whole ? ['A', 'B', 'C'] : ['A']);
        await expectNoMore(client);
      });

      test('48: a resource that is removed and made again', async () => {
        await subscribe('A', 'B');
        await adapter.remove(type, 'B', '2');
        if (!sotw) expectAnswer(await client.take(), '2', [], ['B']);
        else if (whole) expectAnswer(await client.take(), '2', ['A']);
        else await expectNoMore(client);
        await adapter.update(type, 'B', '3');
        expectAnswer(await client.take(), '3', whole ? ['A', 'B'] : ['B']);
        await expectNoMore(client);
      });

      test('73: a resource is pushed when it is added under the version that there was', async () => {
        client.subscribe(type, 'A', 'Z');
        await client.take();
        await adapter.update(type, 'Z', '1');
        expectAnswer(await client.take(), '1', whole ? ['A', 'Z'] : ['Z']);
        await expectNoMore(client);
      });

      test('73: and not when the version alone is another', async () => {
        await subscribe('A', 'B');
        await adapter.update(type, 'C', '2');
        await adapter.remove(type, 'C', '3');
        await expectNoMore(client);
      });
    });
  });

  test.each(variants)('1: several types on one %s stream', async (variant) => {
    const types = [cds, lds, rds, eds];
    await adapter.setState('1', Object.fromEntries(types.map((type) => [type, ['A', 'B']])));
    const client = connectHere(variant);
    for (const type of types) {
      if (type === cds || type === lds) client.subscribe(type);
      else client.subscribe(type, 'A', 'B');
      const answer = await client.take();
      expect(answer.typeUrl).toBe(type);
      expectAnswer(answer, '1', ['A', 'B']);
    }
    await adapter.update(rds, 'A', '2');
    const answer = await client.take();
    expect(answer.typeUrl).toBe(rds);
    expectAnswer(answer, '2', ['A']);
    await expectNoMore(client);
  });
});

describe('the endpoint', () => {
  const value = bodyOf('a', '1').toString('base64');
  const good = { node: 'n', types: { [cds]: { version: '1', resources: [{ name: 'a', value }] } } };

  test('is not there unless it is asked for', async () => {
    await start({ rawSnapshots: false });
    const { status, text } = await put(good);
    expect(status).toBe(405);
    expect(text).not.toContain('snapshot');
    expect((await fetch(snapshotUrl())).status).toBe(404);
  });

  test('is told of by a warning', async () => {
    const warnings: string[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string, fields?: LogFields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
      error: () => undefined,
      child: () => logger,
    };
    await start({ logger });
    expect(warnings.filter((warning) => warning.includes('/snapshot'))).toHaveLength(1);
  });

  test('says which types it changed, by their content', async () => {
    await start();
    expect(JSON.parse((await put(good)).text)).toEqual({ node: 'n', changed: [cds] });
    expect(JSON.parse((await put(good)).text)).toEqual({ node: 'n', changed: [] });
    const renamed = { ...good, types: { [cds]: { ...good.types[cds], version: '2' } } };
    expect(JSON.parse((await put(renamed)).text)).toEqual({ node: 'n', changed: [] });
    const response = await fetch(`${snapshotUrl()}?node=n`, { method: 'DELETE' });
    expect(await response.json()).toEqual({ node: 'n', changed: [cds] });
  });

  test('takes away the types that a PUT does not name', async () => {
    await start();
    const client = connect('delta', { node: { id: 'n' } });
    await put({
      node: 'n',
      types: { ...good.types, [lds]: { version: '7', resources: [{ name: 'l', value }] } },
    });
    client.subscribe(cds);
    client.subscribe(lds);
    await client.take();
    await client.take();
    await put(good);
    expect(await client.take()).toMatchObject({ typeUrl: lds, removed: ['l'] });
  });

  test.each([
    ['{', 'the body is not JSON'],
    [[], 'the body: must be an object'],
    [{ ...good, extra: 1 }, 'extra: is not a field; there are node, types'],
    [{ types: {} }, 'node: must be text'],
    [{ node: 'n' }, 'types: must be an object'],
    [
      { node: 'n', types: { cds: { version: '1', resources: [] } } },
      'types["cds"]: the key must be a type URL',
    ],
    [{ node: 'n', types: { 'a/b': { version: '', resources: [] } } }, 'types["a/b"].version: must be text'],
    [
      { node: 'n', types: { 'a/b': { version: '1', resources: {} } } },
      'types["a/b"].resources: must be a list',
    ],
    [{ node: 'n', types: { 'a/b': { version: '1' } } }, 'types["a/b"].resources: must be a list'],
    [resources([{ value }]), 'types["a/b"].resources[0].name: must be text'],
    [resources([{ name: 'a' }]), 'types["a/b"].resources[0].value: must be the bytes'],
    [resources([{ name: 'a', value: 'not base64!' }]), 'types["a/b"].resources[0].value: must be the bytes'],
    [resources([{ name: 'a', value, x: 1 }]), 'types["a/b"].resources[0].x: is not a field'],
    [resources([{ name: 'a', value, ttl: 5 }]), 'types["a/b"].resources[0].ttl: a duration such as'],
    [
      resources([{ name: 'a', value, ttl: '0s' }]),
      'types["a/b"].resources[0].ttl: must be more than nothing',
    ],
    [
      resources([
        { name: 'a', value },
        { name: 'a', value },
      ]),
      'types["a/b"].resources[1].name: is "a", as that of resources[0]',
    ],
  ])('refuses %j, names what is wrong, and changes nothing', async (body, message) => {
    await start();
    await put(good);
    const { status, text } = await put(body);
    expect(status).toBe(400);
    expect(text).toContain(message);
    const client = connect('delta', { node: { id: 'n' } });
    client.subscribe(cds);
    expect((await client.take()).names).toEqual(['a']);
  });

  function resources(list: readonly unknown[]): unknown {
    return { node: 'n', types: { 'a/b': { version: '1', resources: list } } };
  }

  test('refuses a DELETE without a node, and takes one of a node that is unknown', async () => {
    await start();
    const without = await fetch(snapshotUrl(), { method: 'DELETE' });
    expect([without.status, await without.text()]).toEqual([400, expect.stringContaining('?node=')]);
    const unknown = await fetch(`${snapshotUrl()}?node=unknown`, { method: 'DELETE' });
    expect(unknown.status).toBe(200);
  });

  test('refuses other methods and bodies without end', async () => {
    await start();
    const posted = await fetch(snapshotUrl(), { method: 'POST', body: JSON.stringify(good) });
    expect([posted.status, await posted.text()]).toEqual([405, expect.stringContaining('PUT and DELETE')]);
    const large = await put(`{"node":"${'x'.repeat(65 * 1024 * 1024)}"}`);
    expect([large.status, large.text]).toEqual([413, expect.stringContaining('larger than')]);
  });

  test('any node id is served, and none is given another’s resources', async () => {
    await start();
    await put(good);
    for (const id of ['n', 'other', 'sidecar~1.2.3.4~a.b~c', '~~~']) {
      const client = connect('delta', { node: { id } });
      client.subscribe(cds);
      expect((await client.take()).names).toEqual(id === 'n' ? ['a'] : []);
    }
  });
});

test('beside a mesh, nodes with a snapshot and nodes that are none of a mesh’s are given raw resources', async () => {
  const registry = new MemoryRegistry({ provider: 'Inventory' });
  const { ready } = await start({ registries: [registry], debounceAfter: 1 });
  registry.synced();
  await ready;
  const value = bodyOf('raw', '1').toString('base64');
  const types = { [cds]: { version: '1', resources: [{ name: 'raw', value }] } };
  const chosen = 'sidecar~127.0.0.1~chosen.shop~shop.svc.cluster.local';
  const other = 'sidecar~127.0.0.1~other.shop~shop.svc.cluster.local';
  for (const node of [chosen, 'test-id']) await put({ node, types });
  const names = async (id: string): Promise<readonly string[]> => {
    const client = connect('delta', { node: { id } });
    client.subscribe(cds);
    return (await client.take()).names;
  };
  expect(await names(chosen)).toEqual(['raw']);
  expect(await names('test-id')).toEqual(['raw']);
  expect(await names('another-id')).toEqual([]);
  expect(await names(other)).toContain('BlackHoleCluster');
  await fetch(`${snapshotUrl()}?node=${encodeURIComponent(chosen)}`, { method: 'DELETE' });
  expect(await names(chosen)).toContain('BlackHoleCluster');
});

test('92: a resource has the time to live that its snapshot gives it', async () => {
  await start();
  const value = bodyOf('a', '1').toString('base64');
  await put({
    node: nodeId,
    types: { [eds]: { version: '1', resources: [{ name: 'a', value, ttl: '90.5s' }] } },
  });
  const client = connect('delta', {
    node: { id: nodeId, clientFeatures: ['xds.config.supports-resource-ttl'] },
  });
  client.subscribe(serviceTypes.eds, 'a');
  expect((await client.take()).resources[0]?.ttl).toBe(90_500);
});

test('the probe of these tests is served like other types', async () => {
  await start();
  await put({ node: nodeId, types: { [probeType]: { version: '1', resources: [] } } });
  const client = connect('delta');
  client.subscribe(probeType, 'x');
  expect((await client.take()).removed).toEqual(['x']);
});
