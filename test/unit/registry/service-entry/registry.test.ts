import * as fc from 'fast-check';
import { BehaviorSubject } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import type { AnyObject } from '../../../../src/config/object.js';
import { objectKey, refOf } from '../../../../src/config/object.js';
import type { ServiceEntryContext } from '../../../../src/registry/service-entry/registry.js';
import { createServiceEntryRegistry } from '../../../../src/registry/service-entry/registry.js';
import {
  inlineEndpoint,
  namespace,
  plainContext,
  pod,
  service,
  serviceEntry,
  TestSource,
  workloadEntry,
} from '../object-builders.js';
import { Recorder } from '../recorder.js';

const recorders: Recorder[] = [];

function watch(source: TestSource, context: Partial<ServiceEntryContext> = {}): Recorder {
  const recorder = new Recorder(createServiceEntryRegistry(source, { ...plainContext, ...context }));
  recorders.push(recorder);
  return recorder;
}

/** What a registry says of objects that have always been there. */
function stateOf(objects: readonly AnyObject[], context: Partial<ServiceEntryContext> = {}): unknown {
  return watch(new TestSource(objects), context).state();
}

afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.stop();
});

const push = serviceEntry('push', ['push.example'], {
  addresses: ['240.1.0.1'],
  endpoints: [inlineEndpoint('192.0.2.1')],
});
const vm = workloadEntry('vm', '192.0.2.9', { labels: { app: 'push' } });

test('speaks for the entries of its cluster, by the names that Istio gives services', () => {
  const registry = createServiceEntryRegistry(new TestSource([], 'west'), plainContext);
  expect([registry.provider, registry.cluster]).toEqual(['External', 'west']);
  const recorder = watch(new TestSource([push, vm, pod('p', '10.0.0.1'), service('s')]));
  expect(recorder.newTypes()).toEqual(['status', 'service', 'endpoints', 'workload', 'status', 'synced']);
  expect([...recorder.services.keys()]).toEqual(['shop/push/push.example/240.1.0.1']);
  expect([...recorder.endpoints.keys()]).toEqual(['shop/push/push.example/240.1.0.1']);
  expect([...recorder.workloads.keys()]).toEqual(['WorkloadEntry/shop/vm']);
});

test('an edit tells the services and endpoints that differ, and the end of those that are no more', () => {
  const source = new TestSource([push]);
  const recorder = watch(source);
  recorder.news();
  const addresses = ['240.1.0.2', '240.1.0.1'];
  source.put(serviceEntry('push', ['push.example'], { ...push.spec, addresses }));
  expect([...recorder.services.keys()].sort()).toEqual([
    'shop/push/push.example/240.1.0.1',
    'shop/push/push.example/240.1.0.2',
  ]);
  recorder.news();
  source.put(serviceEntry('push', ['push.example'], { ...push.spec, addresses, endpoints: [] }));
  expect(recorder.newTypes()).toEqual(['endpoints-removed', 'endpoints-removed']);
  source.put(serviceEntry('push', ['push.example'], { ...push.spec, addresses: ['240.1.0.2'] }));
  expect([...recorder.services.keys()]).toEqual(['shop/push/push.example/240.1.0.2']);
  source.remove(push);
  expect(recorder.state()).toEqual(stateOf([]));
});

test('an edit of endpoints leaves the service alone', () => {
  const source = new TestSource([push]);
  const recorder = watch(source);
  recorder.news();
  source.put(
    serviceEntry('push', ['push.example'], { ...push.spec, endpoints: [inlineEndpoint('192.0.2.2')] }),
  );
  expect(recorder.newTypes()).toEqual(['endpoints']);
});

test('a host or address that is named twice is one service', () => {
  const addresses = ['240.1.0.1', '240.1.0.1/32'];
  const recorder = watch(new TestSource([serviceEntry('push', ['a.example', 'a.example'], { addresses })]));
  expect([...recorder.services.values()].map((it) => it.sequence)).toEqual([0]);
});

describe('an object that changes without effect says nothing', () => {
  test.each<[string, AnyObject]>([
    ['the same entry', push],
    ['its version and line', serviceEntry('push', ['push.example'], push.spec, { resourceVersion: '8' }, 30)],
    [
      'an annotation that nobody reads',
      serviceEntry('push', ['push.example'], push.spec, { annotations: { note: 'x' } }),
    ],
    ['the same workload entry', vm],
    ['a label of the namespace', namespace('shop', { labels: { team: 'a' } })],
    ['a kind that is another registry’s', pod('p', '10.0.0.1')],
  ])('%s', (_, object) => {
    const source = new TestSource([push, vm, namespace('shop')]);
    const recorder = watch(source);
    recorder.news();
    source.put(object);
    expect(recorder.news()).toEqual([]);
  });
});

