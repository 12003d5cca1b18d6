import * as fc from 'fast-check';
import { BehaviorSubject } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import type { AnyObject } from '../../../../src/config/object.js';
import { objectKey, refOf } from '../../../../src/config/object.js';
import type { KubernetesContext } from '../../../../src/registry/kubernetes/registry.js';
import { createKubernetesRegistry } from '../../../../src/registry/kubernetes/registry.js';
import {
  namespace,
  node,
  plainContext,
  pod,
  podEndpoint,
  service,
  slice,
  TestSource,
} from '../object-builders.js';
import { Recorder } from '../recorder.js';

const recorders: Recorder[] = [];

function watch(source: TestSource, context: Partial<KubernetesContext> = {}): Recorder {
  const recorder = new Recorder(createKubernetesRegistry(source, { ...plainContext, ...context }));
  recorders.push(recorder);
  return recorder;
}

/** What a registry says of objects that have always been there. */
function stateOf(objects: readonly AnyObject[], context: Partial<KubernetesContext> = {}): unknown {
  return watch(new TestSource(objects), context).state();
}

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.stop();
});

const host = 'orders.shop.svc.cluster.local';
const orders = service('orders', { selector: { app: 'orders' } });
const ordersPod = pod('orders-0', '10.0.0.5', { nodeName: 'n1' }, { labels: { app: 'orders' } });
const ordersSlice = slice('orders-1', 'orders', [podEndpoint('10.0.0.5', 'orders-0')]);
const region = (name: string): AnyObject => node('n1', { labels: { 'topology.kubernetes.io/region': name } });

describe('while the source is being read', () => {
  test('says nothing but that it is connecting', () => {
    const source = new TestSource([orders, ordersSlice]);
    source.startLoading();
    const recorder = watch(source);
    source.put(ordersPod);
    expect(recorder.news()).toEqual([{ type: 'status', status: { state: 'connecting' } }]);
    source.finishLoading();
    expect(recorder.newTypes()).toEqual(['service', 'endpoints', 'workload', 'status', 'synced']);
    expect(recorder.statuses.at(-1)).toEqual({ state: 'healthy' });
  });

  test('says that it failed, and recovers', () => {
    const source = new TestSource([orders]);
    source.startLoading();
    const recorder = watch(source);
    source.fail('no route');
    expect(recorder.statuses.at(-1)).toEqual({
      state: 'failed',
      message: 'the test source cannot be read (no route); nothing of it is known yet',
    });
    expect(recorder.synced).toBe(false);
    source.finishLoading();
    expect(recorder.statuses.at(-1)).toEqual({ state: 'healthy' });
    expect(recorder.synced).toBe(true);
  });
});

test('an empty cluster is synced and healthy', () => {
  const recorder = watch(new TestSource());
  expect(recorder.newTypes()).toEqual(['status', 'status', 'synced']);
});

test('keeps every value while the source cannot be read in full, and says so until it can', () => {
  const source = new TestSource([orders, ordersSlice, ordersPod]);
  const recorder = watch(source);
  const before = recorder.state();
  recorder.news();
  source.fail('no route');
  expect(recorder.newTypes()).toEqual(['status']);
  expect(recorder.statuses.at(-1)).toEqual({
    state: 'degraded',
    stale: true,
    message: 'the test source cannot be read (no route); its last known objects stay in force',
  });
  expect(recorder.state()).toEqual(before);
  source.put(service('pay'));
  expect(recorder.newTypes()).toEqual(['service']);
  expect(recorder.statuses.at(-1)).toMatchObject({ state: 'degraded' });
  source.finishLoading();
  expect(recorder.newTypes()).toEqual(['status']);
  expect(recorder.statuses.at(-1)).toEqual({ state: 'healthy' });
});

test('every subscriber is told everything, and the source is let go with it', () => {
  const source = new TestSource([orders, ordersSlice, ordersPod]);
  const registry = createKubernetesRegistry(source, plainContext);
  const first = new Recorder(registry);
  source.remove(ordersPod);
  const second = new Recorder(registry);
  expect(second.state()).toEqual(first.state());
  first.stop();
  expect(source.watched).toBe(true);
  second.stop();
  expect(source.watched).toBe(false);
});

