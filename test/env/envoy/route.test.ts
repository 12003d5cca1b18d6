/** `pilotlight route` tells what a real Envoy does, request by request. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainRoute } from '../../../src/explain/route/explain-route.js';
import type { RouteExplanation } from '../../../src/explain/route/explanation.js';
import { parseRequest, type RouteRequest } from '../../../src/explain/route/request.js';
import { freePorts } from '../../../testenv/ports.mjs';
import { MeshFolder } from '../mesh-folder.js';
import { Backend } from './fixture.js';
import {
  anyCertificate,
  edgeAddress,
  putRouteMesh,
  type MeshBackends,
  type MeshPorts,
} from './route-mesh.js';
import { hosts, paths } from './route-requests.js';
import { ServedEnvoy, type Taken } from './served-envoy.js';

let scratch: string;
let mesh: MeshFolder;
let ports: MeshPorts;
let backends: MeshBackends;
let client: ServedEnvoy;
let edge: ServedEnvoy;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'pilotlight-route-'));
  const log = join(scratch, 'access.log');
  const [http = 0, tcp = 0, unknown = 0, edgePort = 0, edgeTls = 0, edgeTcp = 0] = await freePorts(6);
  ports = { http, tcp, unknown, edge: edgePort, edgeTls, edgeTcp };
  backends = {
    catalogV1: await Backend.start('catalog-v1'),
    catalogV2: await Backend.start('catalog-v2'),
    orders: await Backend.start('orders'),
    ledger: await Backend.start('ledger'),
    mixed: await Backend.start('mixed'),
    wild: await Backend.start('wild'),
  };
  mesh = await MeshFolder.create();
  await putRouteMesh(mesh, log, ports, backends);
  client = await ServedEnvoy.start(mesh.path, 'client', log);
  edge = await ServedEnvoy.start(mesh.path, 'edge', log, [await anyCertificate()]);
});

afterAll(async () => {
  await client?.stop();
  await edge?.stop();
  for (const backend of Object.values(backends)) await backend.stop();
  await mesh.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** A request of a table; the header `host` is the URL's if it is not given. */
interface Asked {
  readonly method?: string;
  /** Where no port is written, it is that of the URL's listener. */
  readonly host: string;
  readonly path?: string;
  readonly headers?: readonly string[];
}

let probes = 0;

/** What is sent over plain HTTP to a listener, and what both say of it. */
async function outcome(
  envoy: ServedEnvoy,
  { method = 'GET', host, path = '/', headers = [] }: Asked,
  to: { readonly address: string; readonly port: number; readonly tls?: boolean },
): Promise<Agreement> {
  const probe = `probe-${(probes += 1)}`;
  const { address, port, tls = false } = to;
  const asked = parseRequest({
    method,
    url: `${tls ? 'https' : 'http'}://${host}${path}`,
    headers,
    to: `${address}:${port}`,
  });
  // The path as it is written: a client need not send what a URL is brought to.
  const request = { ...asked, path };
  await send(request, headers, probe, to);
  const line = await envoy.taken((candidate) => candidate.probe === probe);
  return agreement(explainRoute(envoy.served, request, { dnsDomain: 'shop.svc.cluster.local' }), line);
}