test('a workload entry that fails its health check stays a workload, not ready', () => {
  const annotations = { 'proxy.istio.io/health-checks-enabled': 'true' };
  const checked = (healthy: boolean): AnyObject =>
    workloadEntry('vm', '192.0.2.9', { healthy }, { annotations });
  const source = new TestSource([checked(true)]);
  const recorder = watch(source);
  const ready = (): boolean | undefined => recorder.workloads.get('WorkloadEntry/shop/vm')?.ready;
  expect(ready()).toBe(true);
  source.put(checked(false));
  expect(ready()).toBe(false);
  source.remove(checked(false));
  expect(ready()).toBeUndefined();
});

test('reads only workload entries of a remote cluster', () => {
  const recorder = watch(new TestSource([push, vm], 'west'), { workloadEntriesOnly: true });
  expect(recorder.services.size + recorder.endpoints.size).toBe(0);
  expect(recorder.workloads.get('WorkloadEntry/shop/vm')?.cluster).toBe('west');
});

describe('namespaces', () => {
  test('hand their traffic distribution to their entries', () => {
    const source = new TestSource([push, vm]);
    const recorder = watch(source);
    recorder.news();
    const annotations = { 'networking.istio.io/traffic-distribution': 'PreferClose' };
    source.put(namespace('shop', { annotations }));
    expect(recorder.newTypes()).toEqual(['service']);
    expect(recorder.service('push.example')?.attributes.trafficDistribution).toBe('prefer-same-zone');
  });

  test('that discovery selectors do not select hide their entries, until they are', () => {
    const discoverySelectors = [{ matchLabels: { mesh: 'in' }, matchExpressions: [] }];
    const source = new TestSource([push, vm, namespace('shop')]);
    const recorder = watch(source, { discoverySelectors });
    expect(recorder.state()).toEqual(stateOf([]));
    source.put(namespace('shop', { labels: { mesh: 'in' } }));
    expect(recorder.state()).toEqual(stateOf([push, vm]));
    source.remove(namespace('shop'));
    expect(recorder.state()).toEqual(stateOf([]));
  });

  test('the label of the root namespace reaches the labels of the entries of a remote cluster', () => {
    const labelled = namespace('istio-system', { labels: { 'topology.istio.io/network': 'net-1' } });
    const source = new TestSource([vm], 'west');
    const recorder = watch(source, { workloadEntriesOnly: true });
    recorder.news();
    source.put(labelled);
    expect(recorder.newTypes()).toEqual(['workload']);

    const primary = new TestSource([push, vm]);
    const unmoved = watch(primary);
    unmoved.news();
    primary.put(labelled);
    expect(unmoved.newTypes()).toEqual([]);
  });
});

