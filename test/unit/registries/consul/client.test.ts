import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Consul from 'consul';
import { adapterSettings } from '../../../../src/adapter/settings.js';
import { readOnly } from '../../../../src/adapter/index.js';
import { allowedOperations, ConsulClient } from '../../../../src/registries/consul/client.js';
import type { ConsulSettings } from '../../../../src/registries/consul/options.js';
import { adapter } from '../../../../src/registries/consul/adapter.js';
import { contextOf } from '../../adapter/context.js';
import { answerTo } from './recorded.js';

const now = { index: 0, wait: 0, signal: new AbortController().signal };
const servers: Server[] = [];
const clients: ConsulClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of recorded answers. @returns its URL, and what it was asked. */
async function served(handler?: Handler): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`);
    if (handler !== undefined) handler(request, response);
    else tell(response, request.url?.includes('/catalog/') ? answerTo('/catalog/services') : []);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function tell(response: ServerResponse, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '7', ...headers });
  response.end(JSON.stringify(body));
}

function clientOf(url: string, settings: Partial<ConsulSettings> = {}, env = {}): ConsulClient {
  const checked = adapterSettings(adapter, { servers: [url], timeout: '500ms', ...settings });
  const client = new ConsulClient(checked, contextOf({ env }));
  clients.push(client);
  return client;
}

describe('operations', () => {
  it('are reads, and nothing but these can be called', async () => {
    expect(allowedOperations).toEqual([
      'catalog.services',
      'health.service',
      'health.state',
      'status.leader',
      '_get',
    ]);
    const { url, asked } = await served();
    const library = readOnly(new Consul({ port: Number(new URL(url).port) }), allowedOperations);
    const attempts: readonly (() => unknown)[] = [
      () => library.catalog.register('n1'),
      () => library.catalog.deregister('n1'),
      () => library.agent.service.register('web'),
      () => library.agent.service.deregister('web'),
      () => library.agent.maintenance({ enable: true }),
      () => library.kv.set('a', 'b'),
      () => library.kv.get('a'),
      () => library.session.create(),
      () => library.acl,
      () => library.transaction,
      () => library.event.fire('e'),
      () => library.query.create('q'),
      () => Reflect.get(library, '_put'),
      () => Reflect.get(library, '_request'),
      () => library.catalog.nodes('n1'),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(/is not allowed: adapters only read/);
    expect(asked).toEqual([]);
  });
});

describe('questions', () => {
  it('name the index, the wait and the catalog', async () => {
    const { url, asked } = await served();
    const client = clientOf(url, { consistency: 'stale' });
    const scope = { datacenter: 'dc2', namespace: 'shop', partition: 'eu' };
    const answer = await client.services(scope, { ...now, index: 5, wait: 1000 });
    await client.instances('a/b c', { peer: 'west' }, now);
    expect(answer.index).toBe(7);
    expect(answer.value).toContain('plain');
    const [list = '', service = ''] = asked;
    expect(new URL(list.slice(4), url).searchParams.toString()).toBe(
      new URLSearchParams({
        dc: 'dc2',
        partition: 'eu',
        stale: '1',
        index: '5',
        wait: '1000ms',
        filter: 'ServiceKind == ""',
        ns: 'shop',
      }).toString(),
    );
    expect(service).toBe('GET /v1/health/service/a/b c?stale=1&peer=west');
  });

  it('of the catalog leave out sidecars and gateways unless they are asked for', async () => {
    const { url, asked } = await served();
    await clientOf(url, { kinds: ['mesh-gateway'] }).services({}, now);
    await clientOf(url, { compatibility: 'istio' }).services({}, now);
    expect(asked).toEqual([
      'GET /v1/catalog/services?filter=ServiceKind+==+""+or+ServiceKind+==+"mesh-gateway"'.replaceAll(
        '+',
        ' ',
      ),
      'GET /v1/catalog/services',
    ]);
  });

  it('carry the token of the settings, else of Consul’s own variables', async () => {
    const tokens: unknown[] = [];
    const { url } = await served((request, response) => {
      tokens.push(request.headers['x-consul-token']);
      tell(response, {});
    });
    await clientOf(url, { credential: { env: 'MINE' } }, { MINE: 'a', CONSUL_HTTP_TOKEN: 'b' }).services(
      {},
      now,
    );
    await clientOf(url, {}, { CONSUL_HTTP_TOKEN: 'b' }).services({}, now);
    await clientOf(url).services({}, now);
    expect(tokens).toEqual(['a', 'b', undefined]);
  });

  it('of peers are of the services that they export', async () => {
    const { url, asked } = await served((_, response) => tell(response, answerTo('/peering/west')));
    expect(await clientOf(url).imported('west', {}, now.signal)).toEqual(['web']);
    expect(asked).toEqual(['GET /v1/peering/west']);
  });

  it('go below the path of the server’s URL', async () => {
    const { url, asked } = await served();
    await clientOf(`${url}/consul/`, { compatibility: 'istio' }).services({}, now);
    expect(asked).toEqual(['GET /consul/v1/catalog/services']);
  });
});

describe('answers that are none', () => {
  const answering =
    (status: number, body: string, headers = {}): Handler =>
    (_, response) =>
      void response.writeHead(status, headers).end(body);

  it.each([
    ['a refused token', answering(403, 'Permission denied: token lacks it'), 'HTTP 403 Permission denied'],
    ['no leader', answering(500, 'No cluster leader'), 'HTTP 500 No cluster leader'],
    ['too many connections', answering(429, 'Your IP is issuing too many'), 'lower blockingQueries'],
    [
      'a page of something else',
      answering(200, '<html>', { 'content-type': 'text/html' }),
      'it is no object',
    ],
    ['another shape', answering(200, '[]', { 'content-type': 'application/json' }), 'it is no object'],
    ['nothing', answering(200, ''), 'it is no object'],
  ])('%s is a failure that says so', async (_, handler, message) => {
    const { url } = await served(handler);
    await expect(clientOf(url).services({}, now)).rejects.toThrow(message);
  });

  it('an answer of which ACLs hide a part is no answer, unless that is on purpose', async () => {
    const { url } = await served((_, response) =>
      tell(response, {}, { 'x-consul-results-filtered-by-acls': 'true' }),
    );
    await expect(clientOf(url, {}, { CONSUL_HTTP_TOKEN: 'x' }).services({}, now)).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining('ACLs hide a part of it from this token'),
    });
    const partial = clientOf(url, { partial: true }, { CONSUL_HTTP_TOKEN: 'x' });
    expect((await partial.services({}, now)).value).toEqual([]);
  });

  it('nor is one for who has no token where nothing is allowed without', async () => {
    const { url } = await served((_, response) =>
      tell(response, {}, { 'x-consul-default-acl-policy': 'deny' }),
    );
    await expect(clientOf(url).services({}, now)).rejects.toThrow('Consul has ACLs and no token is set');
    const withToken = clientOf(url, {}, { CONSUL_HTTP_TOKEN: 'x' });
    expect((await withToken.services({}, now)).value).toEqual([]);
  });

  it('a stale answer of a server that lost its leader is none', async () => {
    const { url } = await served((_, response) => tell(response, {}, { 'x-consul-lastcontact': '20000' }));
    const stale = clientOf(url, { consistency: 'stale', maxStale: '10s' });
    await expect(stale.services({}, now)).rejects.toThrow('heard nothing of its leader for 20000 ms');
    expect((await clientOf(url).services({}, now)).value).toEqual([]);
  });

  it('an answer that is cut off is a failure at once', async () => {
    const { url } = await served((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('[{', () => response.destroy());
    });
    const client = clientOf(url, { timeout: '1m' });
    await expect(client.instances('web', {}, now)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('one that does not come is given up in time, or when nobody wants it any more', async () => {
    const { url } = await served(() => undefined);
    await expect(clientOf(url).services({}, now)).rejects.toThrow('no answer within 500 ms');
    const end = new AbortController();
    const asked = clientOf(url, { timeout: '1m' }).services({}, { ...now, signal: end.signal });
    end.abort(new Error('nobody wants it'));
    await expect(asked).rejects.toThrow();
  });

  it('silence is ended for all questions at once', async () => {
    const { url, asked: arrived } = await served(() => undefined);
    const client = clientOf(url, { timeout: '1m' });
    const asked = [client.services({}, now), client.instances('web', {}, now)];
    const results = Promise.allSettled(asked);
    await vi.waitFor(() => expect(arrived).toHaveLength(2));
    client.drop('the heartbeat is lost');
    for (const result of await results)
      expect(result).toMatchObject({ reason: { message: expect.stringContaining('the heartbeat is lost') } });
  });
});
