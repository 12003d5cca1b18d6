import { finish } from '../../../../src/base/piecewise.js';
import { describe, expect, it } from 'vitest';
import { decodeToJson, type Json } from '../../../../src/envoy/json.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext, Snapshot } from '../../../../src/mesh/snapshot.js';
import { proxyFromNode } from '../../../../src/mesh/node.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import type { NetworkGateway } from '../../../../src/model/network.js';
import type { Service } from '../../../../src/model/service.js';
import { translateEndpoints } from '../../../../src/translate/endpoint/endpoints.js';
import { Memo } from '../../../../src/translate/memo.js';
import {
  destinationRule,
  discoveryOf,
  endpoint,
  kubernetesService,
  shard,
  snapshotOf,
  type TestInput,
} from '../../mesh/builders.js';

const frames = kubernetesService('frames.shop');
const near = endpoint('10.0.0.1', { locality: 'eu/a', nodeName: 'n1', workloadName: 'frames-1' });
const far = endpoint('10.0.0.2', { locality: 'us/a', nodeName: 'n2', workloadName: 'frames-2' });

interface World extends Omit<TestInput, 'services' | 'discovery'> {
  readonly service?: Service;
  readonly endpoints?: readonly Endpoint[];
  readonly gateways?: readonly NetworkGateway[];
}

function world({ service = frames, endpoints = [near, far], gateways = [], ...rest }: World = {}): Snapshot {
  const discovery = discoveryOf([service], [[service, [shard(endpoints)]]], { gateways });
  return snapshotOf({ discovery, ...rest });
}

function proxy(
  snapshot: Snapshot,
  metadata: object = {},
  locality: object = {},
  type = 'sidecar',
): ProxyContext {
  const id = `${type}~10.0.9.9~web-1.shop~shop.svc.cluster.local`;
  return resolveProxy(
    snapshot,
    proxyFromNode({ id, metadata: { NAMESPACE: 'shop', ...metadata }, locality }),
  );
}

const cluster = 'outbound|80||frames.shop.svc.cluster.local';

function answer(context: ProxyContext, name = cluster, memo = new Memo()): Json | undefined {
  const [resource] = finish(translateEndpoints(context, [name], memo)).resources;
  return resource && decodeToJson(resource.typeUrl, resource.body);
}

describe('assignments', () => {
  it('hold the endpoints of the service, by locality', () => {
    expect(answer(proxy(world()))).toMatchObject({
      cluster_name: cluster,
      endpoints: [
        {
          locality: { region: 'eu', zone: 'a' },
          load_balancing_weight: 1,
          lb_endpoints: [{ health_status: 'HEALTHY' }],
        },
        { locality: { region: 'us', zone: 'a' }, load_balancing_weight: 1 },
      ],
    });
  });

  it.each([
    ['a name that is no cluster’s', 'frames'],
    ['an unknown host', 'outbound|80||other.shop.svc.cluster.local'],
    ['an unknown port', 'outbound|81||frames.shop.svc.cluster.local'],
    ['an inbound cluster', 'inbound|80||'],
    ['a proxy that is no service’s', 'local_cluster'],
  ])('for %s hold the name alone', (_, name) => {
    expect(answer(proxy(world()), name)).toEqual({ cluster_name: name });
  });

  it('come in the order in which they are asked for, under Envoy’s type', () => {
    const names = ['b', cluster, 'a'];
    const { resources, problems } = finish(translateEndpoints(proxy(world()), names, new Memo()));
    expect(resources.map(({ name }) => name)).toEqual(names);
    expect(new Set(resources.map(({ typeUrl }) => typeUrl))).toEqual(
      new Set(['type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment']),
    );
    expect(problems).toEqual([]);
  });

  it('follow the rule of the service, its subsets and the place of the proxy', () => {
    const spec = {
      host: frames.hostname,
      trafficPolicy: { outlierDetection: {} },
      subsets: [{ name: 'one', labels: { version: '1' } }],
    };
    const objects = { destinationRules: [destinationRule('shop/frames', spec)] };
    const endpoints = [near, { ...far, labels: { version: '1' } }];
    const context = proxy(world({ objects, endpoints }), {}, { region: 'us', zone: 'a' });
    expect(answer(context)).toMatchObject({
      endpoints: [{ locality: { region: 'eu' }, priority: 1 }, { locality: { region: 'us' } }],
    });
    expect(answer(context, 'outbound|80|one|frames.shop.svc.cluster.local')).toMatchObject({
      endpoints: [{ locality: { region: 'us' } }],
    });
  });

  it('for SNI hold endpoints with mutual TLS only', () => {
    const context = proxy(world({ endpoints: [near, { ...far, locality: 'eu/a', tlsMode: 'disabled' }] }));
    expect(answer(context, 'outbound_.80_._.frames.shop.svc.cluster.local')).toMatchObject({
      endpoints: [{ load_balancing_weight: 1 }],
    });
  });

  it('say which endpoint Envoy will refuse', () => {
    const snapshot = world({ endpoints: [near, { ...far, addresses: [] }] });
    const { resources, problems } = finish(translateEndpoints(proxy(snapshot), [cluster], new Memo()));
    expect(resources).toHaveLength(1);
    expect(problems).toMatchObject([{ subject: cluster, message: expect.stringContaining('no address') }]);
  });

  it('of other clusters are not lost with one that cannot be translated', () => {
    const snapshot = world();
    const broken: Snapshot = {
      ...snapshot,
      peerAuthentications: {
        ...snapshot.peerAuthentications,
        workloadMode: () => {
          throw new Error('out of order');
        },
      },
    };
    const { resources, problems } = finish(translateEndpoints(proxy(broken), [cluster, 'other'], new Memo()));
    expect(resources.map(({ name }) => name)).toEqual(['other']);
    expect(problems).toMatchObject([{ subject: cluster, message: expect.stringContaining('out of order') }]);
  });
});