describe('endpoints', () => {
  test('of a pod that comes after its slice appear with the pod', () => {
    const source = new TestSource([orders, ordersSlice]);
    const recorder = watch(source);
    expect(recorder.endpointsOf(host)).toEqual([]);
    recorder.news();
    source.put(ordersPod);
    expect(recorder.newTypes()).toEqual(['endpoints', 'workload']);
    expect(recorder.endpointsOf(host)).toMatchObject([
      { addresses: ['10.0.0.5'], port: 8080, workloadName: 'orders-0' },
    ]);
  });

  test('of a pod that goes before its slice vanish with the pod, also when it only failed', () => {
    for (const end of ['removed', 'failed']) {
      const source = new TestSource([orders, ordersSlice, ordersPod]);
      const recorder = watch(source);
      if (end === 'removed') source.remove(ordersPod);
      else source.put(pod('orders-0', '10.0.0.5', { phase: 'Failed' }));
      expect(recorder.endpointsOf(host)).toEqual([]);
      expect(recorder.workloads.size).toBe(0);
    }
  });

  test('follow the labels of their pod, and nothing else is said', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod, service('pay')]);
    const recorder = watch(source);
    recorder.news();
    source.put(pod('orders-0', '10.0.0.5', { nodeName: 'n1' }, { labels: { app: 'orders', version: 'v2' } }));
    expect(recorder.newTypes()).toEqual(['endpoints', 'workload']);
    expect(recorder.endpointsOf(host)[0]?.labels['version']).toBe('v2');
  });

  test('stay known, in their own health, when their pod is not ready', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod]);
    const recorder = watch(source);
    recorder.news();
    source.put(pod('orders-0', '10.0.0.5', { nodeName: 'n1', ready: false }, ordersPod.metadata));
    expect(recorder.newTypes()).toEqual(['workload']);
    expect(recorder.workloads.get('Pod/shop/orders-0')?.ready).toBe(false);
  });

  test('take their locality from the node, whenever it comes and whatever becomes of it', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod]);
    const recorder = watch(source);
    source.put(region('eu'));
    expect(recorder.endpointsOf(host)[0]?.locality).toBe('eu//');
    expect(recorder.workloads.get('Pod/shop/orders-0')?.locality).toBe('eu//');
    source.put(region('us'));
    expect(recorder.endpointsOf(host)[0]?.locality).toBe('us//');
    source.remove(region('us'));
    expect(recorder.endpointsOf(host)[0]?.locality).toBe('');
  });

  test('without a pod reference take the ready pod of their namespace that has the address', () => {
    const manual = slice('orders-1', 'orders', [{ addresses: ['10.0.0.5'], ready: true }]);
    const elsewhere = pod('other', '10.0.0.5', {}, { namespace: 'pay' });
    const source = new TestSource([orders, manual, elsewhere]);
    const recorder = watch(source);
    const workload = (): string | undefined => recorder.endpointsOf(host)[0]?.workloadName;
    expect(workload()).toBe('');
    source.put(pod('orders-0', '10.0.0.5', { ready: false }));
    expect(workload()).toBe('');
    source.put(ordersPod);
    expect(workload()).toBe('orders-0');
    source.put(pod('orders-0', '10.0.0.6'));
    expect(workload()).toBe('');
  });

  test('of pods that share an address go by name', () => {
    const shared = [pod('b', '10.0.0.5'), pod('a', '10.0.0.5')];
    const recorder = watch(
      new TestSource([orders, slice('s', 'orders', [{ addresses: ['10.0.0.5'] }]), ...shared]),
    );
    expect(recorder.endpointsOf(host)[0]?.workloadName).toBe('a');
  });

  test('of several slices are joined in the order of their names, whatever order they come in', () => {
    const slices = ['c', 'a', 'b'].map((name, index) =>
      slice(name, 'orders', [{ addresses: [`192.0.2.${index}`] }, { addresses: ['192.0.2.9'] }]),
    );
    const recorder = watch(new TestSource([orders, ...slices]));
    const addresses = recorder.endpointsOf(host).map((endpoint) => endpoint.addresses[0]);
    expect(addresses).toEqual(['192.0.2.1', '192.0.2.9', '192.0.2.2', '192.0.2.0']);
  });

  test('are gone with the last slice, and move with a slice to another service', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod]);
    const recorder = watch(source);
    recorder.news();
    source.put(slice('orders-1', 'pay', [podEndpoint('10.0.0.5', 'orders-0')]));
    expect([...recorder.newTypes()].sort()).toEqual(['endpoints', 'endpoints-removed']);
    expect(recorder.endpointsOf('pay.shop.svc.cluster.local')).toHaveLength(1);
    source.remove(ordersSlice);
    expect(recorder.endpoints.size).toBe(0);
  });

  test('outlive their service while the slice is there, for the same service in other clusters', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod]);
    const recorder = watch(source);
    recorder.news();
    source.remove(orders);
    expect(recorder.newTypes()).toEqual(['service-removed', 'endpoints']);
    expect(recorder.endpointsOf(host)).toHaveLength(1);
    expect(recorder.state()).toEqual(stateOf([ordersSlice, ordersPod]));
  });

  test('drain once their service keeps sessions', () => {
    const leaving = { ready: false, serving: true, terminating: true };
    const source = new TestSource([orders, slice('s', 'orders', [{ addresses: ['192.0.2.1'], ...leaving }])]);
    const recorder = watch(source);
    expect(recorder.endpointsOf(host)[0]?.health).toBe('terminating');
    source.put(service('orders', {}, { labels: { 'istio.io/persistent-session': 'cookie' } }));
    expect(recorder.endpointsOf(host)[0]?.health).toBe('draining');
    source.remove(orders);
    expect(recorder.endpointsOf(host)[0]?.health).toBe('unhealthy');
  });
});

