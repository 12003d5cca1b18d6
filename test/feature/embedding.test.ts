/** What docs/embedding.md says, over a real socket. */
import { afterEach, expect, test } from 'vitest';
import { MemoryRegistry, startPilot, type Pilot } from '../../src/index.js';
import { ClusterLoadAssignment } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { AdsClient } from './ads-client.js';
import { endpoint, service } from './inventory.js';

let pilot: Pilot | undefined;
let connected: AdsClient | undefined;
afterEach(async () => {
  connected?.close();
  await pilot?.close();
});

/** Serves a registry, and connects to that once it is ready. */
async function connect(registry: MemoryRegistry, debounceAfter: number): Promise<AdsClient> {
  const address = { host: '127.0.0.1', port: 0 };
  pilot = await startPilot({
    registries: [registry],
    xdsAddress: address,
    httpAddress: address,
    debounceAfter,
  });
  await pilot.ready;
  connected = new AdsClient(pilot.xdsAddress.port);
  return connected;
}

test('a registry of one’s own is served, followed, and not emptied by its failure', async () => {
  const registry = new MemoryRegistry({ provider: 'Inventory', cluster: 'Kubernetes' });
  registry.setService(service('stock'));
  registry.setEndpoints('stock.example', 'shop', [endpoint('10.0.0.1')]);
  registry.synced();

  const client = await connect(registry, 1);
  const resourceNames = ['outbound|80||stock.example'];
  client.send({
    node: { id: 'sidecar~127.0.0.1~a.shop~shop.svc.cluster.local' },
    typeUrl: typeUrls.eds,
    resourceNames,
  });
  const first = await client.next();
  expect(addresses(first)).toEqual(['10.0.0.1']);
  client.ack(first, resourceNames);

  registry.setStatus({ state: 'failed', message: 'the inventory does not answer' });
  registry.setEndpoints('stock.example', 'shop', [endpoint('10.0.0.1'), endpoint('10.0.0.2')]);
  expect(addresses(await client.next())).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('nothing is served before a registry has said everything, even where nothing is gathered', async () => {
  const registry = new MemoryRegistry({ provider: 'Inventory', cluster: 'Kubernetes' });
  for (let each = 0; each < 500; each += 1) registry.setService(service(`stock-${each}`));
  registry.synced();
  const client = await connect(registry, 0);
  client.send({ node: { id: 'sidecar~127.0.0.1~a.shop~shop.svc.cluster.local' }, typeUrl: typeUrls.cds });
  const { resources } = await client.next();
  expect(resources.length).toBeGreaterThan(500);
});

function addresses(response: Awaited<ReturnType<AdsClient['next']>>): (string | undefined)[] {
  return response.resources.flatMap(({ value }) =>
    ClusterLoadAssignment.decode(value ?? new Uint8Array()).endpoints.flatMap(({ lbEndpoints }) =>
      lbEndpoints.map(({ endpoint: found }) => found?.address?.socketAddress?.address),
    ),
  );
}
