/** The console's server over real sockets. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { ConsoleServer, type Page } from '../../../src/console/http-server.js';
import { RecordingLogger } from '../../recording-logger.js';

const big = Array.from({ length: 60_000 }, (_, index) => ({
  host: `service-${index}`,
  endpoints: [1, 2, 3],
}));

const pages: readonly Page[] = [
  { path: '/healthz', help: 'health', access: 'everyone', answer: () => ({ body: { text: 'ok\n' } }) },
  { path: '/debug/things', help: 'things', answer: () => ({ body: { json: { things: [1, { a: 'b' }] } } }) },
  { path: '/debug/big', help: 'a lot', answer: () => ({ body: { json: big } }) },
  {
    path: '/debug/broken',
    help: 'fails',
    answer: () => {
      throw new Error('no luck');
    },
  },
];

let server: ConsoleServer | undefined;
let log: RecordingLogger;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(access?: 'loopback' | 'any', host = '127.0.0.1'): Promise<number> {
  log = new RecordingLogger();
  server = new ConsoleServer(pages, log, access);
  return server.listen(host, 0);
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  host = '127.0.0.1',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host, port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text })).on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

describe('debug pages', () => {
  test('are shown to this machine', async () => {
    const port = await start();
    expect(await get(port, '/debug/things')).toEqual({ status: 200, text: '{"things":[1,{"a":"b"}]}\n' });
    expect((await get(port, '/debug/things?pretty')).text).toBe(
      `${JSON.stringify({ things: [1, { a: 'b' }] }, undefined, 2)}\n`,
    );
    expect((await get(port, '/')).text).toContain('/debug/things');
  });

  test('are not shown, nor named, to a request under a foreign name, which still is told of health', async () => {
    const port = await start();
    const headers = { host: 'evil.example' };
    for (const path of ['/debug/things', '/debug', '/debug/nothing']) {
      const { status, text } = await get(port, path, headers);
      expect(status).toBe(403);
      expect(text).toContain('--debug-access any');
      expect(text).not.toContain('things');
    }
    for (const path of ['/', '/nothing'])
      expect((await get(port, path, headers)).text).not.toContain('things');
    expect(await get(port, '/healthz', headers)).toEqual({ status: 200, text: 'ok\n' });
  });

  test('are shown to everyone where they are open', async () => {
    const port = await start('any');
    expect((await get(port, '/debug/things', { host: 'evil.example' })).status).toBe(200);
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

  test.skipIf(outside === undefined)('are not shown to a peer on another address than loopback', async () => {
    const port = await start('loopback', '0.0.0.0');
    expect((await get(port, '/debug/things', { host: '127.0.0.1' }, outside)).status).toBe(403);
    expect((await get(port, '/healthz', {}, outside)).status).toBe(200);
  });
});

describe('a page', () => {
  test('that is large comes whole', async () => {
    const port = await start();
    expect(JSON.parse((await get(port, '/debug/big')).text)).toEqual(big);
  });

  test('that is large and not read to its end hurts nobody', async () => {
    const port = await start();
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /debug/big HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect((await get(port, '/healthz')).status).toBe(200);
    expect(log.lines).toEqual([]);
  });

  test('that fails says so with 500, and in the log', async () => {
    const port = await start();
    expect(await get(port, '/debug/broken')).toEqual({ status: 500, text: 'no luck\n' });
    expect(log.lines).toMatchObject([{ level: 'error', fields: { path: '/debug/broken' } }]);
  });
});

test.each(['//', '///x', '/%', '*', 'http://a b/', '/\\'])(
  'a path that is none, %s, hurts nobody',
  async (path) => {
    const port = await start();
    const socket = connect(port, '127.0.0.1');
    const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    expect(await answered).toMatch(/^HTTP\/1\.1 40[04] /);
    socket.destroy();
    expect((await get(port, '/healthz')).status).toBe(200);
  },
);
