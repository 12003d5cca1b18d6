/** The services of single types (11): the same protocol, one type to a stream; numbers are those of docs/xds.md. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serviceTypes, type Service } from './client.js';
import { cds, eds, lds, variants, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const services: readonly Service[] = ['cds', 'eds', 'lds', 'rds', 'sds', 'ecds'];

describe.each(variants)('%s', (variant) => {
  describe.each(services)('%s', (service) => {
    const type = serviceTypes[service];

    test('11: serves its type, to requests that need not name it', async () => {
      world.set(type, { a: '1', b: '1' });
      const client = world.client(variant, { service });
      client.subscribe(type, 'a', 'b');
      const first = await client.take();
      expect(first).toMatchObject({ typeUrl: type, content: { a: '1', b: '1' } });
      world.change(type, { b: '2' });
      expect((await client.take()).content['b']).toBe('2');
      expect(await world.settle(client)).toEqual([]);
      expect(world.told.acked.map(({ typeUrl }) => typeUrl)).toEqual(expect.arrayContaining([type]));
      const [stream] = world.server.streams;
      expect([stream?.onlyType, stream?.variant]).toEqual([type, variant]);
    });

    test('11: and to requests that do', async () => {
      world.set(type, { a: '1' });
      const client = world.client(variant, { service });
      client.send({
        typeUrl: type,
        ...(variant === 'sotw' ? { resourceNames: ['a'] } : { resourceNamesSubscribe: ['a'] }),
      });
      expect((await client.take()).content).toEqual({ a: '1' });
    });

    test('11: but no other type', async () => {
      world.set(type, { a: '1' });
      const client = world.client(variant, { service });
      client.subscribe(type, 'a');
      await client.take();
      client.send({ typeUrl: type === cds ? eds : cds });
      const { code, details } = await client.ended;
      expect(code).toBe(status.INVALID_ARGUMENT);
      expect(details).toContain(type);
    });

    test('3, 11: needs a node with an id', async () => {
      for (const node of [null, { id: '' }]) {
        const client = world.client(variant, { service, node });
        client.subscribe(type, 'a');
        expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
      }
    });

    test('17, 18, 19, 25: a NACK is recorded, draws no response, and the next change is pushed', async () => {
      world.set(type, { a: '1' });
      const client = world.client(variant, { service });
      client.subscribe(type, 'a');
      client.refuse(await client.next(), 'no such filter');
      await expect.poll(() => world.told.nacked.map(({ message }) => message)).toEqual(['no such filter']);
      const [stream] = world.server.streams;
      expect(stream?.status()).toMatchObject([
        { typeUrl: type, state: 'ERROR', lastError: 'no such filter' },
      ]);
      world.push();
      world.change(type, { a: '2' });
      expect((await client.take()).content).toEqual({ a: '2' });
      await expect.poll(() => stream?.status()[0]?.state).toBe('SYNCED');
    });

    test('32: no names are everything of clusters and listeners, and nothing of the rest', async () => {
      world.set(type, { a: '1' });
      const client = world.client(variant, { service });
      client.subscribe(type);
      if (type === cds || type === lds) {
        expect((await client.take()).names).toEqual(['a']);
      } else {
        client.subscribe(type, 'b');
        world.change(type, { a: '2' });
        world.change(type, { b: '1' });
        let answer = await client.take();
        if (answer.removed.length > 0) answer = await client.take();
        expect(answer.names).toEqual(['b']);
      }
    });
  });

  test('11: the streams of a node’s services are independent of each other', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const connection = world.connection();
    const clusters = world.client(variant, { service: 'cds', connection });
    const endpoints = world.client(variant, { service: 'eds', connection });
    clusters.subscribe(cds);
    endpoints.subscribe(eds, 'a');
    expect((await clusters.take()).typeUrl).toBe(cds);
    expect((await endpoints.take()).typeUrl).toBe(eds);
    clusters.close();
    await expect.poll(() => world.server.streams.size).toBe(1);
    world.set(cds, { a: '2' });
    world.change(eds, { a: '2' });
    expect(await endpoints.take()).toMatchObject({ typeUrl: eds, content: { a: '2' } });
  });

  test('6, 11: a type that the source does not serve is left unanswered', async () => {
    world.source.wrap = (_, client) => ({ ...client, serves: () => false });
    const client = world.client(variant, { service: 'rds' });
    client.subscribe(serviceTypes.rds, 'a');
    await expect.poll(() => world.told.unsupported).toEqual([serviceTypes.rds]);
    expect(world.server.streams.size).toBe(1);
    expect(client.pending).toBe(0);
  });
});
