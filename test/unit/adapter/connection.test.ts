import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { connect, jsonClient, NotAllowed, readOnly, RequestFailure } from '../../../src/adapter/index.js';
import { contextOf } from './context.js';

const never = new AbortController().signal;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** A server that answers with a status, or not at all. */
async function serverOf(answer: (authorization: string | undefined) => number | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const status = answer(request.headers.authorization);
    if (status !== undefined) response.writeHead(status).end('{"ok":true}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('several servers', () => {
  it('are tried in turn, and the one that answered is asked from then on', async () => {
    const asked: string[] = [];
    const note = (name: string, status: number) => () => (asked.push(name), status);
    const urls = [await serverOf(note('a', 500)), await serverOf(note('b', 200))];
    const client = jsonClient({ servers: ['http://127.0.0.1:1', ...urls] }, contextOf());
    await client.read('/', { signal: never });
    await client.read('/', { signal: never });
    expect(asked).toEqual(['a', 'b', 'b']);
  });

  it('are not tried when the request itself is refused', async () => {
    const asked: string[] = [];
    const urls = [await serverOf(() => (asked.push('a'), 404)), await serverOf(() => (asked.push('b'), 200))];
    const read = jsonClient({ servers: urls }, contextOf()).read('/', { signal: never });
    await expect(read).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('HTTP 404'),
    });
    expect(asked).toEqual(['a']);
  });

  it('fail together with the reason of the last, and its address', async () => {
    const read = jsonClient({ servers: ['http://127.0.0.1:1'] }, contextOf()).read('/', { signal: never });
    await expect(read).rejects.toThrow(/^127\.0\.0\.1:1: .*ECONNREFUSED/);
  });
});

test('a server that does not answer is given up after the time limit', async () => {
  const url = await serverOf(() => undefined);
  const read = jsonClient({ servers: [url], timeout: '50ms' }, contextOf()).read('/', { signal: never });
  await expect(read).rejects.toThrow('no answer within 50 ms');
});

test('a credential that is refused is read again, and the request made once more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'secret-'));
  const file = join(folder, 'token');
  await writeFile(file, 'old\n');
  const asked: (string | undefined)[] = [];
  const url = await serverOf((authorization) => {
    asked.push(authorization);
    return authorization === 'Bearer newer' ? 200 : 403;
  });
  const client = jsonClient({ servers: [url], credential: { file: 'token' } }, contextOf({ folder }));
  await expect(client.read('/', { signal: never })).rejects.toMatchObject({ kind: 'unauthorized' });
  await writeFile(file, 'newer');
  await client.read('/', { signal: never });
  expect(asked).toEqual(['Bearer old', 'Bearer newer']);
  await rm(folder, { recursive: true });
});

test('a credential that is not there is a failure that names its place', async () => {
  const settings = { servers: ['http://127.0.0.1:1'], credential: { env: 'TOKEN' } };
  await expect(jsonClient(settings, contextOf()).read('/', { signal: never })).rejects.toThrow(
    'TOKEN is not set',
  );
});

test('clients are made anew only when what they are made for changes', async () => {
  const env: Record<string, string> = { TOKEN: 'a' };
  const made: (string | undefined)[] = [];
  const closed: string[] = [];
  const connection = connect(
    { servers: ['http://one.example'], credential: { env: 'TOKEN' } },
    contextOf({ env }),
    {
      client: ({ credential }) => (made.push(credential), credential ?? ''),
      close: (client) => closed.push(client),
    },
  );
  const use = () => connection.use(async (client) => client, { signal: never });
  expect([await use(), await use()]).toEqual(['a', 'a']);
  env['TOKEN'] = 'b';
  expect(await use()).toBe('b');
  expect(made).toEqual(['a', 'b']);
  expect(closed).toEqual(['a']);
});

describe('adapters only read', () => {
  it('lets a JSON client ask what reads, and what is allowed by name', async () => {
    const url = await serverOf(() => 200);
    const client = jsonClient({ servers: [url] }, contextOf(), { allow: ['POST /login'] });
    await client.read('/login?x=1', { signal: never, method: 'POST', body: {} });
    await expect(client.read('/register', { signal: never, method: 'PUT' })).rejects.toThrow(NotAllowed);
  });

  it('lets nothing through of a client library but the operations that are named', () => {
    class Health {
      readonly #answer = 'passing';
      service(name: string): string {
        return `${name} ${this.#answer}`;
      }
      deregister(): void {
        throw new Error('it was written to');
      }
    }
    const client = readOnly({ health: new Health(), kv: { set: () => undefined } }, ['health.service']);
    expect(client.health.service('web')).toBe('web passing');
    expect(() => client.health.deregister()).toThrow(/^health\.deregister is not allowed/);
    expect(() => client.kv.set()).toThrow(NotAllowed);
    expect(() => {
      client.health.service = () => '';
    }).toThrow(NotAllowed);
  });
});

test('a failure keeps its cause', () => {
  const cause = new Error('x');
  expect(RequestFailure.from(cause, 'refused', new URL('http://a.example')).cause).toBe(cause);
});

test('what is under way can be dropped: it goes on at the next server, and indexes from before count no more', async () => {
  const arrived: string[] = [];
  const silent = await serverOf(() => void arrived.push('silent'));
  const answering = await serverOf(() => (arrived.push('answering'), 200));
  const connection = connect({ servers: [silent, answering] }, contextOf(), {
    client: ({ server }) => server,
  });
  const before = connection.epoch;
  const asked = connection.use(async (server, { signal }) => (await fetch(server, { signal })).status, {
    signal: never,
  });
  await vi.waitFor(() => expect(arrived).toEqual(['silent']));
  connection.drop('the heartbeat is lost');
  expect(await asked).toBe(200);
  expect(arrived).toEqual(['silent', 'answering']);
  expect(connection.epoch).not.toBe(before);
});
