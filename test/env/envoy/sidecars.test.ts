/**
 * Sidecars and a gateway on one machine, without privileges and without Kubernetes: real Envoys with the bootstraps that
 * `pilotlight bootstrap` writes and the certificates that `pilotlight ca` issues, in the mesh of examples/tour.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../testenv/process.mjs';
import { CertificateAuthority, spiffe } from '../../certificate-authority.js';
import { Tour, get, say, type HttpAnswer } from './tour.js';

let tour: Tour;

/** Routes of the catalog, as a VirtualService. */
function catalogRoutes(...http: readonly object[]): Promise<void> {
  return tour.put('release.yaml', ['VirtualService', 'catalog', { hosts: ['catalog'], http }]);
}

const toCatalog = (subset: string): object => ({ destination: { host: 'catalog', subset } });

interface Said {
  readonly service: string;
  readonly version: string;
  readonly catalog?: Said;
  readonly stock?: Said;
}

function said({ body }: HttpAnswer): Said {
  return JSON.parse(body) as Said;
}

/** Which version of the catalog answers a request of web-v1. */
async function catalogVersion(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await tour.fromWeb('catalog', '/', headers);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  return said(answer).version;
}

describe.each(['grpc', 'delta-grpc'])('sidecars and a gateway over %s', (apiType) => {
  beforeAll(async () => {
    tour = await Tour.start(apiType);
    const accounts = ['gateway', 'web', 'catalog'];
    const folders = await Promise.all(accounts.map((account) => tour.issue(account)));
    const certificates = new Map(accounts.map((account, index) => [account, folders[index] ?? '']));
    const proxies = ['gateway', 'web-v1.shop', 'catalog-v1.shop', 'catalog-v2.shop'];
    await Promise.all(
      proxies.map((proxy) => tour.startEnvoy(proxy, certificates.get(proxy.split(/[-.]/)[0] ?? '') ?? '')),
    );
  });

  afterAll(async () => {
    await tour.stop();
  });

  test('a request goes from the gateway through the sidecars of those that have one', async () => {
    const answer = await eventually('an answer of the whole way', async () => {
      const found = await tour.get('/items');
      return found.status === 200 && found.body.includes('"stock"') ? found : undefined;
    });
    expect(said(answer)).toMatchObject({
      service: 'web',
      version: 'v1',
      catalog: { service: 'catalog', version: 'v1', stock: { service: 'stock' } },
    });
    const web = tour.envoy('web-v1.shop');
    const handshakes = 'cluster.outbound|9080|v1|catalog.shop.svc.cluster.local;.ssl.handshake';
    expect(await web.stat(handshakes)).toBeGreaterThan(0);
    // These have no sidecar, and are spoken to in plain text.
    expect(await web.stat('cluster.outbound|9080||stock.shop.svc.cluster.local;.ssl.handshake')).toBe(0);
  });

  test('routes by a header, and goes back', async () => {
    await catalogRoutes(
      { match: [{ headers: { 'x-canary': { exact: 'v2' } } }], route: [toCatalog('v2')] },
      { route: [toCatalog('v1')] },
    );
    await eventually('the canary', async () => (await catalogVersion({ 'x-canary': 'v2' })) === 'v2');
    expect(await catalogVersion()).toBe('v1');
    expect(said(await tour.get('/', { 'x-canary': 'v2' })).catalog?.version).toBe('v2');
    expect(said(await tour.get('/')).catalog?.version).toBe('v1');
    await catalogRoutes({ route: [toCatalog('v1')] });
    await eventually(
      'the end of the canary',
      async () => (await catalogVersion({ 'x-canary': 'v2' })) === 'v1',
    );
  });

  test('routes by weight', async () => {
    await catalogRoutes({
      route: [
        { ...toCatalog('v1'), weight: 75 },
        { ...toCatalog('v2'), weight: 25 },
      ],
    });
    await eventually('the first answer of v2', async () => (await catalogVersion()) === 'v2');
    let seconds = 0;
    for (let count = 0; count < 200; count += 1) if ((await catalogVersion()) === 'v2') seconds += 1;
    // 50 are expected; fewer than 20 or more than 85 come about once in ten million times.
    expect(seconds).toBeGreaterThan(19);
    expect(seconds).toBeLessThan(86);
  });

  test('tries again as often as it is told to', async () => {
    const stockRequests = (): number => tour.requests('stock-v1') + tour.requests('stock-v2');
    const fail = async (): Promise<number> => {
      const before = stockRequests();
      expect((await tour.fromWeb('stock', '/fail/503')).status).toBe(503);
      return stockRequests() - before;
    };
    const route = [{ destination: { host: 'stock' } }];
    const retries = { attempts: 3, retryOn: '5xx' };
    await tour.put('stock-routes.yaml', [
      'VirtualService',
      'stock',
      { hosts: ['stock'], http: [{ route, retries }] },
    ]);
    await eventually('retries', async () => (await fail()) === 4);
    await tour.put('stock-routes.yaml', [
      'VirtualService',
      'stock',
      { hosts: ['stock'], http: [{ route, retries: { attempts: 0 } }] },
    ]);
    await eventually('no retries', async () => (await fail()) === 1);
  });

  test('puts in faults: requests are ended or held', async () => {
    const faulty = (fault: object): object => ({
      match: [{ headers: { 'x-faulty': { exact: 'sure' } } }],
      fault,
      route: [toCatalog('v1')],
    });
    await catalogRoutes(faulty({ abort: { httpStatus: 418, percentage: { value: 100 } } }), {
      route: [toCatalog('v1')],
    });
    await eventually(
      'a request that is ended',
      async () => (await tour.fromWeb('catalog', '/', { 'x-faulty': 'sure' })).status === 418,
    );
    expect(await catalogVersion()).toBe('v1');
    await catalogRoutes(faulty({ delay: { fixedDelay: '0.7s', percentage: { value: 100 } } }), {
      route: [toCatalog('v1')],
    });
    await eventually('a request that is held', async () => {
      const start = performance.now();
      const { status } = await tour.fromWeb('catalog', '/', { 'x-faulty': 'sure' });
      return status === 200 && performance.now() - start >= 690;
    });
  });

  test('sends a copy of each request elsewhere', async () => {
    await catalogRoutes({ route: [toCatalog('v1')], mirror: { host: 'catalog', subset: 'v2' } });
    await eventually('a copy', async () => {
      const before = tour.requests('catalog-v2');
      expect(await catalogVersion()).toBe('v1');
      return eventually('the copy of this request', () => tour.requests('catalog-v2') > before, 500);
    });
    await catalogRoutes({ route: [toCatalog('v1')] });
  });

  test('takes TCP connections to their service', async () => {
    expect(await say(tour.address(11), 9000, 'a debit')).toBe('ledger v1\na debit\n');
  });

  test('reaches a service outside of the mesh, and, when told to, none that it does not know', async () => {
    expect(said(await tour.fromWeb('rates.example.com'))).toMatchObject({ service: 'rates' });
    // Any host is let through, but without interception nobody knows where it is.
    expect((await tour.fromWeb('nowhere.example.com')).status).toBe(503);
    await tour.mesh.putText('mesh.yaml', 'outboundTrafficPolicy: { mode: REGISTRY_ONLY }\n');
    await eventually(
      'the refusal of an unknown host',
      async () => (await tour.fromWeb('nowhere.example.com')).status === 502,
    );
    expect((await tour.fromWeb('rates.example.com')).status).toBe(200);
    const entry = await readFile(join(tour.mesh.path, 'rates.yaml'), 'utf8');
    await tour.mesh.putText('rates.yaml', '# closed\n');
    await eventually(
      'the refusal of a host that is known no more',
      async () => (await tour.fromWeb('rates.example.com')).status === 502,
    );
    await tour.mesh.putText('rates.yaml', entry);
    await eventually('the host again', async () => (await tour.fromWeb('rates.example.com')).status === 200);
  });

  describe('mutual TLS', () => {
    /** Asks the sidecar of catalog-v1 over TLS with a certificate. @returns the first line of the answer */
    function askOverTls(cert: string, key: string): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect(
          {
            host: tour.address(21),
            port: 8080,
            cert,
            key,
            rejectUnauthorized: false,
            ALPNProtocols: ['http/1.1'],
          },
          () => socket.write('GET / HTTP/1.1\r\nhost: catalog\r\nconnection: close\r\n\r\n'),
        );
        socket.setEncoding('utf8');
        socket.once('data', (text: string) => {
          resolve(text.split('\r\n')[0] ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('closed without an answer')));
      });
    }

    test('a sidecar that is STRICT answers who has a certificate of the mesh, and nobody else', async () => {
      const folder = await tour.issue('visitor');
      const [cert, key] = await Promise.all(
        ['tls.crt', 'tls.key'].map((file) => readFile(join(folder, file), 'utf8')),
      );
      expect(await askOverTls(cert ?? '', key ?? '')).toBe('HTTP/1.1 200 OK');
      const others = await (await CertificateAuthority.create()).issue({ uris: [spiffe('shop', 'visitor')] });
      await expect(askOverTls(others.cert, others.key)).rejects.toThrow();
      await expect(get(`http://${tour.address(21)}:8080/`)).rejects.toThrow();
    });

    test('a sidecar that is PERMISSIVE answers those without as well', async () => {
      await tour.put('permissive.yaml', [
        'PeerAuthentication',
        'catalog',
        { selector: { matchLabels: { app: 'catalog' } }, mtls: { mode: 'PERMISSIVE' } },
      ]);
      await eventually(
        'an answer in plain text',
        async () => (await get(`http://${tour.address(21)}:8080/`)).status === 200,
      );
      expect(await catalogVersion()).toBe('v1');
      await tour.mesh.putText('permissive.yaml', '# no more\n');
      await eventually('the end of plain text', () =>
        get(`http://${tour.address(21)}:8080/`).then(
          () => false,
          () => true,
        ),
      );
    });

    test('an Envoy takes up a certificate that is issued anew, without a failed request', async () => {
      const envoy = tour.envoy('catalog-v1.shop');
      const serials = async (): Promise<string[]> => {
        const { certificates } = await envoy.json('/certs');
        return (certificates as { cert_chain: { serial_number: string }[] }[]).flatMap(
          ({ cert_chain: chain }) => chain.map(({ serial_number: serial }) => serial),
        );
      };
      const before = await serials();
      expect(before.length).toBeGreaterThan(0);
      await tour.issue('catalog', '--force');
      await eventually('a new certificate', async () => {
        expect(await catalogVersion()).toBe('v1');
        const now = await serials();
        return now.length > 0 && now.every((serial) => !before.includes(serial));
      });
      expect(await catalogVersion()).toBe('v1');
    });
  });

  test('no Envoy has refused anything', async () => {
    for (const [proxy, envoy] of tour.envoys) {
      const { stats } = await envoy.json('/stats?format=json&filter=(update_rejected|create_failure)');
      const rejected = (stats as { name: string; value: number }[]).filter(({ value }) => value > 0);
      expect(rejected, proxy).toEqual([]);
    }
    const clients = JSON.parse(await tour.pilot.page('/debug/syncz')) as {
      proxy: string;
      resources: Record<string, { lastError: string }>;
    }[];
    const connected = new Set(clients.map(({ proxy }) => proxy));
    expect([...connected].sort()).toEqual([
      'catalog-v1.shop',
      'catalog-v2.shop',
      'gateway.shop',
      'web-v1.shop',
    ]);
    for (const { proxy, resources } of clients)
      for (const { lastError } of Object.values(resources)) expect(lastError, proxy).toBe('');
  });
});