describe('an object that changes without effect says nothing', () => {
  const objects = [orders, ordersSlice, ordersPod, region('eu'), namespace('shop')];
  test.each<[string, AnyObject]>([
    ['the same service', orders],
    ['a new version of it', service('orders', { selector: { app: 'orders' } }, { resourceVersion: '8' })],
    ['its line in the file', service('orders', { selector: { app: 'orders' } }, {}, 99)],
    [
      'an annotation that nobody reads',
      service('orders', { selector: { app: 'orders' } }, { annotations: { note: 'x' } }),
    ],
    ['the same slice', ordersSlice],
    [
      'the same pod elsewhere in the file',
      pod('orders-0', '10.0.0.5', { nodeName: 'n1' }, ordersPod.metadata, 7),
    ],
    ['the same node', region('eu')],
    ['a label of the namespace', namespace('shop', { labels: { team: 'a' } })],
    ['a kind that is another registry’s', { ...orders, kind: 'Sidecar', spec: { ingress: [], egress: [] } }],
  ])('%s', (_, object) => {
    const source = new TestSource(objects);
    const recorder = watch(source);
    recorder.news();
    source.put(object);
    expect(recorder.news()).toEqual([]);
  });
});

test('the end of what was never there says nothing', () => {
  const source = new TestSource();
  const recorder = watch(source);
  recorder.news();
  source.remove(orders, ordersSlice, ordersPod, region('eu'), namespace('shop'));
  expect(recorder.news()).toEqual([]);
});

test('a change of target port or of creation time is told, since inbound ports and orders come from them', () => {
  const source = new TestSource([orders]);
  const recorder = watch(source);
  recorder.news();
  source.put(service('orders', { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 9090 }] }));
  expect(recorder.newTypes()).toEqual(['service']);
  source.put(
    service(
      'orders',
      { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 9090 }] },
      { creationTime: 5 },
    ),
  );
  expect(recorder.newTypes()).toEqual(['service']);
});