describe('allocated addresses', () => {
  const addressOf = (recorder: Recorder, host: string): string | undefined =>
    recorder.service(host)?.autoAllocatedIPv4;
  const without = (name: string, age: number): AnyObject =>
    serviceEntry(name, [`${name}.example`], {}, { creationTime: age });
  const written = serviceEntry('a', ['a.example'], {
    statusAddresses: [{ value: '240.240.0.11', host: 'a.example' }],
  });

  test('come from the status by default, and only where the entry qualifies', () => {
    const optedOut = serviceEntry(
      'b',
      ['b.example'],
      { statusAddresses: [{ value: '240.240.0.12', host: 'b.example' }] },
      {
        labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' },
      },
    );
    const recorder = watch(new TestSource([written, optedOut, without('c', 1)]));
    expect(['a', 'b', 'c'].map((name) => addressOf(recorder, `${name}.example`))).toEqual([
      '240.240.0.11',
      undefined,
      undefined,
    ]);
  });

  test('are made up in memory where the status lacks them, when asked to', () => {
    const recorder = watch(new TestSource([written, without('c', 1)]), { autoAllocate: 'memory' });
    expect(['a', 'c'].map((name) => addressOf(recorder, `${name}.example`))).toEqual([
      '240.240.0.11',
      '240.240.0.1',
    ]);
  });

  test('stay when older entries come, and are the same for whoever watches later', () => {
    const source = new TestSource([without('b', 2)]);
    const registry = createServiceEntryRegistry(source, { ...plainContext, autoAllocate: 'memory' });
    const first = new Recorder(registry);
    recorders.push(first);
    source.put(without('a', 1));
    expect([addressOf(first, 'b.example'), addressOf(first, 'a.example')]).toEqual([
      '240.240.0.1',
      '240.240.0.2',
    ]);
    const second = new Recorder(registry);
    recorders.push(second);
    expect(second.state()).toEqual(first.state());
  });

  test('of one entry move when another one claims them', () => {
    const source = new TestSource([without('a', 1)]);
    const recorder = watch(source, { autoAllocate: 'memory' });
    recorder.news();
    source.put(serviceEntry('user', ['user.example'], { addresses: ['240.240.0.1'] }));
    expect(recorder.newTypes()).toEqual(['service', 'service']);
    expect(addressOf(recorder, 'a.example')).toBe('240.240.0.2');
  });

  test('are not given to entries of namespaces that are not selected', () => {
    const discoverySelectors = [{ matchLabels: { mesh: 'in' }, matchExpressions: [] }];
    const hidden = serviceEntry('a', ['a.example'], {}, { namespace: 'lab', creationTime: 1 });
    const shop = namespace('shop', { labels: { mesh: 'in' } });
    const recorder = watch(new TestSource([shop, hidden, without('b', 2)]), {
      autoAllocate: 'memory',
      discoverySelectors,
    });
    expect(addressOf(recorder, 'b.example')).toBe('240.240.0.1');
  });
});

test('a context that changes over time changes only what depends on it', () => {
  const context$ = new BehaviorSubject<ServiceEntryContext>(plainContext);
  const account = workloadEntry('vm', '192.0.2.9', { serviceAccount: 'vm' });
  const recorder = new Recorder(createServiceEntryRegistry(new TestSource([push, account]), context$));
  recorders.push(recorder);
  recorder.news();
  context$.next({ ...plainContext, trustDomain: 'example.org' });
  expect(recorder.newTypes()).toEqual(['workload']);
  expect(recorder.workloads.get('WorkloadEntry/shop/vm')?.serviceAccount).toBe(
    'spiffe://example.org/ns/shop/sa/vm',
  );
});

test('the order of events does not matter', () => {
  const final: readonly AnyObject[] = [
    namespace('shop', { annotations: { 'networking.istio.io/traffic-distribution': 'PreferClose' } }),
    namespace('istio-system', { labels: { 'topology.istio.io/network': 'net-1' } }),
    push,
    serviceEntry('mail', ['mail.example', 'post.example'], { resolution: 'DNS' }),
    serviceEntry('select', ['select.example'], { workloadSelector: { labels: { app: 'push' } } }),
    vm,
  ];
  const passing: readonly AnyObject[] = [
    namespace('shop'),
    serviceEntry('push', ['push.example', 'x.example'], { addresses: ['240.1.0.2'] }),
    serviceEntry('mail', ['mail.example'], { resolution: 'DNS', endpoints: [inlineEndpoint('mx.example')] }),
    serviceEntry('gone', ['push.example'], { addresses: ['240.1.0.1'] }),
    workloadEntry('vm', '192.0.2.8'),
    workloadEntry('gone', '192.0.2.9'),
  ];
  const expected = stateOf(final);
  const wanted = new Map(final.map((object) => [objectKey(refOf(object)), object]));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...final, ...passing), fc.boolean()), { maxLength: 30 }),
      fc.shuffledSubarray([...final, ...passing], { minLength: final.length + passing.length }),
      fc.nat(20),
      (edits, order, before) => {
        const source = new TestSource(order.slice(0, before));
        const recorder = watch(source);
        for (const [object, present] of edits) {
          if (present) source.put(object);
          else source.remove(object);
        }
        // What is right already is not touched again, so that it cannot mend what an edit missed.
        for (const key of new Set(order.map((object) => objectKey(refOf(object))))) {
          const [target, current] = [wanted.get(key), source.get(key)];
          if (target === current) continue;
          if (target !== undefined) source.put(target);
          else if (current !== undefined) source.remove(current);
        }
        expect(recorder.state()).toEqual(expected);
      },
    ),
  );
});
