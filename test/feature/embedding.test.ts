/** What docs/embedding.md says, over a real socket. */
import { afterEach, expect, test } from 'vitest';
import { MemoryRegistry, startPilot, type Endpoint, type Pilot, type Service } from '../../src/index.js';
import { ClusterLoadAssignment } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { AdsClient } from './ads-client.js';

const provenance = { registry: 'Inventory/Kubernetes' };

const service: Service = {
  hostname: 'stock.example',
  ports: [{ name: 'http', port: 80, protocol: 'HTTP' }],
  serviceAccounts: [],
  creationTime: 0,
  clusterVIPs: {},
  defaultAddress: '0.0.0.0',
  resolution: 'ClientSideLB',
  meshExternal: false,
  resourceVersion: '1',
  sequence: 0,
  attributes: {
    name: 'stock',
    namespace: 'shop',
    provider: 'Inventory',
    objectName: 'stock',
    labels: {},
    exportTo: [],
  },
  provenance,
};

function endpoint(address: string): Endpoint {
  return {
    addresses: [address],
    port: 8080,
    servicePortName: 'http',
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'disabled',
    namespace: 'shop',
    workloadName: 'stock',
    health: 'healthy',
    provenance,
  };
}

let pilot: Pilot | undefined;
let client: AdsClient | undefined;
afterEach(async () => {
  client?.close();
  await pilot?.close();
});

test('a registry of one’s own is served, followed, and not emptied by its failure', async () => {
  const registry = new MemoryRegistry({ provider: 'Inventory', cluster: 'Kubernetes' });
  registry.setService(service);
  registry.setEndpoints('stock.example', 'shop', [endpoint('10.0.0.1')]);
  registry.synced();
  const address = { host: '127.0.0.1', port: 0 };
  pilot = await startPilot({
    registries: [registry],
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 1,
  });
  await pilot.ready;

  client = new AdsClient(pilot.xdsAddress.port);
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
  for (let each = 0; each < 500; each += 1) {
    const { attributes } = service;
    const name = `stock-${each}`;
    registry.setService({ ...service, hostname: `${name}.example`, attributes: { ...attributes, name } });
  }
  registry.synced();
  const address = { host: '127.0.0.1', port: 0 };
  pilot = await startPilot({
    registries: [registry],
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 0,
  });
  await pilot.ready;
  client = new AdsClient(pilot.xdsAddress.port);
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
