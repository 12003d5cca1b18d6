/** Proxies that register themselves by a WorkloadGroup, over real sockets. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toJson } from '../../src/envoy/json.js';
import { Cluster, ClusterLoadAssignment, type NodeShape } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { struct } from '../../src/envoy/well-known.js';
import { startPilot, type Pilot } from '../../src/index.js';
import { AdsClient } from './ads-client.js';

const address = { host: '127.0.0.1', port: 0 };
const cluster = 'outbound|80||legacy.shop.internal';

const mesh = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: legacy, namespace: shop }
spec:
  metadata:
    labels: { app: legacy, tier: group }
  template:
    serviceAccount: legacy
    network: net-t
    weight: WEIGHT
    locality: r1/z1
    ports: { http: 9090 }
    labels: { tier: template }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: legacy, namespace: shop }
spec:
  hosts: [legacy.shop.internal]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  workloadSelector: { labels: { app: legacy } }
`;

let folder: string;
let pilot: Pilot | undefined;
const clients: AdsClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-registration-'));
  await writeMesh(5);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await pilot?.close();
  pilot = undefined;
  await rm(folder, { recursive: true });
});

function writeMesh(weight: number): Promise<void> {
  return writeFile(join(folder, 'mesh-objects.yaml'), mesh.replace('WEIGHT', String(weight)));
}

async function start(
  registrationGrace: number,
  options: Parameters<typeof startPilot>[0] = {},
): Promise<void> {
  pilot = await startPilot({
    directory: folder,
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 1,
    registrationGrace,
    ...options,
  });
  await pilot.ready;
}

function connect(): AdsClient {
  const client = new AdsClient((pilot as Pilot).xdsAddress.port);
  clients.push(client);
  return client;
}

function node(ip: string, metadata: Readonly<Record<string, unknown>> = {}): NodeShape {
  return {
    id: `sidecar~${ip}~vm.shop~shop.svc.cluster.local`,
    metadata: struct({ NAMESPACE: 'shop', ISTIO_VERSION: '1.31.0', CLUSTER_ID: 'Kubernetes', ...metadata }),
  };
}

/** A proxy of the group, whose stream has been answered. */
async function workload(ip: string, metadata: Readonly<Record<string, unknown>> = {}): Promise<AdsClient> {
  const client = connect();
  client.send({
    node: {
      ...node(ip, { AUTO_REGISTER_GROUP: 'legacy', LABELS: { app: 'legacy' }, ...metadata }),
      locality: { region: 'r2', zone: 'z2' },
    },
    typeUrl: typeUrls.cds,
  });
  await client.next();
  return client;
}

/** What /metrics counts of registrations, by outcome. */
async function counted(): Promise<Readonly<Record<string, number>>> {
  const { host, port } = (pilot as Pilot).httpAddress;
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  const found = text.matchAll(/^pilotlight_registrations\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, outcome, count]) => [outcome, Number(count)]));
}

/** A proxy that watches the endpoints of the group's service. */
class Watcher {
  readonly #client = connect();

  constructor() {
    this.#client.send({ node: node('10.1.9.9'), typeUrl: typeUrls.eds, resourceNames: [cluster] });
  }

  /** The addresses of the next assignment. */
  async next(): Promise<readonly string[]> {
    const addresses = JSON.stringify(await this.nextAssignment()).matchAll(/"address":"([^"]+)"/g);
    return [...addresses].map(([, text = '']) => text).sort();
  }

  async nextAssignment(): Promise<unknown> {
    const response = await this.#client.next();
    this.#client.ack(response, [cluster]);
    const [resource] = response.resources;
    if (resource === undefined) throw new Error('the answer is empty');
    return toJson(ClusterLoadAssignment, ClusterLoadAssignment.decode(resource.value));
  }
}

