/** Which pushes reach whom; numbers are those of docs/xds.md. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ResourceClient } from '../../../src/xds/source.js';
import { cds, eds, lds, rds, variants, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

describe.each(variants)('%s', (variant) => {
  test('73: a push without a change sends nothing, whatever it is called', async () => {
    for (const type of [cds, eds, lds, rds]) world.set(type, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    for (const type of [eds, rds]) {
      client.subscribe(type, 'a');
      await client.take();
    }
    for (let times = 0; times < 10; times += 1) world.push(`reason ${times}`);
    for (const type of [cds, eds, lds, rds]) world.change(type, { a: '1' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('73: nor does the change of what a client did not ask for', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(eds, { a: '1', b: '1' });
    const client = world.client(variant);
    client.subscribe(cds, 'a');
    await client.take();
    client.subscribe(eds, 'a');
    await client.take();
    world.set(cds, { b: '2', new: '1' });
    world.set(eds, { b: '2', new: '1' });
    world.change(lds, { a: '1' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('73: a change and its opposite, both before the client’s turn, send nothing', async () => {
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(eds, 'a');
    await client.take();
    world.change(eds, { a: '2' });
    world.change(eds, { a: '1' });
    expect(await world.settle(client)).toEqual([]);
  });

  test('74: a change of endpoints sends these and nothing of other types', async () => {
    world.set(cds, { a: '1', b: '1' });
    world.set(eds, { a: '1', b: '1' });
    world.set(lds, { a: '1' });
    const client = world.client(variant);
    for (const type of [cds, lds]) {
      client.subscribe(type);
      await client.take();
    }
    client.subscribe(eds, 'a', 'b');
    await client.take();
    await world.settle(client);
    world.set(eds, { b: '2' });
    world.push('endpoints', new Set([eds]));
    expect(await client.take()).toMatchObject({ typeUrl: eds, content: { b: '2' }, names: ['b'] });
    expect(await world.settle(client)).toEqual([]);
  });

  test('74: what a push is not said to concern is brought by the next one', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    client.subscribe(eds, 'a');
    await client.take();
    world.set(cds, { a: '2' });
    world.set(eds, { a: '2' });
    world.push('endpoints', new Set([eds]));
    expect(await client.take()).toMatchObject({ typeUrl: eds, content: { a: '2' } });
    world.push();
    expect(await client.take()).toMatchObject({ typeUrl: cds, content: { a: '2' } });
  });

  test('77: a client whose resources take long does not hold up the others', async () => {
    const held = { is: true };
    world.source.wrap = (node, client) => {
      if (node.id !== 'slow-to-make') return client;
      return {
        ...client,
        *resources(typeUrl, subscription): ReturnType<ResourceClient['resources']> {
          while (held.is) yield;
          return yield* client.resources(typeUrl, subscription);
        },
      };
    };
    world.set(cds, { a: '1' });
    const slow = Array.from({ length: 5 }, () => world.client(variant, { node: { id: 'slow-to-make' } }));
    for (const client of slow) client.subscribe(cds);
    const quick = world.client(variant);
    quick.subscribe(cds);
    expect((await quick.take()).content).toEqual({ a: '1' });
    for (let round = 2; round < 10; round += 1) {
      world.change(cds, { a: String(round) });
      expect((await quick.take()).content).toEqual({ a: String(round) });
    }
    expect(slow.map(({ pending }) => pending)).toEqual(slow.map(() => 0));
    held.is = false;
    for (const client of slow) expect((await client.take()).content).toEqual({ a: '9' });
  });

  test('77: the event loop goes on while large answers are made for many', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `cluster-${index}`);
    world.set(cds, Object.fromEntries(names.map((name) => [name, 'x'.repeat(200)])));
    const clients = Array.from({ length: 40 }, () => world.client(variant));
    for (const client of clients) {
      client.subscribe(cds);
      expect((await client.take()).names).toHaveLength(2000);
    }
    world.change(cds, { [names[0] ?? '']: 'changed' });
    for (const client of clients) expect((await client.take()).names).toContain(names[0]);
    const last = world.told.changes.at(-1);
    expect(last).toMatchObject({ streams: 40, concerned: 40, responses: 40 });
  });
});

describe('admission', () => {
  async function restart(limits: { maxStreams?: number; maxStreamsPerSecond?: number }): Promise<void> {
    await world.stop();
    world = await World.start({ limits });
    world.set(cds, { a: '1' });
  }

  test.each(variants)('78: more %s streams than may be open end with RESOURCE_EXHAUSTED', async (variant) => {
    await restart({ maxStreams: 3 });
    const open = [world.client(variant), world.client(variant), world.client(variant)];
    for (const client of open) {
      client.subscribe(cds);
      await client.take();
    }
    const refused = world.client(variant);
    refused.subscribe(cds);
    expect((await refused.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    world.change(cds, { a: '2' });
    for (const client of open) expect((await client.take()).content).toEqual({ a: '2' });
    open[0]?.close();
    await expect.poll(() => world.server.streams.size).toBe(2);
    const next = world.client(variant);
    next.subscribe(cds);
    expect((await next.take()).content).toEqual({ a: '2' });
  });

  test('78: streams that begin faster than allowed wait, and beyond that end with RESOURCE_EXHAUSTED', async () => {
    await restart({ maxStreamsPerSecond: 5 });
    const clients = Array.from({ length: 20 }, () => world.delta());
    for (const client of clients) client.subscribe(cds);
    const outcomes = await Promise.all(
      clients.map((client) =>
        Promise.race([
          client.next().then(
            () => 'served',
            () => 'refused',
          ),
          client.ended.then(({ code }) => {
            expect(code).toBe(status.RESOURCE_EXHAUSTED);
            return 'refused';
          }),
        ]),
      ),
    );
    const served = outcomes.filter((outcome) => outcome === 'served').length;
    expect(served).toBeGreaterThanOrEqual(5);
    expect(served).toBeLessThan(20);
  });
});

describe('what is told of pushes', () => {
  test('95: how many clients a change was brought to, and when all of them had accepted it', async () => {
    world.set(cds, { a: '1' });
    const clients = [world.sotw(), world.delta(), world.delta()];
    for (const client of clients) {
      client.subscribe(cds);
      await client.take();
      await world.settle(client);
    }
    const idle = world.delta();
    idle.subscribe(lds);
    await idle.take();
    await world.settle(idle);
    world.set(cds, { a: '2' });
    world.push('a reason');
    const answers = [];
    for (const client of clients) answers.push(await client.next());
    await expect.poll(() => world.told.changes.at(-1)?.reason).toBe('a reason');
    expect(world.told.changes.at(-1)).toMatchObject({ streams: 4, concerned: 3, responses: 3 });
    expect(world.told.changes.at(-1)?.bytes).toBeGreaterThan(0);
    expect(world.told.converged).not.toContain('a reason');
    for (const [index, client] of clients.entries()) {
      const answer = answers[index];
      if (answer === undefined) continue;
      if (index === 1) client.refuse(answer, 'no');
      else client.accept(answer);
    }
    await expect.poll(() => world.told.converged).toContain('a reason');
  });

  test('95: a client that goes away does not keep a change from being done', async () => {
    world.set(cds, { a: '1' });
    const [stays, goes] = [world.delta(), world.delta()];
    for (const client of [stays, goes]) {
      client.subscribe(cds);
      await client.take();
    }
    world.set(cds, { a: '2' });
    world.push('a reason');
    await goes.next();
    await stays.take();
    goes.close();
    await expect.poll(() => world.told.converged).toContain('a reason');
  });

  test('95: who is connected, and what each was sent', async () => {
    world.set(cds, { a: '1', b: '1' });
    const client = world.delta();
    client.subscribe(cds);
    const answer = await client.take();
    await world.settle(client);
    expect(world.told.connected).toEqual([
      {
        connectionId: 'test-id-1',
        nodeId: 'test-id',
        peer: expect.stringContaining('127.0.0.1'),
        variant: 'delta',
      },
    ]);
    expect(world.told.pushed[0]).toMatchObject({
      typeUrl: cds,
      version: answer.version,
      nonce: answer.nonce,
      resources: 2,
      removed: 0,
      reason: 'request',
    });
    world.set(cds, { a: '2' });
    world.push('why');
    await client.take();
    expect(world.told.pushed.at(-1)).toMatchObject({ resources: 1, reason: 'why' });
    client.close();
    await expect.poll(() => world.told.disconnected.map(({ stream }) => stream.nodeId)).toEqual(['test-id']);
  });
});
