/** A whole Pilotlight in this process: the console's pages, and what its ADS server does with real configuration. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryRegistry, startPilot, type Pilot } from '../../src/index.js';
import { ClusterLoadAssignment } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { AdsClient } from './ads-client.js';

const example = fileURLToPath(new URL('../../examples/mesh', import.meta.url));
const address = { host: '127.0.0.1', port: 0 };
const node = { id: 'sidecar~127.0.0.1~a.shop~shop.svc.cluster.local' };
const catalog = 'outbound|80||catalog.shop.svc.cluster.local';
const cart = 'outbound|80||cart.shop.svc.cluster.local';

let folder: string;
let pilot: Pilot | undefined;
const clients: AdsClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-serving-'));
  await cp(example, folder, { recursive: true });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await pilot?.close();
  pilot = undefined;
  await rm(folder, { recursive: true });
});

async function start(options: Parameters<typeof startPilot>[0] = {}): Promise<Pilot> {
  pilot = await startPilot({
    directory: folder,
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 1,
    ...options,
  });
  return pilot;
}

function connect(to: Pilot): AdsClient {
  const client = new AdsClient(to.xdsAddress.port);
  clients.push(client);
  return client;
}

async function page(of: Pilot, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${of.httpAddress.port}${path}`);
  return { status: response.status, text: await response.text() };
}

async function json(of: Pilot, path: string): Promise<unknown> {
  return JSON.parse((await page(of, path)).text);
}

describe('the console', () => {
  test('is alive at once, and ready only when every registry has been read', async () => {
    const registry = new MemoryRegistry({ provider: 'Inventory' });
    const { ready } = await start({ registries: [registry] });
    const running = pilot as Pilot;
    expect(await page(running, '/healthz')).toEqual({ status: 200, text: 'ok\n' });
    const waiting = await page(running, '/readyz');
    expect(waiting.status).toBe(503);
    expect(waiting.text).toContain('Inventory/Kubernetes');
    const early = connect(running);
    early.send({ node, typeUrl: typeUrls.cds });
    expect((await early.ended).code).toBe(status.UNAVAILABLE);
    registry.synced();
    await ready;
    expect(await page(running, '/readyz')).toEqual({ status: 200, text: 'ok\n' });
  });

  test('shows services, endpoints and configuration in Istiod’s shapes', async () => {
    const running = await start();
    await running.ready;
    expect(await json(running, '/debug/registryz')).toContainEqual(
      expect.objectContaining({
        hostname: 'catalog.shop.svc.cluster.local',
        ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
        clusterVIPs: { Addresses: { Kubernetes: ['10.96.0.12'] } },
        Resolution: 0,
        MeshExternal: false,
        Attributes: expect.objectContaining({
          ServiceRegistry: 'Kubernetes',
          Name: 'catalog',
          Namespace: 'shop',
        }),
      }),
    );
    expect(await json(running, '/debug/endpointz')).toMatchObject({
      'cart.shop.svc.cluster.local': {
        shop: {
          Shards: {
            'Kubernetes/Kubernetes': [
              { Addresses: ['127.0.1.31'], EndpointPort: 8080 },
              { Addresses: ['127.0.1.32'] },
            ],
          },
          ServiceAccounts: { 'spiffe://cluster.local/ns/shop/sa/cart': {} },
        },
      },
    });
    expect(await json(running, '/debug/configz')).toContainEqual(
      expect.objectContaining({
        kind: 'DestinationRule',
        metadata: expect.objectContaining({ name: 'catalog' }),
      }),
    );
    expect(await json(running, '/debug/list')).toContain('syncz');
  });

  test('shows who is connected, and what was sent, accepted and refused', async () => {
    const running = await start();
    await running.ready;
    const client = connect(running);
    client.send({ node, typeUrl: typeUrls.cds });
    const clusters = await client.next();
    client.ack(clusters);
    client.send({ typeUrl: typeUrls.eds, resourceNames: [cart] });
    const { nonce } = await client.next();
    client.send({
      typeUrl: typeUrls.eds,
      responseNonce: nonce,
      resourceNames: [cart],
      errorDetail: { code: 3, message: 'no' },
    });
    client.send({ typeUrl: typeUrls.eds, responseNonce: nonce, resourceNames: [cart, catalog] });
    await client.next();
    expect(await json(running, '/debug/syncz')).toEqual([
      expect.objectContaining({
        cluster_id: '',
        proxy: 'a.shop',
        proxy_type: 'sidecar',
        dialect: 'plain',
        cluster_sent: clusters.nonce,
        cluster_acked: clusters.nonce,
        endpoint_acked: '',
        resources: expect.objectContaining({ [typeUrls.eds]: expect.objectContaining({ lastError: 'no' }) }),
      }),
    ]);
    expect(await json(running, '/debug/syncz?namespace=elsewhere')).toEqual([]);
    expect(await json(running, '/debug/adsz')).toMatchObject({
      totalClients: 1,
      clients: [{ watches: { [typeUrls.cds]: ['*'], [typeUrls.eds]: [cart, catalog] } }],
    });
    const metrics = (await page(running, '/metrics')).text;
    expect(metrics).toMatch(/^pilot_xds\{version="unknown"\} 1$/m);
    expect(metrics).toMatch(/^pilot_xds_pushes\{type="cds"\} 1$/m);
    expect(metrics).toMatch(/^pilot_total_xds_rejects\{type="eds"\} 1$/m);
    expect(metrics).toMatch(/^pilot_services 5$/m);
  });

  test('answers an unknown path with what there is', async () => {
    const running = await start();
    const { status: code, text } = await page(running, '/debug/nothing');
    expect(code).toBe(404);
    expect(text).toContain('/debug/registryz');
  });
});

describe('ADS', () => {
  test('4: refuses a node whose id has another form, and names the form', async () => {
    const running = await start();
    await running.ready;
    const client = connect(running);
    client.send({ node: { id: 'my-envoy' }, typeUrl: typeUrls.cds });
    const { code, details } = await client.ended;
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toContain('sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local');
  });

  test('41: answers for a cluster that does not exist with an empty assignment', async () => {
    const running = await start();
    await running.ready;
    const client = connect(running);
    client.send({ node, typeUrl: typeUrls.eds, resourceNames: ['outbound|80||nobody.example'] });
    const [resource] = (await client.next()).resources;
    const assignment = ClusterLoadAssignment.decode(resource?.value ?? new Uint8Array());
    expect([assignment.clusterName, assignment.endpoints]).toEqual(['outbound|80||nobody.example', []]);
  });

  test('74: an edit of one service’s endpoints sends that assignment alone', async () => {
    const running = await start();
    await running.ready;
    const client = connect(running);
    client.send({ node, typeUrl: typeUrls.cds });
    client.ack(await client.next());
    client.send({ typeUrl: typeUrls.eds, resourceNames: [cart, catalog] });
    client.ack(await client.next(), [cart, catalog]);
    const file = join(folder, 'cart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('conditions: { ready: true }', 'conditions: { ready: false }'));
    const response = await client.next();
    expect(response.typeUrl).toBe(typeUrls.eds);
    const names = response.resources.map(
      ({ value }) => ClusterLoadAssignment.decode(value ?? new Uint8Array()).clusterName,
    );
    expect(names).toEqual([cart]);
  });

  test('a broken edit sends nothing, and mending it sends what is new', async () => {
    const running = await start();
    await running.ready;
    const client = connect(running);
    client.send({ node, typeUrl: typeUrls.eds, resourceNames: [cart] });
    const first = await client.next();
    client.ack(first, [cart]);
    const file = join(folder, 'cart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('ports:', 'ports: ['));
    await expect
      .poll(() => running.directoryState()?.problems.length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    await writeFile(file, text.replace('127.0.1.32', '127.0.1.33'));
    const next = await client.next();
    const [resource] = next.resources;
    const { endpoints } = ClusterLoadAssignment.decode(resource?.value ?? new Uint8Array());
    const addresses = endpoints.flatMap(({ lbEndpoints }) =>
      lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address),
    );
    expect(addresses).toEqual(['127.0.1.31', '127.0.1.33']);
  });

  test('a directory that is not there ends `ready` with its reason', async () => {
    const { ready } = await start({ directory: join(folder, 'absent') });
    await expect(ready).rejects.toMatchObject({ code: 'DIRECTORY_UNREADABLE' });
  });
});
