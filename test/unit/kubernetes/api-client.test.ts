import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { ApiError } from '../../../src/kubernetes/api-error.js';
import { PlainAccess, ScriptedApi, sendJson, sendStatus } from './scripted-api.js';

const { signal } = new AbortController();
const clients: ApiClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function clientOf(access: PlainAccess, timing = {}): ApiClient {
  const client = new ApiClient(access, { timing });
  clients.push(client);
  return client;
}

test('sends credentials, and says who it is', async () => {
  const api = await ScriptedApi.start();
  api.answer = (exchange) => sendJson(exchange, exchange.request.headers);
  const access = new PlainAccess(api.url);
  access.headers = { authorization: 'Bearer x', 'impersonate-group': ['a', 'b'] };
  expect(await clientOf(access).json({ path: '/version', signal })).toMatchObject({
    authorization: 'Bearer x',
    'impersonate-group': 'a, b',
    accept: 'application/json',
    'user-agent': expect.stringMatching(/^pilotlight\/\d/),
  });
});

test('sends a body with its type', async () => {
  const api = await ScriptedApi.start();
  api.answer = (exchange) => {
    let body = '';
    exchange.request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    exchange.request.on('end', () =>
      sendJson(exchange, {
        body,
        type: exchange.request.headers['content-type'],
        method: exchange.request.method,
      }),
    );
  };
  const request = {
    method: 'PATCH',
    path: '/x',
    body: { a: 1 },
    contentType: 'application/merge-patch+json',
    signal,
  };
  expect(await clientOf(new PlainAccess(api.url)).json(request)).toEqual({
    body: '{"a":1}',
    type: 'application/merge-patch+json',
    method: 'PATCH',
  });
});

test('keeps the path of a server that is behind another one', async () => {
  const api = await ScriptedApi.start();
  api.answer = (exchange) => sendJson(exchange, exchange.path);
  const client = clientOf(new PlainAccess(new URL('/k8s/clusters/c-1/', api.url)));
  expect(await client.json({ path: '/api/v1/pods', signal })).toBe('/k8s/clusters/c-1/api/v1/pods');
});

describe('an error', () => {
  test('is told in the words of the server', async () => {
    const api = await ScriptedApi.start();
    api.answer = (exchange) => sendStatus(exchange, 404, 'NotFound', 'pods "a" not found');
    const error: unknown = await clientOf(new PlainAccess(api.url))
      .json({ path: '/api/v1/pods/a?x=1', signal })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: 'GET /api/v1/pods/a: 404 NotFound: pods "a" not found',
      status: 404,
      reason: 'NotFound',
    });
  });

  test('of something else than an API server is told with the beginning of its text', async () => {
    const api = await ScriptedApi.start();
    api.answer = ({ response }) => response.writeHead(502).end('<h1>Bad Gateway</h1>');
    await expect(clientOf(new PlainAccess(api.url)).json({ path: '/x', signal })).rejects.toThrow(
      'GET /x: 502: <h1>Bad Gateway</h1>',
    );
  });
});

describe('credentials that are refused', () => {
  test('are renewed, and the request is sent again', async () => {
    const api = await ScriptedApi.start();
    api.answer = (exchange) => {
      if (exchange.request.headers.authorization === 'Bearer new') sendJson(exchange, 'welcome');
      else sendStatus(exchange, 401, 'Unauthorized');
    };
    const access = new PlainAccess(api.url);
    access.headers = { authorization: 'Bearer old' };
    access.refused = () => {
      access.headers = { authorization: 'Bearer new' };
    };
    expect(await clientOf(access).json({ path: '/x', signal })).toBe('welcome');
    expect(api.requests).toHaveLength(2);
  });

  test('that stay the same are not sent again', async () => {
    const api = await ScriptedApi.start();
    api.answer = (exchange) => sendStatus(exchange, 401, 'Unauthorized');
    const access = new PlainAccess(api.url);
    await expect(clientOf(access).json({ path: '/x', signal })).rejects.toThrow('GET /x: 401 Unauthorized');
    expect([access.refusals, api.requests.length]).toEqual([1, 1]);
  });
});

