/** Incremental streams that ask for everything, or for endpoints before clusters; numbers are those of docs/xds.md. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, DeltaClient } from './client.js';
import { cds, eds, lds, World } from './world.js';

let world: World;
let client: DeltaClient;
beforeEach(async () => {
  world = await World.start();
  client = world.delta();
});
afterEach(() => world.stop());

const wildcardTypes = [
  ['cds', cds],
  ['lds', lds],
] as const;

describe.each(wildcardTypes)('%s for everything', (_, type) => {
  beforeEach(() => world.set(type, { a: '1', b: '1' }));

  test('28, 29, 52: a first request without names, or with "*", is everything', async () => {
    const legacy = world.delta();
    legacy.subscribe(type);
    client.subscribe(type, '*');
    for (const each of [legacy, client]) {
      expect((await each.take()).content).toEqual({ a: '1', b: '1' });
      await world.settle(each);
    }
    world.set(type, { new: '1' });
    world.drop(type, 'a');
    for (const each of [legacy, client]) {
      const { content, removed } = await each.take();
      expect([content, removed]).toEqual([{ new: '1' }, ['a']]);
    }
  });

  test('62: everything, of which there is nothing, is told by one empty response', async () => {
    world.remove(type, 'a', 'b');
    client.subscribe(type);
    const first = await client.take();
    expect([first.names, first.removed]).toEqual([[], []]);
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '1' });
    expect((await client.take()).names).toEqual(['a']);
  });

  test('51: a name beside "*" that is unsubscribed from stays as long as it exists', async () => {
    client.subscribe(type, '*', 'a');
    await client.take();
    client.unsubscribe(type, 'a');
    const { content, removed } = await client.take();
    expect([content, removed]).toEqual([{ a: '1' }, []]);
    world.change(type, { a: '2' });
    expect((await client.take()).content).toEqual({ a: '2' });
  });

  test('51: and is told to be removed when it does not', async () => {
    client.subscribe(type, '*', 'nobody');
    expect((await client.take()).removed).toEqual(['nobody']);
    client.unsubscribe(type, 'nobody');
    const { content, removed } = await client.take();
    expect([content, removed]).toEqual([{}, ['nobody']]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('52: names that are subscribed to later do not end everything', async () => {
    for (const [index, first] of [[], ['*']].entries()) {
      const each = world.delta();
      each.subscribe(type, ...first);
      await each.take();
      each.subscribe(type, 'a');
      expect((await each.take()).content).toMatchObject({ a: '1' });
      world.change(type, { b: `changed ${index}` });
      expect((await each.take()).content).toEqual({ b: `changed ${index}` });
      each.close();
    }
  });

  test('52: unsubscribing from "*" ends it, and keeps what was named', async () => {
    for (const [index, first] of [[], ['*']].entries()) {
      const each = world.delta();
      each.subscribe(type, ...first);
      await each.take();
      each.subscribe(type, 'a');
      await each.take();
      each.unsubscribe(type, '*');
      each.subscribe(eds, 'mark'); // answered after what came before
      expect((await each.take()).removed).toEqual(['mark']);
      world.set(type, { a: `changed ${index}` });
      world.change(type, { b: `changed ${index}` });
      const { content, removed } = await each.take();
      expect([content, removed]).toEqual([{ a: `changed ${index}` }, []]);
      each.close();
    }
  });

  test('52: after "*" was unsubscribed from and nothing was named, nothing is sent', async () => {
    client.subscribe(type);
    await client.take();
    client.unsubscribe(type, '*');
    client.send({ typeUrl: type });
    expect(await world.settle(client)).toEqual([]);
    world.set(type, { a: '2', new: '1' });
    world.drop(type, 'b');
    expect(await world.settle(client)).toEqual([]);
    client.subscribe(type, '*');
    expect((await client.take()).content).toEqual({ a: '2', new: '1' });
  });

  test('53: "*" subscribed to and unsubscribed from at once is nothing', async () => {
    client.send({ typeUrl: type, resourceNamesSubscribe: ['*'], resourceNamesUnsubscribe: ['*'] });
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
    client.subscribe(type, 'a');
    expect((await client.take()).content).toEqual({ a: '2' });
    world.change(type, { b: '2' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('55, 56, 57: a client that comes back is sent what differs from everything', async () => {
    world.set(type, { c: '1' });
    const versions = await world.versions(type);
    world.set(type, { b: '2', new: '1' });
    world.remove(type, 'c');
    for (const first of [[], ['*']]) {
      const each = world.delta();
      each.send({ typeUrl: type, resourceNamesSubscribe: first, initialResourceVersions: versions });
      const { content, removed } = await each.take();
      expect([content, removed]).toEqual([{ b: '2', new: '1' }, ['c']]);
      expect(await world.settle(each)).toEqual([]);
    }
  });

  test('56, 62: and nothing when nothing does', async () => {
    const versions = await world.versions(type);
    client.send({ typeUrl: type, initialResourceVersions: versions });
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ b: '2' });
  });

  test('55: and that everything is gone', async () => {
    const versions = await world.versions(type);
    world.remove(type, 'a', 'b');
    client.send({ typeUrl: type, initialResourceVersions: versions });
    const { names, removed } = await client.take();
    expect([names, [...removed].sort()]).toEqual([[], ['a', 'b']]);
  });
});

describe('a client that asks for endpoints before clusters', () => {
  beforeEach(() => {
    world.set(cds, { a: '1', b: '1' });
    world.set(eds, { a: 'endpoints', b: 'endpoints' });
  });

  /** Types and names of what is sent until nothing more is. */
  async function sent(): Promise<(readonly [string, readonly string[]])[]> {
    const answers: Answer[] = await world.settle(client);
    return answers.map(({ typeUrl, names }) => [typeUrl, [...names].sort()]);
  }

  test('59: is sent the endpoints again after the clusters', async () => {
    client.subscribe(eds, 'a', 'b');
    await client.take();
    client.subscribe(cds);
    expect(await sent()).toEqual([
      [cds, ['a', 'b']],
      [eds, ['a', 'b']],
    ]);
  });

  test('59: also when it has them, and both questions come at once', async () => {
    const endpoints = await world.versions(eds, 'a', 'b');
    client.send({ typeUrl: eds, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: endpoints });
    client.subscribe(cds);
    const all = await sent();
    const clusters = all.findIndex(([type]) => type === cds);
    expect(all[clusters]).toEqual([cds, ['a', 'b']]);
    expect(all.slice(clusters + 1)).toEqual([[eds, ['a', 'b']]]);
  });

  test('59: also when it has the clusters too', async () => {
    const [clusters, endpoints] = [await world.versions(cds), await world.versions(eds, 'a', 'b')];
    client.send({ typeUrl: eds, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: endpoints });
    client.send({ typeUrl: cds, initialResourceVersions: clusters });
    expect(await sent()).toEqual([[eds, ['a', 'b']]]);
  });

  test('56: one that asks for clusters first and has everything is sent nothing', async () => {
    const [clusters, endpoints] = [await world.versions(cds), await world.versions(eds, 'a', 'b')];
    client.send({ typeUrl: cds, initialResourceVersions: clusters });
    client.send({ typeUrl: eds, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: endpoints });
    expect(await sent()).toEqual([]);
  });
});