describe('assignments are shared', () => {
  const distributed = kubernetesService('frames.shop', { trafficDistribution: 'prefer-same-zone' });
  const nodeLocal = kubernetesService('frames.shop', { nodeLocal: true });
  const gateways = [{ network: 'west', cluster: '', address: '192.0.2.1', port: 15443 }];
  const eu = { region: 'eu', zone: 'a' };
  const us = { region: 'us', zone: 'a' };
  type Asked = readonly [metadata: object, locality?: object, type?: string];

  it.each<[string, boolean, World, Asked, Asked]>([
    ['in different places', true, {}, [{}, eu], [{}, us]],
    [
      'on different nodes, networks and clusters',
      true,
      {},
      [{ NODE_NAME: 'n1', NETWORK: 'a' }],
      [{ CLUSTER_ID: 'c' }],
    ],
    ['with different labels', true, {}, [{ LABELS: { a: '1' } }], [{ LABELS: { a: '2' } }]],
    ['of different types', true, {}, [{}], [{}, {}, 'router']],
    ['with different views of networks', false, {}, [{ REQUESTED_NETWORK_VIEW: 'a' }], [{}]],
    [
      'in one zone, under traffic distribution',
      true,
      { service: distributed },
      [{}, { ...eu, sub_zone: '1' }],
      [{}, eu],
    ],
    ['in two zones, under traffic distribution', false, { service: distributed }, [{}, eu], [{}, us]],
    [
      'on one node, for its service',
      true,
      { service: nodeLocal },
      [{ NODE_NAME: 'n1' }],
      [{ NODE_NAME: 'n1' }, us],
    ],
    [
      'on two nodes, for their services',
      false,
      { service: nodeLocal },
      [{ NODE_NAME: 'n1' }],
      [{ NODE_NAME: 'n2' }],
    ],
    ['on two networks, with gateways', false, { gateways }, [{ NETWORK: 'east' }], [{ NETWORK: 'west' }]],
    [
      'on one network, with gateways',
      true,
      { gateways },
      [{ NETWORK: 'east' }, eu],
      [{ NETWORK: 'east' }, us],
    ],
  ])('by proxies %s: %s', (_, shared, of, a, b) => {
    const snapshot = world(of);
    const memo = new Memo();
    const [first, second] = [a, b].map((asked) => {
      return finish(translateEndpoints(proxy(snapshot, ...asked), [cluster], memo)).resources[0];
    });
    expect(first).toBeDefined();
    expect(first === second).toBe(shared);
  });

  it('with the snapshot before, as long as the endpoints are the same', () => {
    const discovery = discoveryOf([frames], [[frames, [shard([near])]]]);
    const before = snapshotOf({ discovery });
    const same = snapshotOf({ discovery, objects: {} }, before);
    const shards = new Map(discovery.shards).set('shop/frames.shop.svc.cluster.local', [shard([far])]);
    const changed = snapshotOf({ discovery: { ...discovery, shards } }, same);
    const memo = new Memo();
    const [first, second, third] = [before, same, changed].map((snapshot) => {
      return finish(translateEndpoints(proxy(snapshot), [cluster], memo)).resources[0];
    });
    expect(second).toBe(first);
    expect(third?.version).not.toBe(first?.version);
  });
});

describe('the assignment of a proxy’s own siblings', () => {
  it('has endpoints of its workload and region only, whatever rules say', () => {
    const endpoints = [
      near,
      { ...near, addresses: ['10.0.0.3'], locality: 'us' },
      { ...far, locality: 'eu/b' },
    ];
    const objects = {
      destinationRules: [
        destinationRule('shop/frames', { host: frames.hostname, trafficPolicy: { outlierDetection: {} } }),
      ],
    };
    const context = proxy(
      world({ endpoints, objects }),
      { WORKLOAD_NAME: 'frames-1' },
      { region: 'eu', zone: 'b' },
    );
    const [port] = frames.ports;
    if (port === undefined) throw new Error('the service has a port');
    const beside = { ...context, serviceTargets: [{ service: frames, port, targetPort: 8080 }] };
    const json = answer(beside, 'local_cluster');
    expect(json).toMatchObject({
      cluster_name: 'local_cluster',
      endpoints: [{ locality: { region: 'eu', zone: 'a' }, lb_endpoints: [{}] }],
    });
    expect(json).not.toHaveProperty('endpoints.0.priority');
    expect(json).not.toHaveProperty('endpoints.1');
  });
});
