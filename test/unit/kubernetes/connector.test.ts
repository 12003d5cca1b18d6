import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { text } from '../../../src/kubernetes/body.js';
import { Connector } from '../../../src/kubernetes/connector.js';
import { defaultTiming } from '../../../src/kubernetes/timing.js';

const { signal } = new AbortController();
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let connector: Connector;
/** Paths that were asked for, by connection. */
let asked: Map<unknown, string[]>;

beforeEach(async () => {
  asked = new Map();
  answer = (_, response) => response.end('here');
  server = createServer((request, response) => {
    asked.set(request.socket, [...(asked.get(request.socket) ?? []), request.url ?? '']);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  connector = new Connector(defaultTiming);
});

afterEach(async () => {
  connector.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function url(): URL {
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function send(path: string, { method = 'GET', servers = [url()], token = 'a', end = signal } = {}) {
  const settings = { servers, insecure: false, cert: token };
  return connector.send({ method, path, headers: {} }, settings, end);
}

async function ask(path: string, options = {}): Promise<string> {
  return text((await send(path, options)).body, 10_000);
}

test('requests one after the other share a connection; a watch has its own', async () => {
  const watch = new AbortController();
  answer = (request, response) => {
    if (request.url === '/watch') response.writeHead(200).flushHeaders();
    else response.end('here');
  };
  const { body } = await send('/watch', { end: watch.signal });
  body.on('error', () => undefined);
  for (const path of ['/1', '/2', '/3']) expect(await ask(path)).toBe('here');
  expect([...asked.values()]).toEqual([['/watch'], ['/1', '/2', '/3']]);
  watch.abort();
});

test('says which server it means', async () => {
  answer = (request, response) => response.end(request.headers.host);
  expect(await ask('/')).toBe(url().host);
});

test('other settings are not spoken for on connections of those before', async () => {
  await ask('/1');
  await ask('/2', { token: 'b' });
  expect([...asked.values()]).toEqual([['/1'], ['/2']]);
});

test('a connection that is closed just when it is used again costs a reading request nothing', async () => {
  await ask('/1');
  answer = (request, response) => {
    if (asked.get(request.socket)?.[0] === '/1') request.socket.destroy();
    else response.end('here');
  };
  expect(await ask('/2')).toBe('here');
  expect([...asked.values()]).toEqual([['/1', '/2'], ['/2']]);
});

test('a request that changes something is not sent twice', async () => {
  await ask('/1');
  answer = (request) => request.socket.destroy();
  await expect(ask('/2', { method: 'PATCH' })).rejects.toThrow('socket hang up');
  expect([...asked.values()]).toEqual([['/1', '/2']]);
});

test('a server that breaks off gives way to another one', async () => {
  const other = createServer((_, response) => response.end('there'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const servers = [url(), new URL(`http://127.0.0.1:${(other.address() as AddressInfo).port}`)];
  answer = (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('begun', () => request.socket.destroy());
  };
  await expect(ask('/1', { servers })).rejects.toThrow('aborted');
  expect(await ask('/2', { servers })).toBe('there');
  connector.close();
  await new Promise((resolve) => other.close(resolve));
});

test('a closed one makes no more connections', async () => {
  connector.close();
  await expect(ask('/1')).rejects.toThrow('the client was closed');
});
