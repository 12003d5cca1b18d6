/** The order in which clients are told things; numbers are those of docs/xds.md. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from '../../../src/envoy/messages.js';
import { methodPath, type Answer, type DeltaClient, type SotwClient } from './client.js';
import { WireConnection } from './wire-client.js';
import { cds, ecds, eds, lds, nodeId, rds, sds, variants, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

/** Type and names of each answer. */
function outline(answers: readonly Answer[]): (readonly [string, readonly string[]])[] {
  return answers.map(({ typeUrl, names }) => [typeUrl, [...names].sort()]);
}

describe.each(variants)('%s', (variant) => {
  let client: SotwClient | DeltaClient;
  beforeEach(() => {
    client = world.client(variant);
  });

  /** Subscribes to `a` and `b` of every type that is asked for by name, and to all clusters and listeners. */
  async function subscribeToAll(...types: readonly string[]): Promise<void> {
    for (const type of types) {
      if (type === cds || type === lds) client.subscribe(type);
      else client.subscribe(type, 'a', 'b', 'c');
    }
    const answered = new Set<string>();
    while (answered.size < types.length) answered.add((await client.take()).typeUrl);
    await world.settle(client);
  }

  test('65: a push is clusters, endpoints, listeners, routes, secrets, and then the rest', async () => {
    const order = [cds, eds, lds, rds, sds, ecds];
    for (const type of order) world.set(type, { a: '1' });
    await subscribeToAll(...[...order].reverse());
    for (const type of order) world.set(type, { a: '2' });
    world.push();
    const types: string[] = [];
    while (types.length < order.length) types.push((await client.take()).typeUrl);
    expect(types).toEqual(order);
    expect(await world.settle(client)).toEqual([]);
  });

  test('66: a cluster is sent before the route to it', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    world.set(rds, { a: 'to a' });
    await subscribeToAll(rds, eds, cds);
    world.set(rds, { a: 'to b' });
    world.set(cds, { b: '1' });
    world.set(eds, { b: '1' });
    world.push();
    const answers = [await client.take(), await client.take(), await client.take()];
    expect(answers.map(({ typeUrl }) => typeUrl)).toEqual([cds, eds, rds]);
    expect(answers[0]?.names).toContain('b');
  });

  test('67: a cluster is removed after the routes that used it have changed', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(eds, { a: '1', b: '1' });
    world.set(lds, { a: '1' });
    world.set(rds, { a: 'to b' });
    await subscribeToAll(cds, eds, lds, rds);
    world.set(cds, { c: '1' });
    world.set(eds, { c: '1' });
    world.set(lds, { a: '2' });
    world.set(rds, { a: 'to c' });
    world.remove(cds, 'b');
    world.push();
    const answers = [];
    for (let index = 0; index < 5; index += 1) answers.push(await client.take());
    if (variant === 'sotw') {
      expect(outline(answers)).toEqual([
        [cds, ['a', 'b', 'c']],
        [eds, ['c']],
        [lds, ['a']],
        [rds, ['a']],
        [cds, ['a', 'c']],
      ]);
    } else {
      expect(outline(answers)).toEqual([
        [cds, ['c']],
        [eds, ['c']],
        [lds, ['a']],
        [rds, ['a']],
        [cds, []],
      ]);
      expect(answers.map(({ removed }) => removed)).toEqual([[], [], [], [], ['b']]);
    }
    expect(new Set(answers.filter(({ typeUrl }) => typeUrl === cds).map(({ version }) => version)).size).toBe(
      2,
    );
    expect(await world.settle(client)).toEqual([]);
  });

  test('67: so it is when nothing but the removal changes about clusters', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(rds, { a: 'to b' });
    await subscribeToAll(cds, rds);
    world.set(rds, { a: 'to a' });
    world.drop(cds, 'b');
    const answers = [await client.take(), await client.take()];
    expect(answers.map(({ typeUrl }) => typeUrl)).toEqual([rds, cds]);
    expect(answers[1]?.names).toEqual(variant === 'sotw' ? ['a'] : []);
    expect(answers[1]?.removed).toEqual(variant === 'sotw' ? [] : ['b']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('67: a cluster whose removal was held back and that is there again is not removed', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(rds, { a: 'to b' });
    await subscribeToAll(cds, rds);
    for (let round = 0; round < 20; round += 1) {
      world.set(rds, { a: `to a, ${round}` });
      world.drop(cds, 'b');
      world.set(rds, { a: `to b, ${round}` });
      world.change(cds, { b: '1' });
    }
    const held = new Set(['a', 'b']);
    for (const { typeUrl, names, removed } of await world.settle(client)) {
      if (typeUrl !== cds) continue;
      if (variant === 'sotw') held.clear();
      for (const name of names) held.add(name);
      for (const name of removed) held.delete(name);
    }
    expect([...held].sort()).toEqual(['a', 'b']);
  });

  test('67: a removal alone is told at once', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(rds, { a: 'to a' });
    await subscribeToAll(cds, rds);
    world.drop(cds, 'b');
    const answer = await client.take();
    expect([answer.typeUrl, answer.names]).toEqual([cds, variant === 'sotw' ? ['a'] : []]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('68: the endpoints of a cluster that changed follow it, though they did not', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(eds, { a: 'endpoints of a', b: 'endpoints of b' });
    await subscribeToAll(cds, eds);
    world.change(cds, { a: '2' });
    const answers = [await client.take(), await client.take()];
    expect(answers[0]).toMatchObject({ typeUrl: cds, content: { a: '2' } });
    expect(answers[1]).toMatchObject({ typeUrl: eds, content: { a: 'endpoints of a' } });
    expect(answers[1]?.names).toEqual(['a']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('68: those of a cluster that is new too, when they were asked for before, and once if they changed', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1', b: '1' });
    await subscribeToAll(cds, eds);
    world.set(eds, { b: '2', a: '2' });
    world.change(cds, { b: '1', a: '2' });
    expect((await client.take()).typeUrl).toBe(cds);
    expect(outline([await client.take()])).toEqual([[eds, ['a', 'b']]]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('68: endpoints that the client did not ask for do not', async () => {
    world.set(cds, { a: '1', x: '1' });
    world.set(eds, { a: '1', x: '1' });
    await subscribeToAll(cds, eds);
    world.change(cds, { x: '2' });
    expect((await client.take()).typeUrl).toBe(cds);
    expect(await world.settle(client)).toEqual([]);
  });

  test('72: changes while a client begins are neither lost nor out of order', async () => {
    world.set(cds, { a: '0' });
    world.set(eds, { a: '0', b: '0' });
    world.set(lds, { a: '0' });
    world.set(rds, { a: '0' });
    for (let round = 1; round <= 30; round += 1) {
      const each = world.client(variant, { node: { id: nodeId } });
      const content = String(round);
      each.subscribe(cds);
      world.change(cds, { a: content });
      each.subscribe(eds, 'a');
      world.change(eds, { a: content });
      each.subscribe(lds);
      world.change(lds, { a: content });
      each.subscribe(rds, 'a');
      world.change(rds, { a: content });
      const last = new Map<string, string | undefined>();
      const versions = new Map<string, number>();
      for (const answer of await world.settle(each)) {
        last.set(answer.typeUrl, answer.content['a']);
        const version = Number(answer.version.slice(1));
        expect(version).toBeGreaterThanOrEqual(versions.get(answer.typeUrl) ?? 0);
        versions.set(answer.typeUrl, version);
      }
      expect([...last.keys()].sort()).toEqual([cds, eds, lds, rds].sort());
      expect(new Set(last.values())).toEqual(new Set([content]));
      each.close();
    }
  });

  test('72: a change that comes while a response is being made is not lost', async () => {
    world.set(cds, { a: '1' });
    const meanwhile: (() => void)[] = [];
    world.source.wrap = (_, raw) => ({
      label: raw.label,
      description: raw.description,
      serves: (typeUrl) => raw.serves(typeUrl),
      isWildcardType: (typeUrl) => raw.isWildcardType(typeUrl),
      *resources(typeUrl, subscription) {
        const set = yield* raw.resources(typeUrl, subscription);
        if (typeUrl === cds) meanwhile.shift()?.();
        yield;
        return set;
      },
    });
    const client = world.client(variant);
    meanwhile.push(() => world.change(cds, { a: '2' }));
    client.subscribe(cds);
    expect(await contents(client, '2')).toEqual(['1', '2']);
    meanwhile.push(() => world.change(cds, { a: '4' }));
    world.change(cds, { a: '3' });
    expect(await contents(client, '4')).toEqual(['3', '4']);
  });

  test('71: a client that reads late is sent the newest state, and its versions never go back', async () => {
    const large = 'x'.repeat(200_000);
    world.set(cds, { a: `0 ${large}` });
    const connection = new WireConnection(world.port);
    world.owns(() => connection.destroy());
    const stream = connection.open(methodPath('ads', variant));
    const node = { id: nodeId };
    stream.send(
      variant === 'sotw'
        ? DiscoveryRequest.encode({ node, typeUrl: cds })
        : DeltaDiscoveryRequest.encode({ node, typeUrl: cds }),
    );
    await expect.poll(() => world.told.pushed.length).toBe(1);
    const quick = world.client(variant);
    quick.subscribe(cds);
    await quick.take();
    for (let round = 1; round <= 20; round += 1) {
      world.change(cds, { a: `${round} ${large}` });
      expect((await quick.take()).content['a']).toBe(`${round} ${large}`);
    }
    stream.read();
    const seen: number[] = [];
    while (seen.at(-1) !== 20) {
      const bytes = await stream.next();
      const body =
        variant === 'sotw'
          ? DiscoveryResponse.decode(bytes).resources[0]?.value
          : DeltaDiscoveryResponse.decode(bytes).resources[0]?.resource?.value;
      seen.push(Number(/a=(\d+) /.exec(Buffer.from(body ?? []).toString('latin1'))?.[1]));
    }
    expect(seen.length).toBeLessThan(5);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  test('66, 67, 69: whatever is added, removed and re-pointed, every route of a client leads to a cluster that it has', async () => {
    const names = ['a', 'b', 'c', 'd'] as const;
    /** Which clusters there are, and to which of them the two routes lead. */
    const step = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }).chain((clusters) =>
      fc.record({
        clusters: fc.constant(clusters),
        routes: fc.tuple(fc.constantFrom(...clusters), fc.constantFrom(...clusters)),
        pause: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const each = world.client(variant);
        const apply = ({ clusters, routes }: (typeof steps)[number]): void => {
          world.remove(cds, ...names);
          world.set(cds, Object.fromEntries(clusters.map((name) => [name, '1'])));
          world.set(rds, { r1: `to ${routes[0]}`, r2: `to ${routes[1]}` });
        };
        apply({ clusters: ['a'], routes: ['a', 'a'], pause: true });
        const held = new Set<string>();
        const routes = new Map<string, string>();
        const take = (answer: Answer): void => {
          if (answer.typeUrl === cds) {
            if (variant === 'sotw') held.clear();
            for (const name of answer.names) held.add(name);
            for (const name of answer.removed) held.delete(name);
          }
          if (answer.typeUrl === rds)
            for (const [name, content] of Object.entries(answer.content))
              routes.set(name, content?.slice('to '.length) ?? '');
          for (const [route, cluster] of routes) {
            if (!held.has(cluster))
              throw new Error(`${route} leads to ${cluster}; there are ${[...held].join(', ')}`);
          }
        };
        each.subscribe(cds);
        take(await each.take());
        each.subscribe(rds, 'r1', 'r2');
        take(await each.take());
        for (const next of steps) {
          apply(next);
          world.push();
          if (next.pause) for (const answer of await world.settle(each)) take(answer);
        }
        for (const answer of await world.settle(each)) take(answer);
        const last = steps.at(-1);
        expect([...held].sort()).toEqual([...(last?.clusters ?? [])].sort());
        expect([routes.get('r1'), routes.get('r2')]).toEqual(last?.routes);
        each.close();
      }),
      { numRuns: 60 },
    );
  });
});

/** What a client is sent for the cluster `a`, up to this. */
async function contents(client: SotwClient | DeltaClient, last: string): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  while (seen.at(-1) !== last) seen.push((await client.take()).content['a']);
  return seen;
}