describe('namespaces', () => {
  const preferClose = { annotations: { 'networking.istio.io/traffic-distribution': 'PreferClose' } };

  test('hand their traffic distribution to their services, and to no others', () => {
    const source = new TestSource([orders, service('pay', {}, { namespace: 'pay' }), namespace('shop')]);
    const recorder = watch(source);
    recorder.news();
    source.put(namespace('shop', preferClose));
    expect(recorder.newTypes()).toEqual(['service']);
    expect(recorder.service(host)?.attributes.trafficDistribution).toBe('prefer-same-zone');
    source.remove(namespace('shop'));
    expect(recorder.service(host)?.attributes.trafficDistribution).toBeUndefined();
  });

  test('that discovery selectors do not select hide all that is in them, until they are', () => {
    const discoverySelectors = [{ matchLabels: { mesh: 'in' }, matchExpressions: [] }];
    const source = new TestSource([orders, ordersSlice, ordersPod, namespace('shop')]);
    const recorder = watch(source, { discoverySelectors });
    expect(recorder.newTypes()).toEqual(['status', 'status', 'synced']);
    source.put(namespace('shop', { labels: { mesh: 'in' } }));
    expect(recorder.state()).toEqual(stateOf([orders, ordersSlice, ordersPod]));
    source.put(namespace('shop', { labels: { mesh: 'out' } }));
    expect(recorder.state()).toEqual(stateOf([]));
    source.put(namespace('shop', { labels: { mesh: 'in' } }));
    source.remove(namespace('shop'));
    expect(recorder.state()).toEqual(stateOf([]));
  });

  test('that are not selected lend their pods to nobody', () => {
    const discoverySelectors = [{ matchLabels: { mesh: 'in' }, matchExpressions: [] }];
    const reference = { kind: 'Pod', name: 'orders-0', namespace: 'lab' };
    const crossing = slice('orders-1', 'orders', [{ addresses: ['10.0.0.5'], targetRef: reference }]);
    const shop = namespace('shop', { labels: { mesh: 'in' } });
    const source = new TestSource([
      shop,
      namespace('lab'),
      orders,
      crossing,
      pod('orders-0', '10.0.0.5', {}, { namespace: 'lab' }),
    ]);
    const recorder = watch(source, { discoverySelectors });
    expect(recorder.endpointsOf(host)).toEqual([]);
    source.put(namespace('lab', { labels: { mesh: 'in' } }));
    expect(recorder.endpointsOf(host)).toHaveLength(1);
  });
});

describe('networks', () => {
  const networkOf = (recorder: Recorder): string | undefined => recorder.endpointsOf(host)[0]?.network;
  const label = (network: string): AnyObject =>
    namespace('istio-system', { labels: { 'topology.istio.io/network': network } });

  test('the label of the root namespace places the whole cluster, and moves it', () => {
    const source = new TestSource([orders, ordersSlice, ordersPod, label('net-1')]);
    const recorder = watch(source);
    expect(networkOf(recorder)).toBe('net-1');
    source.put(label('net-2'));
    expect(networkOf(recorder)).toBe('net-2');
    expect(recorder.workloads.get('Pod/shop/orders-0')?.network).toBe('net-2');
    source.remove(label('net-2'));
    expect(networkOf(recorder)).toBe('');
  });

  test('the root namespace need not be selected for that', () => {
    const discoverySelectors = [{ matchLabels: { mesh: 'in' }, matchExpressions: [] }];
    const shop = namespace('shop', { labels: { mesh: 'in' } });
    const source = new TestSource([shop, orders, ordersSlice, ordersPod, label('net-1')]);
    expect(networkOf(watch(source, { discoverySelectors }))).toBe('net-1');
  });

  test('gateways come and go with their Service', () => {
    const labels = { 'topology.istio.io/network': 'net-b' };
    const gateway = service(
      'eastwest',
      {
        type: 'LoadBalancer',
        ports: [{ name: 'tls', port: 15443, protocol: 'TCP' }],
        loadBalancerIngress: [{ ip: '203.0.113.1' }],
      },
      { labels },
    );
    const source = new TestSource([orders]);
    const recorder = watch(source);
    source.put(gateway);
    expect(recorder.gateways).toEqual([
      { network: 'net-b', cluster: 'Kubernetes', address: '203.0.113.1', port: 15443 },
    ]);
    recorder.news();
    source.put(service('orders', { clusterIP: '10.96.0.2' }));
    expect(recorder.newTypes()).toEqual(['service']);
    source.remove(gateway);
    expect(recorder.gateways).toEqual([]);
  });

  test('a gateway on node ports follows the nodes', () => {
    const labels = { 'topology.istio.io/network': 'net-b' };
    const annotations = { 'traffic.istio.io/nodeSelector': '{}' };
    const ports = [{ name: 'tls', port: 15443, protocol: 'TCP', nodePort: 32000 }];
    const source = new TestSource([
      service('eastwest', { type: 'NodePort', ports }, { labels, annotations }),
    ]);
    const recorder = watch(source);
    expect(recorder.gateways).toEqual([]);
    source.put(node('n1', {}, ['198.51.100.1']));
    expect(recorder.gateways).toEqual([
      { network: 'net-b', cluster: 'Kubernetes', address: '198.51.100.1', port: 32000 },
    ]);
    source.remove(node('n1'));
    expect(recorder.gateways).toEqual([]);
  });
});

