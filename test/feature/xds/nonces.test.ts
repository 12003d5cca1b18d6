/** Nonces, versions, ACK and NACK; numbers are those of docs/xds.md. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TypeStatus } from '../../../src/xds/status.js';
import type { Answer } from './client.js';
import { cds, eds, lds, variants, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

/** How a type stands on the only stream. */
function statusOf(typeUrl: string): TypeStatus | undefined {
  const [stream] = world.server.streams;
  return stream?.status().find((type) => type.typeUrl === typeUrl);
}

describe.each(variants)('%s', (variant) => {
  test('13: every response of a stream has a nonce that it did not have before', async () => {
    const client = world.client(variant);
    world.set(cds, { a: '0' });
    world.set(eds, { a: '0', b: '0' });
    world.set(lds, { a: '0' });
    const seen: string[] = [];
    const note = async (): Promise<Answer> => {
      const answer = await client.take();
      seen.push(answer.nonce);
      return answer;
    };
    client.subscribe(cds);
    await note();
    client.subscribe(eds, 'a');
    await note();
    client.subscribe(eds, 'b');
    await note();
    client.subscribe(lds);
    await note();
    for (let round = 1; round < 5; round += 1) {
      world.change(cds, { [`c${round}`]: String(round) });
      await note();
      world.change(eds, { a: String(round) });
      await note();
    }
    expect(seen).not.toContain('');
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('14: a nonce of another stream does not silence the first answer', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const before = world.client(variant);
    before.subscribe(cds);
    const { nonce } = await before.take();
    await world.settle(before);
    before.close();
    const client = world.client(variant);
    if (variant === 'sotw') {
      client.send({ typeUrl: cds, responseNonce: nonce, versionInfo: world.version(cds) });
      expect((await client.take()).names).toEqual(['a']);
      client.send({ typeUrl: eds, responseNonce: nonce, versionInfo: 'old', resourceNames: ['a'] });
    } else {
      client.send({ typeUrl: cds, responseNonce: nonce });
      expect((await client.take()).names).toEqual(['a']);
      client.send({ typeUrl: eds, responseNonce: nonce, resourceNamesSubscribe: ['a'] });
    }
    expect((await client.take()).names).toEqual(['a']);
    expect(world.told.stale).toEqual([]);
    expect(world.told.acked.filter((ack) => ack.nonce === nonce)).toHaveLength(1);
  });

  test('15: the version that a raw snapshot names is what clients are told', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    expect((await client.take()).version).toBe(world.version(cds));
    world.change(cds, { a: '2' });
    expect((await client.take()).version).toBe(world.version(cds));
  });

  test('16: an ACK draws no response', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    const clusters = await client.take();
    client.accept(clusters);
    client.subscribe(eds, 'a');
    client.accept(await client.next());
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.acked.map(({ nonce }) => nonce)).toContain(clusters.nonce);
  });

  test('17: a NACK is recorded and draws no response', async () => {
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(eds, 'a');
    const refused = await client.next();
    for (let times = 0; times < 3; times += 1) client.refuse(refused, 'no such filter');
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.nacked.length).toBeGreaterThan(0);
    expect(world.told.nacked[0]).toEqual({
      nodeId: 'test-id',
      typeUrl: eds,
      nonce: refused.nonce,
      code: 13,
      message: 'no such filter',
    });
    expect(world.told.acked.filter(({ nonce }) => nonce === refused.nonce)).toEqual([]);
  });

  test('17: a push of a state that is refused already draws no response', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    client.refuse(await client.next(), 'no');
    for (let times = 0; times < 5; times += 1) world.push();
    expect(await world.settle(client)).toEqual([]);
  });

  test('18: a NACK is told by its error, whatever version it names', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    const { nonce, version } = await client.next();
    const errorDetail = { code: 3, message: 'though its version is the new one' };
    client.send({
      typeUrl: cds,
      responseNonce: nonce,
      errorDetail,
      ...(variant === 'sotw' && { versionInfo: version }),
    });
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.nacked.map(({ code, message }) => ({ code, message }))).toEqual([errorDetail]);
    expect(statusOf(cds)).toMatchObject({ state: 'ERROR', nonceAcked: '' });
  });

  test('18: a NACK without a message or a code is one too', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    const { nonce } = await client.next();
    client.send({ typeUrl: cds, responseNonce: nonce, errorDetail: {} });
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.nacked.map((nack) => nack.nonce)).toEqual([nonce]);
    expect(statusOf(cds)?.state).toBe('ERROR');
  });

  test('19: after a NACK the next change is pushed', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    client.refuse(await client.next(), 'no');
    world.change(cds, { a: '2' });
    const next = await client.next();
    expect(next.content).toEqual({ a: '2' });
    client.refuse(next, 'neither');
    world.change(cds, { a: '3' });
    expect((await client.take()).content).toEqual({ a: '3' });
  });

  test('25: how each type stands is shown, and an error lasts until the next ACK', async () => {
    world.set(cds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(eds, 'later');
    client.subscribe(cds);
    let answer = await client.next();
    if (answer.typeUrl === eds) answer = await client.next(); // delta: the name does not exist
    expect(statusOf(cds)).toMatchObject({ state: 'STALE', nonceSent: answer.nonce, nonceAcked: '' });
    client.refuse(answer, 'no such filter');
    await world.settle(client);
    expect(statusOf(cds)).toMatchObject({
      state: 'ERROR',
      lastError: 'no such filter',
      nonceAcked: '',
      nackedAt: expect.any(Number),
    });
    world.change(cds, { a: '2' });
    const second = await client.next();
    expect(statusOf(cds)?.lastError).toBe('no such filter');
    client.accept(second);
    await world.settle(client);
    expect(statusOf(cds)).toMatchObject({
      state: 'SYNCED',
      lastError: undefined,
      nonceSent: second.nonce,
      nonceAcked: second.nonce,
      versionSent: second.version,
      sentAt: expect.any(Number),
      ackedAt: expect.any(Number),
      resources: 1,
    });
    if (variant === 'sotw') {
      expect(statusOf(eds)).toMatchObject({ state: 'NOT SENT', sentAt: undefined });
      expect(statusOf(cds)?.versionAcked).toBe(second.version);
    }
  });

  test('26: of several requests the last one counts', async () => {
    for (let index = 0; index < 50; index += 1) world.set(eds, { [`e${index}`]: String(index) });
    const client = world.client(variant);
    client.subscribe(eds, 'e0');
    for (let index = 1; index < 50; index += 1) client.subscribe(eds, `e${index}`);
    for (let index = 0; index < 49; index += 1) client.unsubscribe(eds, `e${index}`);
    const answers = await world.settle(client);
    expect(answers.length).toBeLessThanOrEqual(50);
    expect(answers.flatMap(({ names }) => names)).toContain('e49');
    world.change(eds, { e0: 'changed', e49: 'changed' });
    expect((await client.next()).names).toEqual(['e49']);
  });

  test('27: the same first request twice is answered at most twice', async () => {
    world.set(cds, { a: '1' });
    world.set(eds, { a: '1' });
    const client = world.client(variant);
    client.subscribe(cds);
    client.subscribe(cds);
    client.subscribe(eds, 'a');
    client.subscribe(eds, 'a');
    const answers = await world.settle(client);
    for (const type of [cds, eds]) {
      const ofType = answers.filter(({ typeUrl }) => typeUrl === type);
      expect([1, 2]).toContain(ofType.length);
      for (const { content } of ofType) expect(content).toEqual({ a: '1' });
    }
  });
});

