import { createServer, type Http2Server } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { text } from '../../../src/kubernetes/body.js';
import { Http2Connection } from '../../../src/kubernetes/http2-connection.js';

let server: Http2Server;
const seen: string[] = [];

beforeEach(async () => {
  seen.length = 0;
  server = createServer((request, response) => {
    seen.push(request.url);
    if (!request.url.startsWith('/open')) response.end('here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function connected(): Promise<Http2Connection> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const onHang = (): void => undefined;
  const timing = { ping: 60_000, pong: 60_000, onHang };
  return new Http2Connection(socket, new URL(`http://127.0.0.1:${port}`), timing);
}

async function ask(connection: Http2Connection, path: string): Promise<string> {
  const call = { method: 'GET', path, headers: { authorization: 'Bearer secret' } };
  const { body } = await connection.send(call, new AbortController().signal);
  return text(body, 10_000);
}

test('a request that was ended before it is sent is not sent', async () => {
  const connection = await connected();
  const ended = AbortSignal.abort(new Error('no more'));
  const call = { method: 'GET', path: '/ended', headers: {} };
  await expect(connection.send(call, ended)).rejects.toThrow('no more');
  expect(await ask(connection, '/after')).toBe('here');
  expect(seen).toEqual(['/after']);
  connection.destroy();
});

test('requests that are ended in the turn in which they are made do no harm to others', async () => {
  const connection = await connected();
  expect(await ask(connection, '/before')).toBe('here');
  const end = new AbortController();
  const sent = ['/open/1', '/open/2', '/open/3'].map((path) =>
    connection.send({ method: 'GET', path, headers: {} }, end.signal),
  );
  const answers = Promise.allSettled(sent);
  end.abort(new Error('no more'));
  for (const answer of await answers)
    expect(answer).toMatchObject({ status: 'rejected', reason: { message: 'no more' } });
  expect(await ask(connection, '/after')).toBe('here');
  connection.destroy();
});

test('a request that is ended while its answer is awaited ends at once', async () => {
  const connection = await connected();
  const end = new AbortController();
  const sent = connection.send({ method: 'GET', path: '/open', headers: {} }, end.signal);
  const failure = sent.catch((error: unknown) => error);
  expect(await ask(connection, '/other')).toBe('here');
  end.abort(new Error('no more'));
  expect(await failure).toMatchObject({ message: 'no more' });
  connection.destroy();
});
