/** State-of-the-world ADS over a real socket; numbers are those of the protocol checklist in docs/xds.md. */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { typeUrls } from '../../src/envoy/type-urls.js';
import type { DiscoveryResponseMessage } from '../../src/envoy/messages.js';
import type { NackReport, XdsObserver } from '../../src/xds/observer.js';
import { AdsServer } from '../../src/xds/server.js';
import { AdsClient } from './ads-client.js';
import { RawSource } from './raw-source.js';

const { cds, eds } = typeUrls;
const node = { id: 'test-id' };

let source: RawSource;
let server: AdsServer;
let port: number;
let nacks: NackReport[];
let unsupported: string[];
const clients: AdsClient[] = [];

beforeEach(async () => {
  source = new RawSource([cds, eds]);
  nacks = [];
  unsupported = [];
  const observer: XdsObserver = {
    connected: () => undefined,
    disconnected: () => undefined,
    refused: () => undefined,
    pushed: () => undefined,
    acked: () => undefined,
    nacked: (_, report) => nacks.push(report),
    staleNonce: () => undefined,
    unsupportedType: (_, typeUrl) => unsupported.push(typeUrl),
  };
  server = new AdsServer({ source, observer });
  port = await server.listen('127.0.0.1', 0);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close(1000);
});

function connect(): AdsClient {
  const client = new AdsClient(port);
  clients.push(client);
  return client;
}

function names(response: DiscoveryResponseMessage): string[] {
  return response.resources.map((resource) => Buffer.from(resource.value ?? []).toString());
}

function push(): void {
  server.push({ reason: 'test', version: 'v' });
}

/** Nothing was sent for what was asked before: the answer to this question comes first. */
async function expectSilence(client: AdsClient): Promise<void> {
  const name = `probe-${Math.random()}`;
  const type = eds;
  source.set(type, name, name);
  client.send({ typeUrl: type, resourceNames: [name] });
  const response = await client.next();
  expect([response.typeUrl, names(response)]).toEqual([type, [name]]);
  client.ack(response, [name]);
}

describe('a stream', () => {
  test('3: ends with INVALID_ARGUMENT when its first request has no node, or a node without an id', async () => {
    for (const request of [{ typeUrl: cds }, { typeUrl: cds, node: { id: '' } }]) {
      const client = connect();
      client.send(request);
      expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
    }
  });

  test('2: remembers the node of its first request', async () => {
    source.set(cds, 'a', 'a');
    const client = connect();
    client.send({ typeUrl: cds, node });
    client.ack(await client.next());
    client.send({ typeUrl: eds, resourceNames: ['e'] });
    source.set(eds, 'e', 'e');
    push();
    expect(names(await client.next())).toEqual(['e']);
  });

  test('5: ends with INVALID_ARGUMENT on a request without a type', async () => {
    const client = connect();
    client.send({ node });
    expect((await client.ended).code).toBe(status.INVALID_ARGUMENT);
  });

  test('6: leaves an unknown type unanswered, says so once, and goes on', async () => {
    const client = connect();
    client.send({ typeUrl: 'type.googleapis.com/unknown.Type', node });
    client.send({ typeUrl: 'type.googleapis.com/unknown.Type', node });
    await expectSilence(client);
    expect(unsupported).toEqual(['type.googleapis.com/unknown.Type']);
  });

  test('10: is refused with UNAVAILABLE until the source is ready', async () => {
    source.isReady = false;
    const client = connect();
    client.send({ typeUrl: cds, node });
    expect((await client.ended).code).toBe(status.UNAVAILABLE);
  });

  test('82: ends alone when its bytes cannot be decoded', async () => {
    source.set(cds, 'a', 'a');
    const healthy = connect();
    healthy.send({ typeUrl: cds, node });
    const first = await healthy.next();
    const broken = connect();
    broken.send({ typeUrl: '\ud800', node: { id: 'x', metadata: { fields: {} } } });
    healthy.ack(first);
    source.set(cds, 'b', 'b');
    push();
    expect(names(await healthy.next())).toEqual(['a', 'b']);
  });
});