describe('sotw', () => {
  test('20: names that an ACK or a NACK adds are answered', async () => {
    world.set(eds, { a: '1', b: '1', c: '1' });
    const client = world.sotw();
    client.subscribe(eds, 'a');
    client.accept(await client.next(), ['a', 'b']);
    const second = await client.next();
    expect(second.names).toEqual(['b']);
    client.refuse(second, 'no', ['a', 'b', 'c']);
    expect((await client.next()).names).toEqual(['c']);
  });

  test('20: names that an ACK or a NACK leaves out are unsubscribed from', async () => {
    world.set(eds, { a: '1', b: '1', c: '1' });
    const client = world.sotw();
    client.subscribe(eds, 'a', 'b', 'c');
    client.accept(await client.next(), ['a', 'b']);
    await world.settle(client);
    world.change(eds, { a: '2', c: '2' });
    const second = await client.next();
    expect(second.names).toEqual(['a']);
    client.refuse(second, 'no', ['b']);
    await world.settle(client);
    world.change(eds, { a: '3', b: '3' });
    expect((await client.next()).names).toEqual(['b']);
  });

  test('17, 20: other names after a NACK, with the nonce of what was refused, do not accept it', async () => {
    world.set(eds, { a: '1', b: '1' });
    const client = world.sotw();
    client.subscribe(eds, 'a', 'b');
    const refused = await client.next();
    client.refuse(refused, 'no');
    client.ask(eds, ['a']);
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.acked.filter(({ nonce }) => nonce === refused.nonce)).toEqual([]);
    expect(statusOf(eds)).toMatchObject({ state: 'ERROR', nonceAcked: '', lastError: 'no' });
  });

  test('21: a request that names an old response draws no response and changes nothing', async () => {
    world.set(eds, { a: '1', b: '1' });
    const client = world.sotw();
    client.subscribe(eds, 'a');
    const first = await client.take();
    await world.settle(client);
    world.change(eds, { a: '2' });
    const second = await client.take();
    client.send({ typeUrl: eds, responseNonce: first.nonce, resourceNames: ['a', 'b'] });
    client.acceptStale(second, ['a', 'b']);
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.stale).toEqual([eds, eds]);
    world.change(eds, { a: '3', b: '3' });
    expect((await client.take()).names).toEqual(['a']);
  });

  test('21: the error of an old response is not taken for one of the last', async () => {
    world.set(cds, { a: '1' });
    const client = world.sotw();
    client.subscribe(cds);
    await client.take();
    client.send({ typeUrl: cds, responseNonce: 'old', errorDetail: { code: 3, message: 'long ago' } });
    expect(await world.settle(client)).toEqual([]);
    expect(statusOf(cds)?.state).toBe('SYNCED');
  });
});

