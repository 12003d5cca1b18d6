import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import { decodeToJson } from '../../../../src/envoy/json.js';
import type { EncodedResource } from '../../../../src/envoy/resource.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { Memo } from '../../../../src/translate/memo.js';
import { translateNameTable } from '../../../../src/translate/name-table/name-table.js';
import {
  discoveryOf,
  endpoint,
  entryService,
  kubernetesService,
  proxyOf,
  shard,
  snapshotOf,
} from '../../mesh/builders.js';

const orders = kubernetesService('orders.shop');
const heads = kubernetesService('heads.shop', {
  resolution: 'Passthrough',
  clusterVIPs: {},
  defaultAddress: '0.0.0.0',
});

function table(snapshot: Snapshot, memo: Memo, metadata: Record<string, unknown> = {}): EncodedResource {
  const context = resolveProxy(snapshot, proxyOf('shop', { DNS_CAPTURE: 'true', ...metadata }));
  const [resource] = finish(translateNameTable(context, memo)).resources;
  if (resource === undefined) throw new Error('there is no name table');
  return resource;
}

function snapshot(endpoints: readonly Endpoint[], previous?: Snapshot): Snapshot {
  const discovery = discoveryOf([orders, heads], [[heads, [shard(endpoints)]]]);
  return snapshotOf({ discovery }, previous);
}

function addresses(resource: EncodedResource): Record<string, unknown> {
  const { table: hosts } = decodeToJson(resource.typeUrl, resource.body) as {
    table: Record<string, { ips: readonly string[] }>;
  };
  return Object.fromEntries(Object.entries(hosts).map(([host, { ips }]) => [host, ips]));
}

describe('a name table', () => {
  it('is the very same as long as the endpoints of headless services are', () => {
    const memo = new Memo();
    const before = snapshot([endpoint('10.0.0.1')]);
    const shards = before.endpoints.shards(heads.hostname, 'shop');
    const discovery = discoveryOf(
      [orders, heads],
      [
        [heads, shards],
        [orders, [shard([endpoint('10.0.0.7')])]],
      ],
    );
    expect(table(snapshotOf({ discovery }, before), memo)).toBe(table(before, memo));
  });

  it('changes with the endpoints of headless services', () => {
    const memo = new Memo();
    const before = snapshot([endpoint('10.0.0.1')]);
    const now = snapshot([endpoint('10.0.0.1'), endpoint('10.0.0.2'), endpoint('a.example.com')], before);
    expect(addresses(table(before, memo))).toMatchObject({ 'heads.shop.svc.cluster.local': ['10.0.0.1'] });
    expect(addresses(table(now, memo))).toMatchObject({
      'heads.shop.svc.cluster.local': ['10.0.0.1', '10.0.0.2'],
    });
  });

  it('has for a name in several clusters the workloads of the proxy’s own', () => {
    const named = (address: string, cluster: string): Endpoint =>
      endpoint(address, { cluster, hostName: 'one', subDomain: 'heads' });
    const mesh = snapshot([
      named('10.0.0.1', 'far'),
      named('10.0.0.2', 'Kubernetes'),
      named('10.0.0.3', 'far'),
    ]);
    const host = 'one.heads.shop.svc.cluster.local';
    expect(addresses(table(mesh, new Memo()))[host]).toEqual(['10.0.0.2']);
    expect(addresses(table(mesh, new Memo(), { CLUSTER_ID: 'far' }))[host]).toEqual(['10.0.0.1', '10.0.0.3']);
    expect(addresses(table(mesh, new Memo(), { CLUSTER_ID: 'third' }))[host]).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.3',
    ]);
  });

  it('has the host of a cluster set without a short name', () => {
    const shared = { ...kubernetesService('shared.shop'), hostname: 'shared.shop.svc.clusterset.local' };
    const entry = entryService('plain.example.com', 'shop', { defaultAddress: '192.0.2.1' });
    const mesh = snapshotOf({
      services: [shared, entry],
    });
    const { typeUrl, body } = table(mesh, new Memo());
    expect(decodeToJson(typeUrl, body)).toEqual({
      table: {
        'plain.example.com': { ips: ['192.0.2.1'], registry: 'External' },
        'shared.shop.svc.clusterset.local': { ips: ['10.96.0.1'], registry: 'Kubernetes' },
      },
    });
  });
});