function send(
  { method, authority, path, host }: RouteRequest,
  headers: readonly string[],
  probe: string,
  { address, port, tls = false }: { readonly address: string; readonly port: number; readonly tls?: boolean },
): Promise<void> {
  const pairs = headers.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const options = {
    host: address,
    port,
    method,
    path,
    agent: false as const,
    setHost: false,
    headers: ['host', authority, 'x-probe', probe, 'connection', 'close', ...pairs],
    ...(tls && { servername: host, rejectUnauthorized: false }),
  };
  return new Promise((resolve, reject) => {
    const sent = (tls ? httpsRequest : httpRequest)(options, (response) => {
      response.resume().once('end', resolve);
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** What `route` tells, and what Envoy did, in the same words. */
interface Agreement {
  readonly told: object;
  readonly done: object;
}

/**
 * Both in the same words. Of several clusters, and endpoints, `route` tells all and Envoy takes one: it is to be among
 * them.
 */
function agreement(explanation: RouteExplanation, line: Taken): Agreement {
  const { routes, clusters, outcome: ends, filterChain, listener, summary } = explanation;
  const cluster = clusters.find(({ name }) => name === line.cluster);
  const answered = ends === 'answered' ? Number(/with (\d{3})/.exec(summary)?.[1]) : undefined;
  const aborted = explanation.effects.some((effect) =>
    effect.startsWith('100 % of requests are answered with'),
  );
  return {
    told: {
      // A chain without a name goes by that of its listener.
      chain: filterChain === undefined || filterChain.name === listener?.name ? '' : filterChain.name,
      route: (explanation.routes.at(-1)?.matched === true && routes.at(-1)?.name) || null,
      // Envoy names no cluster that it does not have.
      cluster: cluster?.name ?? clusters.find(({ type }) => type !== undefined)?.name ?? null,
      endpoint:
        ends === 'sent' && !aborted
          ? cluster?.endpoints.some(({ address }) => address === line.endpoint)
          : false,
      code: answered ?? (aborted ? line.code : ends === 'sent' ? 200 : 503),
      location:
        ends === 'answered' && answered !== undefined && answered >= 301 && answered <= 308
          ? (/ to (\S+?),?(?: |$)/.exec(summary)?.[1] ?? null)
          : null,
    },
    done: {
      chain: line.chain ?? '',
      route: line.route,
      cluster: line.cluster,
      endpoint: line.endpoint !== null,
      code: line.code,
      location: line.location,
    },
  };
}

describe('a sidecar', () => {
  const here = () => ({ address: '127.0.0.1', port: ports.http });
  const ask = (asked: Asked) => outcome(client, asked, here());

  test.each(paths)('takes the path %s', async (path) => {
    const { told, done } = await ask({ host: 'catalog', path });
    expect(told).toEqual(done);
  });

  const others = [
    'orders',
    'idle',
    'nowhere',
    'nowhere.example.com',
    'a.wild.example.com',
    'x.wild.example.com',
    'wild.example.com',
    'y.b.wild.example.com',
    'b.wild.example.com',
    'x.A.WILD.example.com',
    '10.96.0.2',
    '10.1.1.1',
  ];

  test.each([...hosts, ...others])('takes the host %s, with its port and without', async (host) => {
    for (const authority of [host, `${host}:${ports.http}`, `${host}:1`]) {
      for (const path of ['/', '/orders', '/authority']) {
        const { told, done } = await ask({ host: authority, path });
        expect(told, `${authority}${path}`).toEqual(done);
      }
    }
  });

  const headers = [
    ['x-user: ann'],
    ['x-user: Ann'],
    ['X-User: ann'],
    ['x-user: ann', 'x-user: bob'],
    ['x-user: bob', 'x-user: ann'],
    ['x-user:'],
    ['x-stage: canary'],
    ['x-stage: a-canary'],
    ['x-trace: aab'],
    ['x-trace: aabb'],
    ['x-trace: baab'],
    ['x-flag: '],
    ['x-flag: no'],
    ['x-old: sure'],
    ['x-old: no'],
    ['x-two: sure'],
    ['x-user: ann ', 'x-flag: 1'],
    ['x-joined: a', 'x-joined: b'],
    ['x-joined: a,b'],
    ['x-joined: b', 'x-joined: a'],
    ['x-old: sure', 'x-old: no'],
    ['x-old: no', 'x-old: sure'],
    ['x-trace: b', 'x-trace: a'],
  ];

  test.each(headers.map((lines) => [lines.join(', '), lines] as const))(
    'takes the headers %s',
    async (_, lines) => {
      for (const path of ['/', '/without', '/absent', '/two', '/exact']) {
        const { told, done } = await ask({ host: 'catalog', path, headers: lines });
        expect(told, path).toEqual(done);
      }
    },
  );

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'takes the method %s',
    async (method) => {
      const { told, done } = await ask({ method, host: 'catalog' });
      expect(told).toEqual(done);
    },
  );

  test('has its listener on the loopback address, which is found without being told', async () => {
    for (const host of ['catalog', 'orders.shop']) {
      const request = parseRequest({ method: 'GET', url: `http://${host}:${ports.http}/`, headers: [] });
      const told = explainRoute(client.served, request, { dnsDomain: 'shop.svc.cluster.local' });
      expect(told.listener?.destination).toBe(await client.envoy.listener(told.listener?.name ?? ''));
    }
  });

  test('shares requests out by weight', async () => {
    const taken = await Promise.all(
      Array.from({ length: 200 }, () => ask({ host: 'catalog', path: '/split' })),
    );
    const second = taken.filter(({ done }) => JSON.stringify(done).includes('|v2|')).length;
    expect(second).toBeGreaterThan(10);
    expect(second).toBeLessThan(80);
    for (const { told, done } of taken) expect(told).toEqual(done);
  });

  test('takes whatever request as told', async () => {
    const word = fc.constantFrom(
      'exact',
      'Folded',
      'api',
      'items',
      '12',
      'segment',
      'x',
      'old',
      'without',
      'absent',
      'split',
      'teapot',
      'deep',
      'two',
      '..',
      '.',
      '',
    );
    const path = fc.array(word, { maxLength: 4 }).map((words) => `/${words.join('/')}`);
    const query = fc.constantFrom('', '?v=2', '?v=3', '?page=1', '?x=1&page=22', '?sort=by', '?v=2&v=3');
    const header = fc.constantFrom(
      'x-user: ann',
      'x-stage: canary',
      'x-trace: ab',
      'x-flag: 1',
      'x-old: sure',
      'x-old: no',
      'x-two: sure',
    );
    const made = fc.record({
      method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'),
      host: fc.constantFrom(...hosts, 'orders', 'a.wild.example.com', 'nowhere'),
      path: fc.tuple(path, query).map((parts) => parts.join('')),
      headers: fc.uniqueArray(header, { maxLength: 2, selector: (line) => line.split(':')[0] }),
    });
    await fc.assert(
      fc.asyncProperty(made, async (asked) => {
        const { told, done } = await ask(asked);
        expect(told).toEqual(done);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a gateway', () => {
  const asks: readonly Asked[] = [
    'shop.example.com',
    'SHOP.example.com',
    'other.example.com',
    'example.com',
    'secure.test',
    'unknown.test',
    'a.b.example.com',
  ].flatMap((host) => ['/', '/orders', '/orders/1?x', '/strict', '/else'].map((path) => ({ host, path })));
  const further: readonly Asked[] = [
    { host: 'shop.example.com', headers: ['cookie: a=b; canary=yes'] },
    { host: 'shop.example.com', headers: ['cookie: a=b', 'cookie: canary=yes'] },
    { host: 'shop.example.com', headers: ['cookie: canary=no'] },
    { method: 'POST', host: 'shop.example.com', path: '/strict' },
  ];

  test.each([...asks, ...further])('takes %j', async (asked) => {
    const to = { address: edgeAddress, port: ports.edge };
    for (const host of [asked.host, `${asked.host}:${ports.edge}`]) {
      const { told, done } = await outcome(edge, { ...asked, host }, to);
      expect(told, host).toEqual(done);
    }
  });

  test.each(['a.tls.example.com', 'b.tls.example.com', 'A.tls.example.com', 'x.b.tls.example.com'])(
    'ends TLS for %s',
    async (host) => {
      const to = { address: edgeAddress, port: ports.edgeTls, tls: true };
      for (const path of ['/', '/else']) {
        const { told, done } = await outcome(edge, { host, path }, to);
        expect(told, path).toEqual(done);
      }
    },
  );
});

describe('what is not read', () => {
  /** Connects, lets the server answer or end it, and tells what both say. */
  async function connected(
    envoy: ServedEnvoy,
    url: string,
    to: string,
    open: () => Socket,
    text: string,
  ): Promise<Agreement> {
    const socket = open();
    const own = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve(`${socket.localAddress}:${socket.localPort}`));
    });
    socket.on('error', () => undefined);
    socket.write(text);
    await new Promise((resolve) => {
      socket.once('data', () => socket.end());
      socket.once('close', resolve);
    });
    // Requests, which have a probe, can have come from the same port before.
    const line = await envoy.taken(({ client: peer, probe }) => probe === null && peer === own);
    const request = parseRequest({ method: 'GET', url, headers: [], to });
    const { told, done } = agreement(
      explainRoute(envoy.served, request, { dnsDomain: 'shop.svc.cluster.local' }),
      line,
    );
    const { code: _code, ...rest } = told as { code: number };
    const { code: _done, ...did } = done as { code: number };
    return { told: rest, done: did };
  }
  const text = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

  test('a TCP service', async () => {
    const to = `127.0.0.1:${ports.tcp}`;
    const { told, done } = await connected(
      client,
      `http://ledger:${ports.tcp}/`,
      to,
      () => connect(ports.tcp, '127.0.0.1'),
      text,
    );
    expect(told).toEqual(done);
  });

  test('a TCP server of a gateway', async () => {
    const to = `${edgeAddress}:${ports.edgeTcp}`;
    const { told, done } = await connected(
      edge,
      `http://x:${ports.edgeTcp}/`,
      to,
      () => connect(ports.edgeTcp, edgeAddress),
      text,
    );
    expect(told).toEqual(done);
  });

  test('TLS to a service of unknown protocol', async () => {
    const to = `127.0.0.1:${ports.unknown}`;
    const open = () => tlsConnect({ host: '127.0.0.1', port: ports.unknown, servername: 'mixed' });
    const { told, done } = await connected(client, `https://mixed:${ports.unknown}/`, to, open, '');
    expect(told).toEqual(done);
  });

  test('TLS that a gateway hands on', async () => {
    const to = `${edgeAddress}:${ports.edgeTls}`;
    const open = () =>
      tlsConnect({ host: edgeAddress, port: ports.edgeTls, servername: 'through.example.com' });
    const { told, done } = await connected(
      edge,
      `https://through.example.com:${ports.edgeTls}/`,
      to,
      open,
      '',
    );
    expect(told).toEqual(done);
  });

  test('HTTP to a service of unknown protocol is read', async () => {
    const { told, done } = await outcome(
      client,
      { host: `mixed:${ports.unknown}` },
      { address: '127.0.0.1', port: ports.unknown },
    );
    expect(told).toEqual(done);
  });
});
