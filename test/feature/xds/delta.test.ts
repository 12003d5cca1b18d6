/** Incremental streams; numbers are those of docs/xds.md. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeltaClient } from './client.js';
import { cds, ecds, eds, lds, rds, sds, World } from './world.js';

let world: World;
let client: DeltaClient;
beforeEach(async () => {
  world = await World.start();
  client = world.delta();
});
afterEach(() => world.stop());

const types = [
  ['cds', cds],
  ['lds', lds],
  ['eds', eds],
  ['rds', rds],
  ['sds', sds],
] as const;

describe.each(types)('%s', (_, type) => {
  beforeEach(() => world.set(type, { a: '1', b: '1', c: '1' }));

  test('44, 45: resources carry name, body, type and a version of their own', async () => {
    client.subscribe(type, 'a', 'b');
    const { resources } = await client.take();
    expect(resources.map(({ name }) => name).sort()).toEqual(['a', 'b']);
    for (const { name, body, typeUrl, version } of resources) {
      expect(body?.toString()).toBe(`${name}=1`);
      expect(typeUrl).toBe(type);
      expect(version).not.toBe('');
    }
  });

  test('33, 39: names are answered, and one that does not exist once it does', async () => {
    client.subscribe(type, 'a', 'later');
    const first = await client.take();
    expect([first.names, first.removed]).toEqual([['a'], ['later']]);
    world.change(type, { later: '1' });
    const second = await client.take();
    expect([second.names, second.removed]).toEqual([['later'], []]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('46: a name that is subscribed to again is answered though the client has it', async () => {
    client.subscribe(type, 'a', 'b');
    await client.take();
    client.subscribe(type, 'a');
    expect((await client.take()).content).toEqual({ a: '1' });
    client.subscribe(type, 'b', 'c');
    expect([...(await client.take()).names].sort()).toEqual(['b', 'c']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('46, 47: so is one that does not exist', async () => {
    client.subscribe(type, 'nobody');
    expect((await client.take()).removed).toEqual(['nobody']);
    client.subscribe(type, 'nobody');
    expect((await client.take()).removed).toEqual(['nobody']);
  });

  test('47: a name that does not exist is told to be removed at once, beside those that exist', async () => {
    client.subscribe(type, 'x', 'a', 'y');
    const { names, removed } = await client.take();
    expect([names, [...removed].sort()]).toEqual([['a'], ['x', 'y']]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('47: so is one that is named beside "*", first or later', async () => {
    client.subscribe(type, '*', 'x');
    const first = await client.take();
    expect([[...first.names].sort(), first.removed]).toEqual([['a', 'b', 'c'], ['x']]);
    const later = world.delta();
    later.subscribe(type, 'a');
    await later.take();
    later.subscribe(type, '*', 'x', 'b');
    const second = await later.take();
    expect([second.content, second.removed]).toMatchObject([{ b: '1', c: '1' }, ['x']]);
    expect(await world.settle(later)).toEqual([]);
  });

  test('48: a deletion is told as such, and the rest is not sent again', async () => {
    client.subscribe(type, 'a', 'b', 'c');
    await client.take();
    world.drop(type, 'b');
    const { names, removed } = await client.take();
    expect([names, removed]).toEqual([[], ['b']]);
    world.drop(type, 'a', 'c');
    expect([...(await client.take()).removed].sort()).toEqual(['a', 'c']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('48, 39: what was deleted and comes back is sent', async () => {
    client.subscribe(type, 'a');
    await client.take();
    world.drop(type, 'a');
    await client.take();
    world.change(type, { a: '1' });
    expect((await client.take()).content).toEqual({ a: '1' });
  });

  test('48: the deletion of what was not subscribed to is not told', async () => {
    client.subscribe(type, 'a', 'b');
    await client.take();
    client.unsubscribe(type, 'b');
    await world.settle(client);
    world.drop(type, 'b', 'c');
    expect(await world.settle(client)).toEqual([]);
  });

  test('49: a change sends the changed resources only', async () => {
    client.subscribe(type, 'a', 'b', 'c');
    await client.take();
    world.change(type, { b: '2' });
    const { content, removed } = await client.take();
    expect([content, removed]).toEqual([{ b: '2' }, []]);
    world.set(type, { a: '3', new: '1' });
    world.drop(type, 'c');
    const second = await client.take();
    expect([second.content, second.removed]).toEqual([{ a: '3' }, ['c']]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('50: unsubscribing draws no response, of what is not subscribed to nor of what is', async () => {
    client.subscribe(type, 'a', 'b');
    await client.take();
    client.unsubscribe(type, 'nobody');
    client.unsubscribe(type, 'c');
    client.unsubscribe(type, 'a');
    client.unsubscribe(type, 'a');
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ b: '2' });
  });

  test('50: what is unsubscribed from at once is not told to be removed', async () => {
    for (let round = 0; round < 20; round += 1) {
      client.subscribe(type, 'a', 'nobody');
      client.unsubscribe(type, 'a');
      client.unsubscribe(type, 'nobody');
    }
    for (const { removed } of await world.settle(client)) expect(removed).not.toContain('a');
  });

  test('42, 50: what was unsubscribed from is not pushed', async () => {
    client.subscribe(type, 'a', 'b');
    await client.take();
    client.unsubscribe(type, 'a');
    await world.settle(client);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
    client.subscribe(type, 'a');
    expect((await client.take()).content).toEqual({ a: '2' });
  });

  test('54: a name in both lists does no harm to the others', async () => {
    client.send({
      typeUrl: type,
      resourceNamesSubscribe: ['a', 'b'],
      resourceNamesUnsubscribe: ['b', 'c', 'nobody'],
    });
    expect((await client.take()).content).toMatchObject({ a: '1' });
    client.send({ typeUrl: type, resourceNamesSubscribe: ['c', 'a'], resourceNamesUnsubscribe: ['a'] });
    expect((await client.take()).content).toMatchObject({ c: '1' });
    await world.settle(client);
    world.change(type, { c: '2' });
    expect((await client.take()).content).toEqual({ c: '2' });
  });

  test('55: what no longer exists of what a client brings along is told to be removed', async () => {
    const versions = await world.versions(type, 'a', 'b');
    world.remove(type, 'b');
    client.send({ typeUrl: type, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: versions });
    const { names, removed } = await client.take();
    expect([names, removed]).toEqual([[], ['b']]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('56: what is current of it is not sent again', async () => {
    const versions = await world.versions(type, 'a', 'b');
    client.send({ typeUrl: type, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: versions });
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ b: '2' });
    world.drop(type, 'a');
    expect((await client.take()).removed).toEqual(['a']);
  });

  test('46, 56: only in the first request: a name that is subscribed to later is answered', async () => {
    const versions = await world.versions(type, 'a', 'b');
    client.send({ typeUrl: type, resourceNamesSubscribe: ['a'], initialResourceVersions: versions });
    await world.settle(client);
    client.send({ typeUrl: type, resourceNamesSubscribe: ['a'], initialResourceVersions: versions });
    expect((await client.take()).content).toEqual({ a: '1' });
    client.subscribe(type, 'b');
    expect((await client.take()).content).toEqual({ b: '1' });
  });

  test('46, 56: also while the first request is being answered', async () => {
    const versions = await world.versions(type, 'a', 'b');
    const release = world.hold(type);
    client.send({ typeUrl: type, resourceNamesSubscribe: ['a', 'b'], initialResourceVersions: versions });
    client.subscribe(type, 'a');
    await world.handled(client);
    release();
    const answers = await world.settle(client);
    expect(answers.map(({ content }) => content)).toEqual([{ a: '1' }]);
  });

  test('46, 47: names that come while others are being answered are answered as well', async () => {
    const release = world.hold(type);
    client.subscribe(type, 'a');
    client.subscribe(type, 'b', 'nobody');
    await world.handled(client);
    release();
    const answers = await world.settle(client);
    expect(Object.assign({}, ...answers.map(({ content }) => content))).toEqual({ a: '1', b: '1' });
    expect(answers.flatMap(({ removed }) => removed)).toEqual(['nobody']);
  });

  test('57: what has another version is sent, and nothing else', async () => {
    const versions = await world.versions(type, 'a', 'b', 'c');
    world.set(type, { b: '2' });
    client.send({
      typeUrl: type,
      resourceNamesSubscribe: ['a', 'b', 'c'],
      initialResourceVersions: { ...versions, c: 'of-another-server' },
    });
    const { content, removed } = await client.take();
    expect([content, removed]).toEqual([{ b: '2', c: '1' }, []]);
    expect(await world.settle(client)).toEqual([]);
  });

  test('58: versions of names that are not subscribed to are no subscription', async () => {
    const versions = await world.versions(type, 'a', 'b');
    client.send({
      typeUrl: type,
      resourceNamesSubscribe: ['a'],
      initialResourceVersions: { ...versions, b: 'old', nobody: '1' },
    });
    expect(await world.settle(client)).toEqual([]);
    world.set(type, { b: '2' });
    world.drop(type, 'c');
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '2', b: '3' });
    expect((await client.take()).content).toEqual({ a: '2' });
  });

  test('89: a client that comes back has the state of one that never left', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const steady = world.delta();
    steady.subscribe(type, ...names);
    const first = await steady.take();
    const versions = Object.fromEntries(first.resources.map(({ name, version }) => [name, version]));
    world.set(type, { a: '2', d: '1' });
    world.drop(type, 'b');
    const step = await steady.take();
    client.send({ typeUrl: type, resourceNamesSubscribe: names, initialResourceVersions: versions });
    const back = await client.take();
    expect([back.content, back.removed]).toEqual([step.content, step.removed]);
  });

  test('61: the version of the whole is told', async () => {
    client.subscribe(type, 'a', 'nobody');
    expect((await client.take()).version).toBe(world.version(type));
    world.change(type, { a: '2' });
    expect((await client.take()).version).toBe(world.version(type));
    world.drop(type, 'a');
    expect((await client.take()).version).toBe(world.version(type));
  });

  test('62: there are no empty responses', async () => {
    client.subscribe(type, 'a');
    await client.take();
    world.push();
    world.change(type, { b: '2' });
    client.unsubscribe(type, 'a');
    client.send({ typeUrl: type });
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.pushed.filter(({ resources, removed }) => resources + removed === 0)).toEqual([]);
  });

  test('73: nothing is sent when nothing changed, though the version did', async () => {
    client.subscribe(type, 'a', 'b');
    await client.take();
    world.set(type, { a: '1' });
    world.push();
    expect(await world.settle(client)).toEqual([]);
  });
});

test('45: versions depend on the content alone', async () => {
  world.set(cds, { a: '1', b: '1' });
  const first = await world.versions(cds, 'a', 'b');
  world.set(cds, { a: '2' });
  const second = await world.versions(cds, 'a', 'b');
  world.set(cds, { a: '1' });
  expect(second['a']).not.toBe(first['a']);
  expect(second['b']).toBe(first['b']);
  expect(await world.versions(cds, 'a', 'b')).toEqual(first);
  await world.restart();
  expect(await world.versions(cds, 'a', 'b')).toEqual(first);
});

describe('extension configuration', () => {
  test('64: is never told to be removed', async () => {
    world.set(ecds, { a: '1', b: '1' });
    client.subscribe(ecds, 'a', 'b');
    await client.take();
    world.drop(ecds, 'a');
    expect(await world.settle(client)).toEqual([]);
    world.change(ecds, { b: '2' });
    const { content, removed } = await client.take();
    expect([content, removed]).toEqual([{ b: '2' }, []]);
    world.change(ecds, { a: '1' });
    expect((await client.take()).content).toEqual({ a: '1' });
  });

  test('64: but a name that does not exist is answered so', async () => {
    client.subscribe(ecds, 'nobody');
    expect((await client.take()).removed).toEqual(['nobody']);
  });
});

test('63: a name is answered with the resource of that name only', async () => {
  world.set(rds, { '8080': '1' });
  client.subscribe(rds, 'alias.example:8080', '8080');
  const { names, removed } = await client.take();
  expect([names, removed]).toEqual([['8080'], ['alias.example:8080']]);
});

test('93: names of the form xdstp:// are names like others', async () => {
  const name = 'xdstp://authority.example/envoy.config.cluster.v3.Cluster/a%2Fb?x&y#entry';
  const reordered = 'xdstp://authority.example/envoy.config.cluster.v3.Cluster/a%2Fb?y&x#entry';
  const collection = 'xdstp://authority.example/envoy.config.cluster.v3.Cluster/*';
  world.set(cds, { [name]: '1', a: '1' });
  client.subscribe(cds, name, reordered, collection, 'a');
  const { names, removed } = await client.take();
  expect([[...names].sort(), [...removed].sort()]).toEqual([
    ['a', name],
    [collection, reordered],
  ]);
});

test('94: errors of single resources are not told otherwise than by their removal', async () => {
  world.set(cds, { a: '1' });
  client.subscribe(cds, 'a', 'nobody');
  const answer = await client.take();
  expect(answer.fields).toEqual([1, 2, 4, 5, 6, 7]); // neither removed_resource_names nor resource_errors
  expect(answer.removed).toEqual(['nobody']);
});