test('a context that changes over time changes only what depends on it', () => {
  const context$ = new BehaviorSubject(plainContext);
  const source = new TestSource([orders, ordersSlice, ordersPod]);
  const recorder = new Recorder(createKubernetesRegistry(source, context$));
  recorders.push(recorder);
  recorder.news();
  context$.next({ ...plainContext, trustDomain: 'example.org' });
  expect(recorder.newTypes()).toEqual(['endpoints', 'workload']);
  expect(recorder.endpointsOf(host)[0]?.serviceAccount).toBe('spiffe://example.org/ns/shop/sa/default');
  context$.next({ ...plainContext, trustDomain: 'example.org', domainSuffix: 'test' });
  expect(recorder.state()).toEqual(
    stateOf([orders, ordersSlice, ordersPod], { trustDomain: 'example.org', domainSuffix: 'test' }),
  );
});

describe('the order of events does not matter', () => {
  const labels = { 'istio.io/persistent-session': 'cookie' };
  const final: readonly AnyObject[] = [
    namespace('shop', { annotations: { 'networking.istio.io/traffic-distribution': 'PreferClose' } }),
    namespace('istio-system', { labels: { 'topology.istio.io/network': 'net-1' } }),
    region('eu'),
    service('orders', { selector: { app: 'orders' } }, { labels }),
    service(
      'eastwest',
      { externalIPs: ['203.0.113.1'], ports: [{ name: 'tls', port: 15443, protocol: 'TCP' }] },
      {
        labels: { 'topology.istio.io/network': 'net-1' },
      },
    ),
    slice('orders-1', 'orders', [
      podEndpoint('10.0.0.5', 'orders-0'),
      { addresses: ['10.0.0.6'], ready: false },
    ]),
    slice('orders-2', 'orders', [podEndpoint('10.0.0.5', 'orders-0'), { addresses: ['10.0.0.7'] }]),
    slice('alone', 'elsewhere', [podEndpoint('10.0.0.6', 'orders-1')]),
    ordersPod,
    pod('orders-1', '10.0.0.6', { nodeName: 'n1', ready: false }, { labels: { app: 'orders' } }),
    pod('orders-2', '10.0.0.7', {}, { labels: { app: 'orders' } }),
  ];
  /** Objects that are there for a while, and other forms of those above. */
  const passing: readonly AnyObject[] = [
    namespace('shop'),
    region('us'),
    service('orders', { clusterIP: 'None' }),
    slice('orders-1', 'elsewhere', [{ addresses: ['10.0.0.7'] }]),
    slice('gone', 'orders', [podEndpoint('10.0.0.5', 'orders-0')]),
    pod('orders-2', '10.0.0.5'),
    pod('gone', '10.0.0.6'),
  ];
  const expected = stateOf(final);

  test('when all objects come in some order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...final], { minLength: final.length }),
        fc.nat(final.length),
        (order, before) => {
          const source = new TestSource(order.slice(0, before));
          const recorder = watch(source);
          source.put(...order.slice(before));
          expect(recorder.state()).toEqual(expected);
        },
      ),
    );
  });

  test('when objects are edited, replaced and removed on the way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...final, ...passing), fc.boolean()), { maxLength: 40 }),
        fc.shuffledSubarray([...final, ...passing], { minLength: final.length + passing.length }),
        (edits, order) => {
          const source = new TestSource();
          const recorder = watch(source);
          for (const [object, present] of edits) {
            if (present) source.put(object);
            else source.remove(object);
          }
          // What is right already is not touched again, so that it cannot mend what an edit missed.
          const wanted = new Map(final.map((object) => [objectKey(refOf(object)), object]));
          for (const key of new Set(order.map((object) => objectKey(refOf(object))))) {
            const [target, current] = [wanted.get(key), source.get(key)];
            if (target === current) continue;
            if (target !== undefined) source.put(target);
            else if (current !== undefined) source.remove(current);
          }
          expect(recorder.state()).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