describe('acknowledgement', () => {
  test('13: every response has a nonce that the stream has not seen', async () => {
    source.set(cds, 'a', '1');
    const client = connect();
    client.send({ typeUrl: cds, node });
    const seen = new Set<string>();
    for (let change = 2; change < 6; change += 1) {
      const response = await client.next();
      expect(response.nonce).not.toBe('');
      expect(seen.has(response.nonce)).toBe(false);
      seen.add(response.nonce);
      client.ack(response);
      source.set(cds, 'a', String(change));
      push();
    }
  });

  test('14: a nonce of another stream does not silence the first answer', async () => {
    source.set(cds, 'a', 'a');
    const client = connect();
    client.send({ typeUrl: cds, node, responseNonce: '1-1', versionInfo: 'old' });
    expect(names(await client.next())).toEqual(['a']);
  });

  test('15: the version differs exactly when the content does', async () => {
    source.set(cds, 'a', '1');
    const client = connect();
    client.send({ typeUrl: cds, node });
    const first = await client.next();
    client.ack(first);
    source.set(cds, 'a', '2');
    push();
    const second = await client.next();
    client.ack(second);
    source.set(cds, 'a', '1');
    push();
    const third = await client.next();
    expect(second.versionInfo).not.toBe(first.versionInfo);
    expect(third.versionInfo).toBe(first.versionInfo);
  });

  test('16: an ACK draws no response', async () => {
    source.set(cds, 'a', 'a');
    const client = connect();
    client.send({ typeUrl: cds, node });
    client.ack(await client.next());
    await expectSilence(client);
  });

  test('17, 18, 19: a NACK is recorded, draws no response, and the next change is pushed', async () => {
    source.set(cds, 'a', '1');
    const client = connect();
    client.send({ typeUrl: cds, node });
    const { nonce } = await client.next();
    client.send({ typeUrl: cds, responseNonce: nonce, errorDetail: { code: 3, message: 'no such filter' } });
    await expectSilence(client);
    expect(nacks).toEqual([{ typeUrl: cds, nonce, code: 3, message: 'no such filter' }]);
    const [stream] = server.streams;
    expect(stream?.status().find(({ typeUrl }) => typeUrl === cds)?.lastError).toBe('no such filter');
    source.set(cds, 'a', '2');
    push();
    const next = await client.next();
    expect(names(next)).toEqual(['2']);
    client.ack(next);
    await expectSilence(client);
    expect(stream?.status().find(({ typeUrl }) => typeUrl === cds)?.lastError).toBeUndefined();
  });

  test('20: names that an ACK or a NACK adds are answered', async () => {
    for (const name of ['a', 'b', 'c']) source.set(eds, name, name);
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a'] });
    const first = await client.next();
    client.ack(first, ['a', 'b']);
    const second = await client.next();
    expect(names(second)).toEqual(['b']);
    client.send({
      typeUrl: eds,
      responseNonce: second.nonce,
      resourceNames: ['a', 'b', 'c'],
      errorDetail: { code: 3, message: 'x' },
    });
    expect(names(await client.next())).toEqual(['c']);
  });

  test('21: a request that names an old response is ignored', async () => {
    for (const name of ['a', 'b']) source.set(eds, name, name);
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a'] });
    client.ack(await client.next(), ['a']);
    client.send({ typeUrl: eds, responseNonce: 'old', resourceNames: ['a', 'b'] });
    source.set(cds, 'cluster', 'cluster');
    client.send({ typeUrl: cds });
    expect((await client.next()).typeUrl).toBe(cds);
  });
});

