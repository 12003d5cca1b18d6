/** Times to live (92). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, ClientOptions, Variant } from './client.js';
import { eds, lds, nodeId, variants, World } from './world.js';

const ttlFeature = 'xds.config.supports-resource-ttl';
const wrappingFeature = 'xds.config.supports-resource-in-sotw';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

function announcing(...clientFeatures: readonly string[]): ClientOptions {
  return { node: { id: nodeId, clientFeatures: [...clientFeatures] } };
}

/** What a client of each variant must announce. */
const knowing: Readonly<Record<Variant, ClientOptions>> = {
  sotw: announcing(ttlFeature, wrappingFeature),
  delta: announcing(ttlFeature),
};

function isHeartbeat({ resources, removed }: Answer): boolean {
  return removed.length === 0 && resources.every(({ body }) => body === undefined);
}

describe.each(variants)('%s', (variant) => {
  test('92: a client that knows times to live is told them', async () => {
    world.set(eds, { a: '1' }, 60_000);
    world.set(eds, { b: '1' });
    const client = world.client(variant, knowing[variant]);
    client.subscribe(eds, 'a', 'b');
    const { resources, content } = await client.take();
    expect(content).toEqual({ a: '1', b: '1' });
    expect(new Map(resources.map(({ name, ttl }) => [name, ttl]))).toEqual(
      new Map([
        ['a', 60_000],
        ['b', undefined],
      ]),
    );
    const wrapped = resources.filter((resource) => resource.wrapped).map(({ name }) => name);
    expect(wrapped).toEqual(variant === 'sotw' ? ['a'] : []);
    for (const { typeUrl } of resources) expect(typeUrl).toBe(eds);
  });

  test('92: a client that does not is told none, and hears no heartbeats', async () => {
    world.set(eds, { a: '1' }, 100);
    for (const options of variant === 'sotw' ? [announcing(), announcing(ttlFeature)] : [announcing()]) {
      const ignorant = world.client(variant, options);
      const knows = world.client(variant, knowing[variant]);
      for (const client of [ignorant, knows]) client.subscribe(eds, 'a');
      const [resource] = (await ignorant.take()).resources;
      expect([resource?.ttl, resource?.wrapped]).toEqual([undefined, false]);
      await knows.take();
      for (let beats = 0; beats < 3; beats += 1) expect(isHeartbeat(await knows.take())).toBe(true);
      expect(await world.settle(ignorant)).toEqual([]);
      for (const client of [ignorant, knows]) client.close();
    }
  });

  test('92: heartbeats come before the time is over, without bodies, at the same version, and are no update', async () => {
    world.set(eds, { a: '1' }, 300);
    world.set(eds, { b: '1' });
    const client = world.client(variant, knowing[variant]);
    client.subscribe(eds, 'a', 'b');
    const first = await client.take();
    const versions = new Map(first.resources.map(({ name, version }) => [name, version]));
    const nonces = [first.nonce];
    let last = performance.now();
    for (let beats = 0; beats < 4; beats += 1) {
      const beat = await client.take();
      const now = performance.now();
      // Generous beyond the time to live itself: what is meant is that it is not twice as long.
      expect(now - last).toBeLessThan(600);
      last = now;
      expect(isHeartbeat(beat)).toBe(true);
      expect(beat.version).toBe(first.version);
      expect(beat.resources.map(({ name, version, ttl }) => [name, version, ttl])).toEqual([
        ['a', versions.get('a'), 300],
      ]);
      nonces.push(beat.nonce);
    }
    expect(new Set(nonces).size).toBe(nonces.length);
    expect(world.told.pushed.filter(({ typeUrl }) => typeUrl === eds)).toHaveLength(1);
  });

  test('92: a change between heartbeats comes with its body', async () => {
    world.set(eds, { a: '1' }, 200);
    const client = world.client(variant, knowing[variant]);
    client.subscribe(eds, 'a');
    await client.take();
    expect(isHeartbeat(await client.take())).toBe(true);
    world.set(eds, { a: '2' }, 200);
    world.push();
    let answer = await client.take();
    while (isHeartbeat(answer)) answer = await client.take();
    expect(answer.content).toEqual({ a: '2' });
    expect(answer.resources[0]?.ttl).toBe(200);
    expect(isHeartbeat(await client.take())).toBe(true);
  });

  test('92: another time to live is told, though the content is the same', async () => {
    world.set(eds, { a: '1' }, 60_000);
    const client = world.client(variant, knowing[variant]);
    client.subscribe(eds, 'a');
    await client.take();
    world.set(eds, { a: '1' }, 100);
    world.push();
    expect((await client.take()).resources[0]?.ttl).toBe(100);
    expect(isHeartbeat(await client.take())).toBe(true);
  });

  test('92: a time to live of years makes no heartbeats', async () => {
    world.set(eds, { a: '1' }, 10 * 365 * 24 * 3_600_000);
    world.set(lds, { other: '1' }, 50);
    const client = world.client(variant, knowing[variant]);
    client.subscribe(eds, 'a');
    expect((await client.take()).resources[0]?.ttl).toBe(10 * 365 * 24 * 3_600_000);
    client.subscribe(lds, 'other');
    for (let beats = 0; beats < 6; beats += 1) expect((await client.take()).typeUrl).toBe(lds);
  });

  test('92: heartbeats end with the resource, with its time to live, and with the subscription', async () => {
    const ends: readonly ((unsubscribe: () => void) => void)[] = [
      () => world.drop(eds, 'a'),
      () => {
        world.remove(eds, 'a');
        world.change(eds, { a: 'for ever' });
      },
      (unsubscribe) => unsubscribe(),
    ];
    for (const end of ends) {
      world.remove(eds, 'a');
      world.set(eds, { a: '1' }, 100);
      const client = world.client(variant, knowing[variant]);
      client.subscribe(eds, 'a');
      await client.take();
      expect(isHeartbeat(await client.take())).toBe(true);
      end(() => client.unsubscribe(eds, 'a'));
      await world.settle(client);
      // Another resource beats six times while this one does not any more.
      world.set(lds, { other: '1' }, 50);
      client.subscribe(lds, 'other');
      const beats: Answer[] = [];
      while (beats.filter(({ typeUrl }) => typeUrl === lds).length < 6) beats.push(await client.take());
      expect(beats.filter(({ typeUrl }) => typeUrl === eds)).toEqual([]);
      world.remove(lds, 'other');
      client.close();
    }
  });
});
