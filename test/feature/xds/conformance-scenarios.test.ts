/**
 * The scenarios of the published conformance suite: state of the world and delta, aggregated and on the services of
 * single types, through the endpoint that its adapter uses; numbers are those of docs/xds.md.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bodyOf,
  type Answer,
  type ClientOptions,
  type DeltaClient,
  type Service,
  type SotwClient,
  type Variant,
} from './client.js';
import { RawPilot } from './raw-pilot.js';
import { settle } from './settle.js';
import { cds, eds, lds, nodeId, rds, variants } from './world.js';

/** What the adapter of the suite does with its calls: it keeps a node's resources, and puts all of them. */
class Adapter {
  readonly node: string;
  readonly #pilot: RawPilot;
  readonly #types = new Map<string, { version: string; resources: Map<string, string> }>();
  #bodies = 0;

  constructor(pilot: RawPilot, node: string) {
    this.#pilot = pilot;
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
    const { status, text } = await this.#pilot.delete(this.node);
    if (status !== 200) throw new Error(`the state could not be cleared: ${text}`);
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
    const { status, text } = await this.#pilot.put({ node: this.node, types });
    if (status !== 200) throw new Error(`the state could not be set: ${text}`);
  }
}

/** Serves all scenarios, to a node for each. */
let pilot: RawPilot;
let adapter: Adapter;
let scenarios = 0;
beforeAll(async () => {
  pilot = await RawPilot.start();
});
afterAll(() => pilot.stop());
beforeEach(() => {
  scenarios += 1;
  adapter = new Adapter(pilot, `${nodeId}-${scenarios}`);
});
afterEach(() => pilot.disconnect());

function connect(variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient {
  return pilot.connect(variant, { node: { id: adapter.node }, ...options });
}

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
    connect(variant, kind === 'separate' ? { service } : {});

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
  const client = connect(variant);
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
