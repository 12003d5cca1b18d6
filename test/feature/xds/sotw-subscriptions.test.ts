/** What state-of-the-world clients subscribe to and are answered; numbers are those of docs/xds.md. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SotwClient } from './client.js';
import { cds, ecds, eds, lds, probeType, rds, sds, World } from './world.js';

let world: World;
let client: SotwClient;
beforeEach(async () => {
  world = await World.start();
  client = world.sotw();
});
afterEach(() => world.stop());

/** Types whose responses hold the whole subscription, and types whose responses may hold a part. */
const wholeTypes = [
  ['cds', cds],
  ['lds', lds],
] as const;
const partTypes = [
  ['eds', eds],
  ['rds', rds],
  ['sds', sds],
  ['ecds', ecds],
] as const;

describe.each(wholeTypes)('%s', (_, type) => {
  beforeEach(() => world.set(type, { a: '1', b: '1', c: '1' }));

  test('28: no names at all are everything', async () => {
    client.ask(type, []);
    expect((await client.take()).names).toEqual(['a', 'b', 'c']);
    world.change(type, { d: '1' });
    expect((await client.take()).names).toEqual(['a', 'b', 'c', 'd']);
  });

  test('29: "*" is everything too', async () => {
    client.ask(type, ['*']);
    expect((await client.take()).names).toEqual(['a', 'b', 'c']);
    world.change(type, { d: '1' });
    expect((await client.take()).names).toEqual(['a', 'b', 'c', 'd']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('28, 29: everything, of which there is nothing, is an empty response', async () => {
    world.remove(type, 'a', 'b', 'c');
    client.ask(type, []);
    expect((await client.take()).names).toEqual([]);
    world.change(type, { a: '1' });
    expect((await client.take()).names).toEqual(['a']);
  });

  test('30: after any name an empty list is an unsubscription', async () => {
    client.ask(type, ['a']);
    const only = await client.next();
    for (let times = 0; times < 3; times += 1) client.accept(only, []);
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '2', d: '1' });
    expect(await world.settle(client)).toEqual([]);
    client.ask(type, ['b']);
    expect((await client.take()).names).toEqual(['b']);
  });

  test('30: an empty list after "*" is an unsubscription as well', async () => {
    client.ask(type, ['*']);
    client.accept(await client.next(), []);
    await world.settle(client);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('31: "*" and a name, then the name alone, keeps the name and drops the rest', async () => {
    client.ask(type, ['*', 'a']);
    const all = await client.next();
    expect(all.names).toEqual(['a', 'b', 'c']);
    client.accept(all, ['a']);
    await world.settle(client);
    world.change(type, { b: '2' });
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '2' });
    expect((await client.take()).content).toEqual({ a: '2' });
  });

  test('33: names are answered with these resources', async () => {
    client.ask(type, ['a', 'c']);
    expect((await client.take()).names).toEqual(['a', 'c']);
    world.change(type, { b: '2' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('34: a response holds everything subscribed to, and what it lacks is gone', async () => {
    client.ask(type, []);
    await client.take();
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ a: '1', b: '2', c: '1' });
    world.drop(type, 'a');
    expect((await client.take()).content).toEqual({ b: '2', c: '1' });
    world.drop(type, 'b', 'c');
    expect((await client.take()).content).toEqual({});
    expect(await world.settle(client)).toEqual([]);
  });

  test('34: so it is for names, when one of them changes, goes or is added', async () => {
    client.ask(type, ['a', 'b']);
    await client.take();
    world.change(type, { b: '2' });
    const changed = await client.next();
    expect(changed.content).toEqual({ a: '1', b: '2' });
    client.accept(changed, ['a', 'b', 'c']);
    const added = await client.take();
    expect(added.content).toEqual({ a: '1', b: '2', c: '1' });
    world.drop(type, 'a');
    expect((await client.take()).content).toEqual({ b: '2', c: '1' });
  });

  test('39, 40: a name that does not exist is remembered and withholds no other', async () => {
    client.ask(type, ['a', 'later']);
    expect((await client.take()).names).toEqual(['a']);
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { later: '1' });
    expect([...(await client.take()).names].sort()).toEqual(['a', 'later']);
  });

  test('73: nothing is sent when nothing changed, though the version did', async () => {
    client.ask(type, []);
    await client.take();
    world.set(type, { a: '1' });
    world.push();
    world.push('another reason');
    expect(await world.settle(client)).toEqual([]);
  });
});

describe.each(partTypes)('%s', (_, type) => {
  beforeEach(() => world.set(type, { a: '1', b: '1', c: '1' }));

  test('32: no names at all are nothing', async () => {
    client.ask(type, []);
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
    client.ask(type, ['a']);
    expect((await client.take()).names).toEqual(['a']);
  });

  test('33: names are answered with these resources and no others', async () => {
    client.ask(type, ['c', 'a']);
    expect([...(await client.take()).names].sort()).toEqual(['a', 'c']);
    world.change(type, { b: '2' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('35: what is gone is not told by a response, and what is left is not sent again', async () => {
    client.ask(type, ['a', 'b']);
    await client.take();
    world.drop(type, 'a');
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ b: '2' });
  });

  test('36, 37: names that are added are answered at once, and only they', async () => {
    client.ask(type, ['a']);
    await client.take();
    client.ask(type, ['a', 'b']);
    expect((await client.take()).names).toEqual(['b']);
    client.ask(type, ['a', 'b', 'c']);
    expect((await client.take()).names).toEqual(['c']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('36: a name that comes back is answered though it did not change', async () => {
    client.ask(type, ['a', 'b']);
    await client.take();
    client.ask(type, ['b']);
    client.ask(type, ['a', 'b']);
    expect((await client.take()).names).toEqual(['a']);
  });

  test('36: names that come while others are being answered are answered as well', async () => {
    const release = world.hold(type);
    client.ask(type, ['a']);
    client.ask(type, ['a', 'b']);
    await world.handled(client);
    release();
    const answers = await world.settle(client);
    expect(Object.assign({}, ...answers.map(({ content }) => content))).toEqual({ a: '1', b: '1' });
  });

  test('36: a change of all names is answered', async () => {
    client.ask(type, ['a']);
    await client.take();
    client.ask(type, ['b']);
    expect((await client.take()).names).toEqual(['b']);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('38: names that are only fewer draw no response', async () => {
    client.ask(type, ['a', 'b', 'c']);
    await client.take();
    client.ask(type, ['a']);
    client.ask(type, []);
    expect(await world.settle(client)).toEqual([]);
  });

  test('39, 40: a name that does not exist is remembered and withholds no other', async () => {
    client.ask(type, ['later', 'a', 'never']);
    expect((await client.take()).names).toEqual(['a']);
    world.change(type, { later: '1' });
    expect((await client.take()).names).toEqual(['later']);
    expect(await world.settle(client)).toEqual([]);
  });

  test('39: a resource that went and comes back is sent', async () => {
    client.ask(type, ['a']);
    await client.take();
    world.drop(type, 'a');
    await world.settle(client);
    world.change(type, { a: '1' });
    expect((await client.take()).content).toEqual({ a: '1' });
  });

  test('42: names that were unsubscribed from are not pushed', async () => {
    client.ask(type, ['a', 'b']);
    await client.take();
    client.ask(type, ['b']);
    await world.settle(client);
    world.change(type, { a: '2' });
    expect(await world.settle(client)).toEqual([]);
    world.change(type, { a: '3', b: '3' });
    expect((await client.take()).content).toEqual({ b: '3' });
  });

  test('74: a change sends what changed', async () => {
    client.ask(type, ['a', 'b', 'c']);
    await client.take();
    world.change(type, { b: '2' });
    expect((await client.take()).content).toEqual({ b: '2' });
    expect(await world.settle(client)).toEqual([]);
  });
});

test('43: names are unique in a response, and every resource has the type of its response', async () => {
  const types = [cds, eds, lds, rds, sds, ecds];
  for (const type of types) {
    world.set(type, { a: '1', b: '1' });
    client.ask(type, ['a', 'b', 'a', 'a', ...(type === cds || type === lds ? ['*'] : [])]);
  }
  for (let index = 0; index < types.length; index += 1) {
    const { typeUrl, names, resources } = await client.take();
    expect([...names].sort()).toEqual(['a', 'b']);
    expect(new Set(resources.map((resource) => resource.typeUrl))).toEqual(new Set([typeUrl]));
  }
  for (const type of types) world.set(type, { a: '2', b: '2' });
  world.push();
  for (let index = 0; index < types.length; index += 1)
    expect([...(await client.take()).names].sort()).toEqual(['a', 'b']);
});

test('60: endpoints and routes that are asked for again after clusters and listeners came are answered once', async () => {
  for (const [parent, child] of [
    [cds, eds],
    [lds, rds],
  ] as const) {
    world.set(parent, { a: '1' });
    world.set(child, { a: '1', b: '1' });
    client.ask(child, ['a', 'b']);
    const first = await client.take();
    client.ask(parent, []);
    await client.take();
    client.accept(first);
    const again = await client.next();
    expect([again.typeUrl, [...again.names].sort()]).toEqual([child, ['a', 'b']]);
    client.accept(again);
    client.accept(again);
    expect(await world.settle(client)).toEqual([]);
  }
});

test('60: so they are after each response of clusters', async () => {
  world.set(cds, { a: '1' });
  world.set(eds, { x: '1' });
  client.ask(cds, []);
  await client.take();
  client.ask(eds, ['x']);
  let last = await client.take();
  for (const content of ['2', '3']) {
    world.change(cds, { a: content });
    expect((await client.take()).typeUrl).toBe(cds);
    client.accept(last);
    last = await client.take();
    expect([last.typeUrl, last.names]).toEqual([eds, ['x']]);
  }
  expect(await world.settle(client)).toEqual([]);
});

test('93: names of the form xdstp:// are names like others', async () => {
  const name = 'xdstp://authority.example/envoy.config.endpoint.v3.ClusterLoadAssignment/a%2Fb?x=1&y=2#frag';
  const globbed = 'xdstp://authority.example/envoy.config.endpoint.v3.ClusterLoadAssignment/*';
  world.set(eds, { [name.replaceAll('=', '%3D')]: '1', a: '1' });
  client.ask(eds, [globbed, 'a']);
  expect((await client.take()).names).toEqual(['a']);
  client.ask(eds, [globbed, 'a', name.replaceAll('=', '%3D')]);
  expect((await client.take()).names).toEqual([name.replaceAll('=', '%3D')]);
});

test('60: types that depend on nothing are not answered twice', async () => {
  world.set(cds, { a: '1' });
  world.set(probeType, { x: '1' });
  client.ask(probeType, ['x']);
  const first = await client.take();
  client.ask(cds, []);
  await client.take();
  client.accept(first);
  expect(await world.settle(client)).toEqual([]);
});