describe('subscriptions', () => {
  test('28, 29: no names, or "*", are everything', async () => {
    for (const name of ['a', 'b']) source.set(cds, name, name);
    for (const resourceNames of [[], ['*']]) {
      const client = connect();
      client.send({ typeUrl: cds, node, resourceNames });
      expect(names(await client.next())).toEqual(['a', 'b']);
    }
  });

  test('30: an empty list after explicit names is an unsubscription', async () => {
    for (const name of ['a', 'b']) source.set(cds, name, name);
    const client = connect();
    client.send({ typeUrl: cds, node, resourceNames: ['a'] });
    const response = await client.next();
    expect(names(response)).toEqual(['a']);
    client.ack(response, []);
    await expectSilence(client);
    source.set(cds, 'a', 'changed');
    push();
    await expectSilence(client);
  });

  test('31: "*" and a name, then the name alone, drops the wildcard', async () => {
    for (const name of ['a', 'b']) source.set(cds, name, name);
    const client = connect();
    client.send({ typeUrl: cds, node, resourceNames: ['*', 'a'] });
    client.ack(await client.next(), ['a']);
    await expectSilence(client);
    source.set(cds, 'a', 'a2');
    push();
    expect(names(await client.next())).toEqual(['a2']);
  });

  test('32: EDS without names is nothing', async () => {
    source.set(eds, 'a', 'a');
    const client = connect();
    client.send({ typeUrl: eds, node });
    source.set(cds, 'cluster', 'cluster');
    client.send({ typeUrl: cds });
    expect((await client.next()).typeUrl).toBe(cds);
  });

  test('34: clusters are always sent whole, and what is missing is gone', async () => {
    for (const name of ['a', 'b']) source.set(cds, name, name);
    const client = connect();
    client.send({ typeUrl: cds, node });
    client.ack(await client.next());
    source.remove(cds, 'a');
    push();
    const second = await client.next();
    expect(names(second)).toEqual(['b']);
    client.ack(second);
    source.remove(cds, 'b');
    push();
    expect(names(await client.next())).toEqual([]);
  });

  test('38: names that are only fewer draw no response', async () => {
    for (const name of ['a', 'b']) source.set(eds, name, name);
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a', 'b'] });
    client.ack(await client.next(), ['a']);
    source.set(cds, 'cluster', 'cluster');
    client.send({ typeUrl: cds });
    expect((await client.next()).typeUrl).toBe(cds);
  });

  test('39, 40: a name that does not exist yet is remembered, and withholds no other', async () => {
    source.set(eds, 'a', 'a');
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a', 'later'] });
    const response = await client.next();
    expect(names(response)).toEqual(['a']);
    client.ack(response, ['a', 'later']);
    source.set(eds, 'later', 'later');
    push();
    expect(names(await client.next())).toEqual(['later']);
  });
});

describe('pushes', () => {
  test('65: clusters come before endpoints', async () => {
    source.set(cds, 'a', '1');
    source.set(eds, 'a', '1');
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a'] });
    client.ack(await client.next(), ['a']);
    client.send({ typeUrl: cds });
    client.ack(await client.next());
    source.set(eds, 'a', '2');
    source.set(cds, 'b', '1');
    push();
    expect([(await client.next()).typeUrl, (await client.next()).typeUrl]).toEqual([cds, eds]);
  });

  test('68: the endpoints of a cluster that changed follow it, though they did not change', async () => {
    for (const name of ['a', 'b']) {
      source.set(cds, name, '1');
      source.set(eds, name, `${name} endpoints`);
    }
    const client = connect();
    client.send({ typeUrl: cds, node });
    client.ack(await client.next());
    client.send({ typeUrl: eds, resourceNames: ['a', 'b'] });
    client.ack(await client.next(), ['a', 'b']);
    source.set(cds, 'a', '2');
    push();
    expect((await client.next()).typeUrl).toBe(cds);
    const followed = await client.next();
    expect([followed.typeUrl, names(followed)]).toEqual([eds, ['a endpoints']]);
  });

  test('60: endpoints that are asked for again after clusters came are answered once', async () => {
    source.set(cds, 'a', '1');
    source.set(eds, 'a', '1');
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a'] });
    const endpoints = await client.next();
    client.ack(endpoints, ['a']);
    client.send({ typeUrl: cds });
    client.ack(await client.next());
    client.ack(endpoints, ['a']);
    const again = await client.next();
    expect([again.typeUrl, names(again)]).toEqual([eds, ['1']]);
    client.ack(again, ['a']);
    source.set(cds, 'b', '1');
    push();
    expect((await client.next()).typeUrl).toBe(cds);
  });

  test('73, 74: only what changed is sent, and nothing when nothing did', async () => {
    for (const name of ['a', 'b']) source.set(eds, name, '1');
    const client = connect();
    client.send({ typeUrl: eds, node, resourceNames: ['a', 'b'] });
    client.ack(await client.next(), ['a', 'b']);
    push();
    source.set(eds, 'b', '2');
    push();
    const response = await client.next();
    expect(names(response)).toEqual(['2']);
    client.ack(response, ['a', 'b']);
    push();
    source.set(cds, 'cluster', 'cluster');
    client.send({ typeUrl: cds });
    expect((await client.next()).typeUrl).toBe(cds);
  });

  test('7: two streams of one node are each pushed to, and the end of one does not touch the other', async () => {
    source.set(cds, 'a', '1');
    const [first, second] = [connect(), connect()];
    for (const client of [first, second]) {
      client.send({ typeUrl: cds, node });
      client.ack(await client.next());
    }
    first.close();
    source.set(cds, 'a', '2');
    push();
    expect(names(await second.next())).toEqual(['2']);
  });
});
