/** Changed endpoints beside other changes, from a registry to a proxy: what goes at once, and what waits for what. */
import { afterEach, describe, expect, test } from 'vitest';
import { Cluster, type NodeShape } from '../../../src/envoy/messages.js';
import { endpoint, service } from '../inventory.js';
import type { Answer } from './client.js';
import { addressesOf, clusterOf, connectMesh, meshNode, type MeshWorld } from './mesh-world.js';
import { cds, eds } from './world.js';

const cart = clusterOf('cart');
const stock = clusterOf('stock');
let mesh: MeshWorld | undefined;

afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
});

async function start(options: Parameters<typeof connectMesh>[0] = {}): Promise<MeshWorld> {
  mesh = await connectMesh(options);
  await mesh.synced();
  return mesh;
}

/** A node of Istio's agent at an address. */
function agentAt(address: string): NodeShape {
  return {
    id: `sidecar~${address}~a.shop~shop.svc.cluster.local`,
    metadata: { fields: { ISTIO_VERSION: { stringValue: '1.31.0' } } },
  };
}

describe.each(['sotw', 'delta'] as const)('over %s', (variant) => {
  /** A proxy that has asked for both services and has been answered. */
  async function proxy(world: MeshWorld, node = meshNode) {
    const client = world.client(variant, { node });
    client.subscribe(cds);
    const clusters = await client.take();
    client.subscribe(eds, cart, stock);
    await client.take();
    return { client, clusters };
  }

  test('a service whose port has another name keeps its endpoints until its clusters come, and others do not wait', async () => {
    const world = await start({ debounceAfter: 300 });
    const { client } = await proxy(world);
    world.registry.setService(
      service('cart', { ports: [{ name: 'renamed', port: 80, protocol: 'HTTP' }], creationTime: 1 }),
    );
    const renamed = endpoint('10.0.0.7', { servicePortName: 'renamed' });
    world.registry.setEndpoints('cart.example', 'shop', [renamed]);
    world.setEndpoints('stock', '10.0.1.7');
    const first = await client.take();
    expect([first.typeUrl, addressesOf(first)[stock]]).toEqual([eds, ['10.0.1.7']]);
    expect(addressesOf(first)[cart] ?? ['10.0.0.1', '10.0.0.2']).toEqual(['10.0.0.1', '10.0.0.2']);
    const assigned: (readonly string[])[] = [];
    while (assigned.at(-1)?.includes('10.0.0.7') !== true) {
      const answer = await client.take();
      const addresses = answer.typeUrl === eds ? addressesOf(answer)[cart] : undefined;
      if (addresses !== undefined) assigned.push(addresses);
    }
    expect(assigned.filter((addresses) => addresses.length === 0)).toEqual([]);
  });

  test('an endpoint of another account is there at once, and then its name in the certificates of the clusters', async () => {
    const world = await start();
    const { client } = await proxy(world, agentAt('127.0.0.1'));
    const account = 'spiffe://cluster.local/ns/shop/sa/cart';
    world.registry.setEndpoints('cart.example', 'shop', [
      endpoint('10.0.0.7', { tlsMode: 'istio', serviceAccount: account }),
    ]);
    const first = await client.take();
    expect([first.typeUrl, addressesOf(first)[cart]]).toEqual([eds, ['10.0.0.7']]);
    let clusters = await client.take();
    while (clusters.typeUrl !== cds) clusters = await client.take();
    const body = clusters.resources.find(({ name }) => name === cart)?.body ?? new Uint8Array();
    expect(Buffer.from(body).includes(account)).toBe(true);
    expect(Cluster.decode(body).name).toBe(cart);
  });

  test('a proxy that comes after an endpoint at its address was registered serves that service', async () => {
    const world = await start();
    const before = await proxy(world, agentAt('127.0.0.1'));
    world.setEndpoints('cart', '127.0.0.1');
    const answer = await before.client.take();
    expect([answer.typeUrl, addressesOf(answer)[cart]]).toEqual([eds, ['127.0.0.1']]);
    const inbound = ({ names }: Answer): boolean => names.includes('inbound|8080||');
    let clusters = await before.client.take();
    while (clusters.typeUrl !== cds || !inbound(clusters)) clusters = await before.client.take();

    world.setEndpoints('cart', '127.0.0.1', '10.0.9.9');
    await before.client.take();
    const late = world.client(variant, { node: agentAt('10.0.9.9') });
    late.subscribe(cds);
    clusters = await late.take();
    while (!inbound(clusters)) clusters = await late.take();
    expect(inbound(clusters)).toBe(true);
  });
});