test('a proxy of a group is an endpoint that others see come, and go after the grace period', async () => {
  await start(50);
  const watcher = new Watcher();
  expect(await watcher.next()).toEqual([]);
  const proxy = await workload('10.1.2.3');
  // As Istiod's discovery server answers.
  expect(await watcher.nextAssignment()).toEqual({
    cluster_name: cluster,
    endpoints: [
      {
        locality: { region: 'r2', zone: 'z2' },
        load_balancing_weight: 5,
        lb_endpoints: [
          {
            endpoint: { address: { socket_address: { address: '10.1.2.3', port_value: 9090 } } },
            load_balancing_weight: 5,
            metadata: {
              filter_metadata: {
                'envoy.transport_socket_match': { tlsMode: 'istio' },
                istio: { workload: 'legacy;shop;legacy;;Kubernetes' },
              },
            },
          },
        ],
      },
    ],
  });
  proxy.close();
  expect(await watcher.next()).toEqual([]);
  expect(await counted()).toEqual({ registered: 1, refused: 0, removed: 1 });
});

test('a proxy that comes back in time, and a group that changes, keep the endpoint', async () => {
  await start(60_000);
  const watcher = new Watcher();
  expect(await watcher.next()).toEqual([]);
  const proxy = await workload('10.1.2.3');
  expect(await watcher.next()).toEqual(['10.1.2.3']);
  proxy.close();
  await workload('10.1.2.3');
  await workload('10.1.2.4');
  expect(await watcher.next()).toEqual(['10.1.2.3', '10.1.2.4']);
  await writeMesh(9);
  // One entry may follow the group before the other; neither ever goes.
  for (;;) {
    const changed = JSON.stringify(await watcher.nextAssignment());
    expect(changed).toContain('10.1.2.3');
    expect(changed).toContain('10.1.2.4');
    if (changed.includes('"load_balancing_weight":18')) break;
  }
});

test('a registered proxy is served the ports of the service that selects it', async () => {
  await start(60_000);
  const proxy = connect();
  proxy.send({
    node: node('10.1.2.3', { AUTO_REGISTER_GROUP: 'legacy' }),
    typeUrl: typeUrls.cds,
  });
  let names: readonly string[] = [];
  while (!names.includes('inbound|9090||')) {
    const response = await proxy.next();
    proxy.ack(response);
    names = response.resources.map(({ value }) => Cluster.decode(value).name);
  }
  expect(names).toContain(cluster);
});

test('a proxy that probes is an endpoint while it reports that it is well', async () => {
  await start(60_000);
  const watcher = new Watcher();
  expect(await watcher.next()).toEqual([]);
  const proxy = await workload('10.1.2.3', { PROXY_CONFIG: { readinessProbe: { tcpSocket: { port: 1 } } } });
  await workload('10.1.2.4');
  expect(await watcher.next()).toEqual(['10.1.2.4']);
  proxy.send({ typeUrl: typeUrls.health });
  expect(await watcher.next()).toEqual(['10.1.2.3', '10.1.2.4']);
  proxy.send({ typeUrl: typeUrls.health, errorDetail: { code: 500, message: 'connection refused' } });
  expect(await watcher.next()).toEqual(['10.1.2.4']);
});

test('a report before the first request for resources is passed over', async () => {
  await start(60_000);
  const client = connect();
  client.send({ typeUrl: typeUrls.health });
  client.send({ node: node('10.1.2.3'), typeUrl: typeUrls.cds });
  expect((await client.next()).typeUrl).toBe(typeUrls.cds);
});

test('a proxy of a group that is not there is refused, and one that nobody registers is served', async () => {
  await start(60_000);
  const client = connect();
  client.send({ node: node('10.1.2.3', { AUTO_REGISTER_GROUP: 'nobody' }), typeUrl: typeUrls.cds });
  const { code, details } = await client.ended;
  expect(code).toBe(status.FAILED_PRECONDITION);
  expect(details).toContain('shop/nobody');
  expect(await counted()).toEqual({ registered: 0, refused: 1, removed: 0 });
  await pilot?.close();
  await start(60_000, { autoRegistration: false });
  await workload('10.1.2.3');
  expect(await new Watcher().next()).toEqual([]);
  expect(await counted()).toEqual({});
});
