/** Clients that are slow, broken or hostile, and what they cost the others; numbers are those of docs/xds.md. */
import { connect as connectTcp } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
  type DeltaDiscoveryRequestShape,
} from '../../../src/envoy/messages.js';
import type { WorldOptions } from './world.js';
import { cds, eds, nodeId, variants, World } from './world.js';
import { methodPath, type Variant } from './client.js';
import { WireConnection, type WireStream } from './wire-client.js';

const node = { id: nodeId };

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

async function restart(options: WorldOptions): Promise<void> {
  await world.stop();
  world = await World.start(options);
}

function wire(window?: number): WireConnection {
  const connection = new WireConnection(world.port, window);
  world.owns(() => connection.destroy());
  return connection;
}

function firstRequest(variant: Variant, request: DeltaDiscoveryRequestShape = {}): Buffer {
  const { resourceNamesSubscribe: resourceNames = [], ...rest } = request;
  return variant === 'sotw'
    ? DiscoveryRequest.encode({ node, typeUrl: cds, ...rest, resourceNames })
    : DeltaDiscoveryRequest.encode({ node, typeUrl: cds, ...rest, resourceNamesSubscribe: resourceNames });
}

/** The server serves a new client as if nothing had been. */
async function expectServed(): Promise<void> {
  const client = world.delta();
  client.subscribe(cds);
  await client.take();
  world.change(cds, { 'still-served': String(Math.random()) });
  expect((await client.take()).names).toContain('still-served');
  client.close();
}