describe('delta', () => {
  test('20: names that an ACK or a NACK adds are answered, and those that it drops are dropped', async () => {
    world.set(eds, { a: '1', b: '1', c: '1' });
    const client = world.delta();
    client.subscribe(eds, 'a');
    const first = await client.next();
    client.send({ typeUrl: eds, responseNonce: first.nonce, resourceNamesSubscribe: ['b'] });
    const second = await client.next();
    expect(second.names).toEqual(['b']);
    client.send({
      typeUrl: eds,
      responseNonce: second.nonce,
      resourceNamesSubscribe: ['c'],
      resourceNamesUnsubscribe: ['a'],
      errorDetail: { code: 3, message: 'no' },
    });
    const third = await client.take();
    expect(third.names).toEqual(['c']);
    world.change(eds, { a: '2', b: '2', c: '2' });
    expect([...(await client.next()).names].sort()).toEqual(['b', 'c']);
  });

  test('22: an old nonce does not void the subscriptions that come with it', async () => {
    world.set(eds, { a: '1', b: '1', c: '1' });
    const client = world.delta();
    client.subscribe(eds, 'a', 'b');
    await client.take();
    client.send({
      typeUrl: eds,
      responseNonce: 'never-sent',
      resourceNamesSubscribe: ['c'],
      resourceNamesUnsubscribe: ['a'],
    });
    expect((await client.take()).names).toEqual(['c']);
    world.change(eds, { a: '2', b: '2', c: '2' });
    expect([...(await client.next()).names].sort()).toEqual(['b', 'c']);
  });

  test('23: a request without a nonce subscribes and accepts nothing', async () => {
    world.set(eds, { a: '1', b: '1' });
    const client = world.delta();
    client.subscribe(eds, 'a');
    const first = await client.next();
    client.subscribe(eds, 'b');
    const second = await client.next();
    expect(second.names).toEqual(['b']);
    await world.settle(client);
    expect(world.told.acked.filter(({ typeUrl }) => typeUrl === eds)).toEqual([]);
    expect(statusOf(eds)?.state).toBe('STALE');
    client.accept(first);
    client.accept(second);
    await world.settle(client);
    expect(statusOf(eds)?.state).toBe('SYNCED');
  });

  test('24: accepting older responses, late and out of order, does no harm', async () => {
    world.set(eds, { a: '1' });
    const client = world.delta();
    client.subscribe(eds, 'a');
    const answers = [await client.next()];
    for (const content of ['2', '3']) {
      world.change(eds, { a: content });
      answers.push(await client.next());
    }
    for (const answer of [...answers].reverse()) client.accept(answer);
    expect(await world.settle(client)).toEqual([]);
    expect(statusOf(eds)?.state).toBe('SYNCED');
    world.change(eds, { a: '4' });
    expect((await client.take()).content).toEqual({ a: '4' });
  });

  test('17, 24: the refusal of an older response is recorded', async () => {
    world.set(eds, { a: '1' });
    const client = world.delta();
    client.subscribe(eds, 'a');
    const first = await client.next();
    world.change(eds, { a: '2' });
    const second = await client.next();
    client.refuse(first, 'the first one');
    client.accept(second);
    expect(await world.settle(client)).toEqual([]);
    expect(world.told.nacked.map(({ nonce, message }) => ({ nonce, message }))).toEqual([
      { nonce: first.nonce, message: 'the first one' },
    ]);
    expect(statusOf(eds)?.state).toBe('SYNCED');
  });
});
