/** Streams, nodes and types; numbers are those of docs/xds.md. */
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cds, eds, lds, rds, variants, World } from './world.js';

const unknownType = 'type.googleapis.com/unknown.Type';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

describe.each(variants)('%s', (variant) => {
  test('1: the types of a stream have their own names, nonces and versions', async () => {
    world.set(cds, { a: 'cluster' });
    world.set(lds, { a: 'listener' });
    world.set(lds, { a: 'listener' });
    world.set(eds, { a: 'endpoints', b: 'endpoints' });
    const client = world.client(variant);
    client.subscribe(cds);
    client.subscribe(eds, 'a');
    client.subscribe(lds);
    const answers = [await client.next(), await client.next(), await client.next()];
    const byType = new Map(answers.map((answer) => [answer.typeUrl, answer]));
    expect(byType.get(cds)).toMatchObject({ content: { a: 'cluster' }, version: world.version(cds) });
    expect(byType.get(eds)).toMatchObject({ content: { a: 'endpoints' }, version: world.version(eds) });
    expect(byType.get(lds)).toMatchObject({ content: { a: 'listener' }, version: world.version(lds) });
    // What becomes of one type says nothing of another.
    for (const answer of answers) {
      if (answer.typeUrl === eds) client.refuse(answer, 'no');
      else client.accept(answer);
    }
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.nacked.map(({ typeUrl }) => typeUrl)).toEqual([eds]);
    const [stream] = world.server.streams;
    const states = stream?.status().map(({ typeUrl, state }) => [typeUrl, state]);
    expect(states).toEqual(
      expect.arrayContaining([
        [cds, 'SYNCED'],
        [eds, 'ERROR'],
        [lds, 'SYNCED'],
      ]),
    );
  });

  test('1: ten types on a stream are not confused', async () => {
    const types = Array.from({ length: 10 }, (_, index) => `type.googleapis.com/test.Type${index}`);
    for (const type of types) world.set(type, { a: type });
    const client = world.client(variant);
    for (const type of types) client.subscribe(type, 'a');
    for (let index = 0; index < types.length; index += 1) {
      const answer = await client.take();
      expect(answer.content).toEqual({ a: answer.typeUrl });
    }
    for (const type of types) world.set(type, { a: `${type} again` });
    world.push();
    const seen = new Set<string>();
    for (let index = 0; index < types.length; index += 1) {
      const answer = await client.take();
      expect(answer.content).toEqual({ a: `${answer.typeUrl} again` });
      seen.add(answer.typeUrl);
    }
    expect([...seen].sort()).toEqual(types);
    expect(await world.settle(client)).toEqual([]);
  });

  test('2: the node of the first request holds for the stream', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    client.subscribe(eds, 'a');
    expect((await client.take()).content).toEqual({ a: '1' });
  });

  test('2: another node in a later request is ignored', async () => {
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    await client.take();
    const names = variant === 'sotw' ? { resourceNames: ['a'] } : { resourceNamesSubscribe: ['a'] };
    client.send({ typeUrl: eds, node: { id: 'a-node-without-resources' }, ...names });
    expect((await client.take()).content).toEqual({ a: '1' });
    const nodes = [...world.server.streams].map(({ identity }) => identity?.nodeId);
    expect(nodes).toEqual(['test-id']);
  });

  test('3: a first request without a node, or with an empty id, ends the stream with INVALID_ARGUMENT', async () => {
    for (const node of [null, { id: '' }, { id: '', cluster: 'c' }]) {
      const client = world.client(variant, { node });
      client.subscribe(cds);
      expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
    }
    expect(world.told.refused).toHaveLength(3);
    expect(world.server.streams.size).toBe(0);
  });

  test('5: a request without a type ends the stream with INVALID_ARGUMENT', async () => {
    const client = world.client(variant);
    client.subscribe('', 'a');
    expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
    const later = world.client(variant);
    later.subscribe(cds);
    await later.next();
    later.subscribe('', 'a');
    expect((await later.ended).code).toBe(status.INVALID_ARGUMENT);
  });

  test('6: a type that is not served is left unanswered and told once, and the stream goes on', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(unknownType, 'a');
    client.subscribe(unknownType, 'a', 'b');
    client.subscribe(unknownType);
    client.subscribe(cds);
    expect((await client.take()).typeUrl).toBe(cds);
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.unsupported).toEqual([unknownType]);
    world.change(cds, { a: '2' });
    expect((await client.next()).content).toEqual({ a: '2' });
  });

  test('7: streams of one node are served beside each other, and the end of one does not touch the other', async () => {
    world.set(cds, { a: '1' });
    const [first, second] = [world.client(variant), world.client(variant)];
    for (const client of [first, second]) {
      client.subscribe(cds);
      expect((await client.take()).content).toEqual({ a: '1' });
    }
    world.change(cds, { a: '2' });
    for (const client of [first, second]) expect((await client.take()).content).toEqual({ a: '2' });
    first.close();
    await expect.poll(() => world.server.streams.size).toBe(1);
    world.change(cds, { a: '3' });
    expect((await second.take()).content).toEqual({ a: '3' });
  });

  test('8: several streams share a connection', async () => {
    world.set(cds, { a: '1' });
    const connection = world.connection();
    const clients = Array.from({ length: 5 }, (_, index) => {
      world.serve(`node-${index}`);
      return world.client(variant, { connection, node: { id: `node-${index}` } });
    });
    for (const client of clients) client.subscribe(cds);
    for (const client of clients) expect((await client.take()).content).toEqual({ a: '1' });
    clients[0]?.close();
    world.change(cds, { a: '2' });
    for (const client of clients.slice(1)) expect((await client.take()).content).toEqual({ a: '2' });
  });

  test('9: types may be asked for in any order', async () => {
    for (const type of [cds, eds, lds, rds]) world.set(type, { a: type });
    const client = world.client(variant);
    for (const type of [rds, eds, lds, cds]) {
      if (type === cds || type === lds) client.subscribe(type);
      else client.subscribe(type, 'a');
      for (;;) {
        const answer = await client.take();
        expect(answer.content).toEqual({ a: answer.typeUrl });
        if (answer.typeUrl === type) break;
      }
    }
    await world.settle(client);
    for (const type of [rds, eds, lds, cds]) {
      world.change(type, { a: `${type} again` });
      expect(await client.take()).toMatchObject({ typeUrl: type, content: { a: `${type} again` } });
      await world.settle(client); // a changed cluster is followed by its endpoints
    }
  });

  test('10: until the source is ready streams are refused with UNAVAILABLE', async () => {
    world.set(cds, { a: '1' });
    world.source.isReady = false;
    const early = world.client(variant);
    early.subscribe(cds);
    expect((await early.ended).code).toBe(status.UNAVAILABLE);
    world.source.isReady = true;
    const later = world.client(variant);
    later.subscribe(cds);
    expect((await later.next()).content).toEqual({ a: '1' });
  });
});

describe('methods that are not served', () => {
  test.each([
    '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats',
    '/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus',
    '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
    '/envoy.service.discovery.v3.AggregatedDiscoveryService/NoSuchMethod',
    '/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters',
    '/envoy.service.discovery.v2.AggregatedDiscoveryService/StreamAggregatedResources',
    '/grpc.health.v1.Health/Check',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ])('12, 95: %s is UNIMPLEMENTED', async (path) => {
    const client = new Client(`127.0.0.1:${world.port}`, credentials.createInsecure());
    world.owns(() => client.close());
    const bytes = (value: Buffer): Buffer => value;
    const call = client.makeBidiStreamRequest(path, bytes, bytes);
    call.on('error', () => undefined); // told by the status
    call.on('data', () => undefined);
    const code = new Promise((resolve) => {
      call.once('status', (end) => resolve(end.code));
    });
    call.write(Buffer.alloc(0));
    expect(await code).toBe(status.UNIMPLEMENTED);
  });
});