describe.each(variants)('%s', (variant) => {
  const path = methodPath('ads', variant);

  test('79: a client that does not read holds one response, and delays nobody', async () => {
    const large = 'x'.repeat(1_000_000);
    world.set(cds, { a: `0${large}` });
    const stalled = Array.from({ length: 10 }, () => {
      const stream = wire().open(path);
      stream.send(firstRequest(variant));
      return stream;
    });
    await expect.poll(() => world.told.pushed.length).toBe(stalled.length);
    const reading = world.client(variant);
    reading.subscribe(cds);
    await reading.take();
    for (let round = 1; round <= 30; round += 1) {
      world.change(cds, { a: `${round}${large}` });
      expect((await reading.take()).content['a']?.startsWith(`${round}x`)).toBe(true);
    }
    // Each of the stalled was handed one response and has it still.
    expect(world.told.pushed.length).toBe(stalled.length + 31);
    expect(world.server.load.bytesInFlight).toBeLessThan((stalled.length + 1) * 1_001_000);
  });

  test('79: a client that does not read for too long is given up, and its memory with it', async () => {
    await restart({ limits: { sendTimeout: 200 } });
    world.set(cds, { a: 'x'.repeat(1_000_000) });
    const stream = wire().open(path);
    stream.send(firstRequest(variant));
    await expect.poll(() => world.told.timedOut.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => world.server.streams.size).toBe(0);
    await expect.poll(() => world.server.load.bytesInFlight).toBe(0);
    await expectServed();
  });

  test('79: when responses that nobody reads become too many, the oldest of them are given up', async () => {
    await restart({ limits: { maxBytesStalled: 3_500_000 } });
    world.set(cds, { a: 'x'.repeat(1_000_000) });
    for (let count = 1; count <= 8; count += 1) {
      wire().open(path).send(firstRequest(variant));
      await expect.poll(() => world.told.pushed.length).toBe(count);
    }
    await expect.poll(() => world.server.load.bytesInFlight, { timeout: 20_000 }).toBeLessThan(3_600_000);
    expect(world.told.timedOut.length).toBeGreaterThanOrEqual(5);
    await expectServed();
  });

  test('79: responses wait while too many are on their way to clients that read', async () => {
    await restart({ limits: { maxBytesInFlight: 1_500_000 } });
    world.set(cds, { a: 'x'.repeat(1_000_000) });
    const clients = Array.from({ length: 20 }, () => world.client(variant));
    for (const client of clients) client.subscribe(cds);
    for (const client of clients) expect((await client.take()).names).toEqual(['a']);
  });

  test('80: a client that goes in the middle of a push leaves nothing behind', async () => {
    world.set(cds, { a: 'x'.repeat(3_000_000) });
    for (let round = 0; round < 5; round += 1) {
      const connection = wire();
      for (let count = 0; count < 5; count += 1) {
        const stream = connection.open(path);
        stream.send(firstRequest(variant));
      }
      await expect.poll(() => world.server.load.bytesInFlight).toBeGreaterThan(0);
      world.change(cds, { a: `${round}${'x'.repeat(3_000_000)}` });
      connection.destroy();
      await expect.poll(() => world.server.streams.size).toBe(0);
    }
    await expect.poll(() => world.server.load).toEqual({ queued: 0, bytesInFlight: 0 });
    expect(world.told.disconnected.length).toBe(world.told.connected.length);
    await expectServed();
  });

  test('80: a client that cancels its stream leaves nothing behind', async () => {
    world.set(cds, { a: 'x'.repeat(1_000_000) });
    const connection = wire();
    for (let count = 0; count < 20; count += 1) {
      const stream = connection.open(path);
      stream.send(firstRequest(variant));
      if (count % 2 === 0) await expect.poll(() => world.server.load.bytesInFlight).toBeGreaterThan(0);
      stream.reset();
    }
    await expect.poll(() => world.server.streams.size).toBe(0);
    await expect.poll(() => world.server.load).toEqual({ queued: 0, bytesInFlight: 0 });
    await expectServed();
  });

  test('81: half-closing ends the stream', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    client.halfClose();
    expect((await client.ended).code).toBe(status.OK);
    expect(world.server.streams.size).toBe(0);
    const silent = world.client(variant);
    silent.halfClose();
    expect((await silent.ended).code).toBe(status.OK);
    await expectServed();
  });

  test('82: bytes that cannot be decoded end their stream with INTERNAL, and no other on the connection', async () => {
    world.set(cds, { a: '1' });
    const connection = wire();
    const healthy = connection.open(path);
    healthy.read();
    healthy.send(firstRequest(variant));
    await healthy.next();
    const garbage = [
      Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), // a length beyond the end
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      Buffer.from([0x22, 0x02, 0xc3, 0x28]), // text that is not UTF-8
      Buffer.from([0x0c]), // the end of a group that did not begin
    ];
    for (const bytes of garbage) {
      for (const before of [[], [firstRequest(variant)]]) {
        const stream: WireStream = connection.open(path);
        stream.read();
        for (const request of before) stream.send(request);
        stream.send(bytes);
        expect((await stream.ended).code, bytes.toString('hex')).toBe(status.INTERNAL);
      }
    }
    world.change(cds, { a: '2' });
    expect((await healthy.next()).toString('latin1')).toContain('a=2');
  });

  test('82: so do frames that are none of gRPC’s', async () => {
    world.set(cds, { a: '1' });
    const connection = wire();
    for (const bytes of [Buffer.from([7, 0, 0, 0, 1, 0]), Buffer.from([1, 0, 0, 0, 3, 1, 2, 3])]) {
      const stream = connection.open(path);
      stream.read();
      stream.sendBytes(bytes);
      expect((await stream.ended).code).not.toBe(status.OK);
    }
    await expectServed();
  });

  test('82: and bytes that are not HTTP/2 do not even get so far', async () => {
    world.set(cds, { a: '1' });
    const socket = connectTcp(world.port, '127.0.0.1');
    const closed = new Promise((resolve) => {
      socket.on('error', () => undefined); // it is about to be closed
      socket.once('close', resolve);
    });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await closed;
    await expectServed();
  });

  test('83: responses may be larger than 4 MiB', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `c${index}`);
    world.set(cds, Object.fromEntries(names.map((name) => [name, 'x'.repeat(20_000)])));
    const client = world.client(variant);
    client.subscribe(cds);
    const { resources } = await client.take();
    expect(resources.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)).toBeGreaterThan(10_000_000);
  });

  test('84: a request beyond the limit ends its stream with RESOURCE_EXHAUSTED', async () => {
    world.set(cds, { a: '1' });
    const names = (bytes: number): string[] =>
      Array.from({ length: bytes / 100 }, (_, i) => `${i}`.padEnd(98, 'x'));
    const within = world.client(variant);
    within.subscribe(cds, 'a', ...names(2 * 1024 * 1024));
    expect((await within.take()).names).toEqual(['a']);
    const beyond = world.client(variant);
    beyond.subscribe(cds, 'a', ...names(5 * 1024 * 1024));
    expect((await beyond.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    await expectServed();
    await restart({ limits: { maxRequestBytes: 1000 } });
    world.set(cds, { a: '1' });
    const small = world.client(variant);
    small.subscribe(cds, ...names(2000));
    expect((await small.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    await expectServed();
  });

  test('84: so does a node that is too large', async () => {
    const metadata = { fields: { x: { stringValue: 'x'.repeat(300 * 1024) } } };
    const client = world.client(variant, { node: { id: nodeId, metadata } });
    client.subscribe(cds);
    const { code, details } = await client.ended;
    expect([status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT]).toContain(code);
    expect(details).toContain('node');
    expect(world.told.refused).toHaveLength(1);
  });

  test('85: among 20 000 names the known ones are answered', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `name-${index}`);
    world.set(eds, { 'name-7': '1', 'name-19999': '1', other: '1' });
    const client = world.client(variant);
    const began = performance.now();
    client.subscribe(eds, ...names);
    const first = await client.take();
    expect([...first.names].sort()).toEqual(['name-19999', 'name-7']);
    expect(first.removed).toHaveLength(variant === 'delta' ? 19_998 : 0);
    // Twice as many names must not cost four times as much: half a second is far more than either takes.
    expect(performance.now() - began).toBeLessThan(5000);
    world.change(eds, { 'name-12345': '1' });
    expect((await client.take()).names).toEqual(['name-12345']);
    client.subscribe(eds, 'other');
    expect((await client.take()).names).toEqual(['other']);
  });

  test('85: more names than are allowed end the stream with RESOURCE_EXHAUSTED', async () => {
    world.set(eds, { a: '1' });
    const names = Array.from({ length: 30_000 }, (_, index) => `name-${index}`);
    const client = world.client(variant);
    client.subscribe(eds, 'a', ...names);
    await client.take();
    client.subscribe(eds, ...names.map((name) => `another-${name}`));
    const { code, details } = await client.ended;
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(details).toContain('50000');
    await restart({ limits: { maxResourceNames: 2 } });
    world.set(cds, { a: '1' });
    const small = world.client(variant);
    small.subscribe(cds, 'a', 'b');
    await small.take();
    small.subscribe(cds, 'c');
    expect((await small.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    await expectServed();
  });

  test('85: names that are too long altogether end the stream with RESOURCE_EXHAUSTED', async () => {
    await restart({ limits: { maxResourceNameBytes: 1_000_000 } });
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds, 'a', 'x'.repeat(600_000));
    await client.take();
    client.subscribe(cds, 'y'.repeat(600_000));
    const { code, details } = await client.ended;
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(details).toContain('1000000');
    await expectServed();
  });

  test('85: names that hold line breaks and other separators are no others', async () => {
    world.set(eds, { a: '1', b: '1' });
    // Their streams stay open, so that what the server keeps for them stays too.
    for (const name of ['a\nb', 'a\0b', 'a,b', 'a b', '1:a1:b', '"a","b"']) {
      const strange = world.client(variant);
      strange.subscribe(eds, name);
      await world.settle(strange);
    }
    const client = world.client(variant);
    client.subscribe(eds, 'a', 'b');
    expect([...(await client.take()).names].sort()).toEqual(['a', 'b']);
    const steps = world.client(variant);
    steps.subscribe(eds, 'a');
    await steps.take();
    steps.subscribe(eds, 'b');
    expect((await steps.take()).names).toEqual(['b']);
  });

  test('85: types without number are left unanswered beyond the limit', async () => {
    await restart({ limits: { maxTypes: 4 } });
    world.set(cds, { a: '1' });
    const types = Array.from({ length: 10 }, (_, index) => `type.googleapis.com/test.Type${index}`);
    for (const type of types) world.set(type, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    for (const type of types) client.subscribe(type, 'a');
    for (let index = 0; index < 3; index += 1) expect((await client.take()).typeUrl).toBe(types[index]);
    world.change(cds, { a: '2' });
    expect((await client.take()).content).toEqual({ a: '2' });
    for (let index = 0; index < 1000; index += 1)
      client.subscribe(`type.googleapis.com/unknown.Type${index}`, 'a');
    world.change(cds, { a: '3' });
    expect((await client.take()).content).toEqual({ a: '3' });
    expect(world.told.unsupported.length).toBeLessThanOrEqual(4);
    const other = world.client(variant);
    other.subscribe(`type.googleapis.com/${'x'.repeat(1_000_000)}`, 'a');
    other.subscribe(cds);
    await other.take();
    expect(world.told.unsupported.at(-1)?.length).toBeLessThan(1000);
  });

  const many = variant === 'delta' ? 1000 : 200;
  test(`86: ${many} streams on one connection are served`, async () => {
    world.set(cds, { a: '1' });
    const connection = world.connection();
    const clients = Array.from({ length: many }, () => world.client(variant, { connection }));
    for (const client of clients) client.subscribe(cds);
    for (const client of clients) expect((await client.take()).content).toEqual({ a: '1' });
    world.change(cds, { a: '2' });
    for (const client of clients) expect((await client.take()).content).toEqual({ a: '2' });
    for (const client of clients) client.close();
    await expect.poll(() => world.server.streams.size).toBe(0);
  });
});

describe('connections that last', () => {
  test('87: clients may ping as often as they like', async () => {
    world.set(cds, { a: '1' });
    const connection = wire();
    const stream = connection.open(methodPath('ads', 'delta'));
    stream.read();
    stream.send(firstRequest('delta'));
    await stream.next();
    for (let count = 0; count < 100; count += 1) await connection.ping();
    world.change(cds, { a: '2' });
    expect((await stream.next()).toString('latin1')).toContain('a=2');
  });

  test('87: a client that does not answer pings is dead, and its streams end', async () => {
    await restart({ connections: { keepaliveTime: 100, keepaliveTimeout: 100 } });
    world.set(cds, { a: '1' });
    const alive = world.delta();
    alive.subscribe(cds);
    await alive.take();
    // HTTP/2 by hand, so that pings are not answered: preface, empty SETTINGS, and a HEADERS frame that opens a stream.
    const dead = connectTcp(world.port, '127.0.0.1');
    world.owns(() => dead.destroy());
    dead.on('error', () => undefined); // the server closes it
    const closed = new Promise((resolve) => {
      dead.once('close', resolve);
    });
    dead.resume();
    dead.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    dead.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    await closed;
    world.change(cds, { a: '2' });
    expect((await alive.take()).content).toEqual({ a: '2' });
  });

  test('88: an old connection is ended in good order, and its clients go on elsewhere', async () => {
    await restart({ connections: { maxConnectionAge: 300, maxConnectionAgeGrace: 300 } });
    world.set(cds, { a: '1' });
    const clients = Array.from({ length: 10 }, () => world.delta());
    for (const client of clients) {
      client.subscribe(cds);
      await client.take();
    }
    for (const client of clients) expect((await client.ended).code).toBe(status.OK);
    await expectServed();
  });

  test('88: a server that stops ends streams one after the other, serves meanwhile, and begins no new ones', async () => {
    world.set(cds, { a: '1' });
    const clients = Array.from({ length: 10 }, () => world.delta());
    for (const client of clients) {
      client.subscribe(cds);
      await client.take();
    }
    const shared = world.connection();
    const early = world.delta({ connection: shared });
    early.subscribe(cds);
    await early.take();
    const ends: number[] = [];
    for (const client of clients) void client.ended.then(() => ends.push(performance.now()));
    const stopping = world.server.close(1000);
    world.change(cds, { a: '2' });
    const last = clients.at(-1);
    expect((await last?.take())?.content).toEqual({ a: '2' });
    for (const client of clients) expect((await client.ended).code).toBe(status.OK);
    await stopping;
    expect((ends.at(-1) ?? 0) - (ends[0] ?? 0)).toBeGreaterThan(300);
    const late = world.delta();
    late.subscribe(cds);
    expect((await late.ended).code).toBe(status.UNAVAILABLE);
  });

  test('88: a client that does not take the end of its stream cannot hold up the end of the server', async () => {
    world.set(cds, { a: 'x'.repeat(1_000_000) });
    const stream = wire().open(methodPath('ads', 'delta'));
    stream.send(firstRequest('delta'));
    await expect.poll(() => world.told.pushed.length).toBe(1);
    await world.server.close(100);
    expect(world.server.streams.size).toBe(0);
  });

  test('88: a client that does not close its connection cannot hold up the end of the server', async () => {
    const socket = connectTcp({ port: world.port, host: '127.0.0.1', allowHalfOpen: true });
    world.owns(() => socket.destroy());
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]));
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    const ended = new Promise<void>((resolve) => {
      socket.once('end', resolve);
    });
    await world.server.close(100);
    await expect(ended).resolves.toBeUndefined();
  });

  test('89, 90: after a restart all clients that come back at once are brought to the current state', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1', b: '1' });
    const count = 300;
    const settleAll = async (content: string): Promise<void> => {
      const connections = Array.from({ length: 10 }, () => world.connection());
      const clients = Array.from({ length: count }, (_, index) => {
        const connection = connections[index % connections.length];
        const variant = index % 3 === 0 ? 'sotw' : 'delta';
        return world.client(variant, {
          ...(connection && { connection }),
          node: { id: `node-${index % 50}` },
        });
      });
      for (const client of clients) {
        client.subscribe(cds);
        client.subscribe(eds, 'a', 'b');
      }
      for (const client of clients) {
        const state: Record<string, string | undefined> = {};
        const seen = new Set<string>();
        while (seen.size < 2) {
          const answer = await client.take();
          seen.add(answer.typeUrl);
          for (const [name, text] of Object.entries(answer.content))
            state[`${answer.typeUrl} ${name}`] = text;
        }
        expect(state).toEqual({ [`${cds} a`]: content, [`${eds} a`]: '1', [`${eds} b`]: '1' });
      }
    };
    await settleAll('1');
    world.set(cds, { a: '2' });
    await world.restart();
    await settleAll('2');
    await expect.poll(() => world.server.load).toEqual({ queued: 0, bytesInFlight: 0 });
  });
});
