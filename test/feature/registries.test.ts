/** A registry of an adapter, served over a real socket: it is down, loses everything, and comes back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adapter } from '../../examples/adapters/inventory.js';
import { InventoryServer } from '../../examples/adapters/inventory-server.js';
import { registryOf } from '../../src/adapter/index.js';
import { lastKnownFile, type LastKnownKeeper } from '../../src/registry/last-known.js';
import { ClusterLoadAssignment } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { startPilot, type Pilot } from '../../src/index.js';
import { AdsClient } from './ads-client.js';

const server = new InventoryServer();
const loopback = { host: '127.0.0.1', port: 0 };
const web = ['1', '2'].map((id) => ({ service: 'web', id, address: `10.0.0.${id}`, port: 8080 }));
let folder: string;
let keepers: LastKnownKeeper[] = [];
let pilot: Pilot | undefined;
let client: AdsClient | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registries-'));
  await server.start();
});
afterEach(async () => {
  client?.close();
  await pilot?.close();
  await server.stop();
  // What was still to be written is, before its folder goes.
  for (const keeper of keepers) await keeper.load();
  keepers = [];
  await rm(folder, { recursive: true, maxRetries: 10 });
});

async function start(): Promise<Pilot> {
  const lastKnown = lastKnownFile({
    path: join(folder, 'east.json'),
    identity: 'east',
    expiry: 60_000,
    problem: (message) => expect.fail(message),
  });
  keepers.push(lastKnown);
  const settings = { servers: [server.url], every: '50ms' };
  const registry = registryOf(adapter, { name: 'east', settings, lastKnown, guard: { confirmations: 1000 } });
  const started = await startPilot({
    registries: [registry],
    xdsAddress: loopback,
    httpAddress: loopback,
    debounceAfter: 1,
  });
  await started.ready;
  return started;
}

/** What an Envoy is told that asks for the service. */
async function assigned(
  asked: Pilot,
  until: (addresses: readonly string[]) => boolean,
): Promise<readonly string[]> {
  client?.close();
  client = new AdsClient(asked.xdsAddress.port);
  const resourceNames = ['outbound|8080||web.inventory'];
  const node = { id: 'sidecar~127.0.0.1~a.shop~shop.svc.cluster.local' };
  client.send({ node, typeUrl: typeUrls.eds, resourceNames });
  for (;;) {
    const response = await client.next();
    client.ack(response, resourceNames);
    const addresses = response.resources.flatMap(({ value }) =>
      ClusterLoadAssignment.decode(value ?? new Uint8Array()).endpoints.flatMap(({ lbEndpoints }) =>
        lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address ?? ''),
      ),
    );
    if (until(addresses)) return addresses;
  }
}

async function registries(asked: Pilot, query = ''): Promise<string> {
  const { host, port } = asked.httpAddress;
  return await (await fetch(`http://${host}:${port}/debug/registries${query}`)).text();
}

test('traffic goes on while the registry is down, and after a restart meanwhile', async () => {
  server.register(web);
  pilot = await start();
  expect(await assigned(pilot, (found) => found.length > 0)).toEqual(['10.0.0.1', '10.0.0.2']);
  await server.stop();
  await expect.poll(() => registries(pilot as Pilot), { timeout: 20_000 }).toContain('"state":"failed"');
  expect(await assigned(pilot, (found) => found.length > 0)).toEqual(['10.0.0.1', '10.0.0.2']);
  await pilot.close();
  pilot = await start();
  expect(await assigned(pilot, (found) => found.length > 0)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(JSON.parse(await registries(pilot))).toMatchObject({
    registries: [{ registry: 'inventory/east', restored: 1 }],
  });
  server.register([{ ...web[0], id: '3', address: '10.0.0.3', service: 'web', port: 8080 }]);
  await server.start();
  expect(await assigned(pilot, (found) => found.length === 3)).toContain('10.0.0.3');
  server.deregister([{ service: 'web', id: '3' }]);
});

test('a registry that is suddenly empty empties nothing until a person says so', async () => {
  server.register(web);
  pilot = await start();
  server.deregister(web);
  await expect
    .poll(() => registries(pilot as Pilot), { timeout: 20_000 })
    .toContain('its last endpoints are gone');
  expect(await assigned(pilot, (found) => found.length > 0)).toHaveLength(2);
  expect(await registries(pilot, '?release=inventory/none')).toContain('there is no registry');
  expect(await registries(pilot, '?release=inventory/east')).toBe(
    'Released 1 held removals of inventory/east\n',
  );
  expect(JSON.parse(await registries(pilot))).toMatchObject({ registries: [{ endpoints: 0, held: [] }] });
});