describe('several servers', () => {
  test('are tried one after the other, and that which answered is stayed with', async () => {
    const dead = await closedPort();
    const api = await ScriptedApi.start();
    const asked: unknown[] = [];
    api.answer = (exchange) => {
      asked.push(exchange.path);
      sendJson(exchange, 'here');
    };
    const client = clientOf(new PlainAccess(dead, api.url));
    expect(await client.json({ path: '/first', signal })).toBe('here');
    expect(await client.json({ path: '/second', signal })).toBe('here');
    expect(asked).toEqual(['/first', '/second']);
  });

  test('that are all dead are told one by one', async () => {
    const [one, two] = [await closedPort(), await closedPort()];
    const access = new PlainAccess(one, two);
    await expect(clientOf(access).json({ path: '/x', signal })).rejects.toThrow(
      `connect ECONNREFUSED ${one.host}; connect ECONNREFUSED ${two.host}`,
    );
    expect(access.misses).toBe(1);
  });

  test('whose name is not known are told by it', async () => {
    const access = new PlainAccess(new URL('https://nowhere.invalid:6443'));
    await expect(clientOf(access).json({ path: '/x', signal })).rejects.toThrow('nowhere.invalid');
  });
});

describe('a server that does not answer', () => {
  test('is given up when TLS is not agreed upon in time', async () => {
    const server = await silentServer();
    const url = new URL(`https://127.0.0.1:${portOf(server)}`);
    await expect(
      clientOf(new PlainAccess(url), { connect: 30 }).json({ path: '/x', signal }),
    ).rejects.toThrow(`${url.host}: no answer within 0.03 s`);
    server.close();
  });

  test('is given up when the head of the answer does not come in time', async () => {
    const api = await ScriptedApi.start();
    const client = clientOf(new PlainAccess(api.url), { answer: 30 });
    await expect(client.json({ path: '/x', signal })).rejects.toThrow('no answer within 0.03 s');
    await expect.poll(() => api.requests).toEqual(['GET /x']);
  });

  test('is not waited for when the request is ended', async () => {
    const api = await ScriptedApi.start();
    const end = new AbortController();
    const asked = new Promise<void>((resolve) => {
      api.answer = () => resolve();
    });
    const answer = clientOf(new PlainAccess(api.url)).json({ path: '/x', signal: end.signal });
    await asked;
    end.abort();
    await expect(answer).rejects.toThrow();
  });
});

describe('a proxy', () => {
  test('is asked for a way to the server by its name', async () => {
    const api = await ScriptedApi.start();
    api.answer = (exchange) => sendJson(exchange, 'through');
    const asked: unknown[] = [];
    const proxy = createHttpServer();
    proxy.on('connect', (request, socket: Socket) => {
      asked.push([request.url, request.headers['proxy-authorization']]);
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      const target = connect(Number(api.url.port), '127.0.0.1');
      socket.pipe(target).pipe(socket);
      for (const end of [socket, target]) end.on('error', () => undefined);
    });
    await listen(proxy);
    const access = new PlainAccess(new URL('http://api.cluster.test:6443'));
    access.proxy = new URL(`http://me:secret@127.0.0.1:${portOf(proxy)}`);
    expect(await clientOf(access).json({ path: '/x', signal })).toBe('through');
    const credentials = Buffer.from('me:secret').toString('base64');
    expect(asked).toEqual([['api.cluster.test:6443', `Basic ${credentials}`]]);
    proxy.close();
  });

  test('that refuses is told', async () => {
    const proxy = createHttpServer((_, response) => response.end());
    proxy.on('connect', (_, socket: Socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    await listen(proxy);
    const access = new PlainAccess(new URL('http://api.cluster.test:6443'));
    access.proxy = new URL(`http://127.0.0.1:${portOf(proxy)}`);
    await expect(clientOf(access).json({ path: '/x', signal })).rejects.toThrow(
      `the proxy ${access.proxy.host} answered 403 for a way to api.cluster.test:6443`,
    );
    proxy.close();
  });
});

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Takes connections and says nothing. */
async function silentServer(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await listen(server);
  return server;
}

/** A URL at which nobody listens. */
async function closedPort(): Promise<URL> {
  const server = await silentServer();
  const url = new URL(`http://127.0.0.1:${portOf(server)}`);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return url;
}
