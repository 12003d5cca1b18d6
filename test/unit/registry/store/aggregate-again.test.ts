import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../../src/registry/aggregate.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import type { AggregateView, RegistryView } from '../../../../src/registry/view.js';
import {
  endpoint,
  endpointsEvent,
  entryEndpoint,
  entryService,
  kubernetesService,
  pod,
  serviceEvent,
  shardsInWords,
  storeOf,
  viewOf,
  workloadEntry,
} from './values.js';

const web = kubernetesService('web', { serviceAccounts: ['spiffe://a/ns/shop/sa/web'] });
const webKey = 'shop/web.shop.svc.cluster.local';

/** The same view in maps that nothing is remembered of. */
function copyOf(view: RegistryView): RegistryView {
  const { services, endpoints, workloads } = view;
  return {
    ...view,
    services: new Map(services),
    endpoints: new Map(endpoints),
    workloads: new Map(workloads),
  };
}

describe('aggregate, given the result before', () => {
  const api = kubernetesService('api');
  const selecting = entryService('photos.internal', 'photos', {
    attributes: { labelSelectors: { app: 'photos' } },
  });

  function stores() {
    return {
      east: storeOf('Kubernetes', 'east', {
        services: [web, api],
        endpoints: [
          [web, [endpoint('10.1.0.1')]],
          [api, [endpoint('10.1.0.2')]],
        ],
        workloads: [pod('photos', '10.1.0.3', { labels: { app: 'photos' } })],
      }),
      west: storeOf('Kubernetes', 'west', { services: [web], endpoints: [[web, [endpoint('10.2.0.1')]]] }),
      external: storeOf('External', 'east', { services: [selecting] }),
    };
  }

  it('is the same object when no view changed', () => {
    const { east, west, external } = stores();
    const views = [external.view(), east.view(), west.view()];
    const first = aggregate(views);
    expect(aggregate([...views], first)).toBe(first);
  });

  it('shares everything that a change of endpoints does not touch', () => {
    const { east, west, external } = stores();
    const first = aggregate([east.view(), west.view(), external.view()]);
    west.apply(endpointsEvent(web, [endpoint('10.2.0.1'), endpoint('10.2.0.9')]));
    const second = aggregate([east.view(), west.view(), external.view()], first);
    expect(second.services).toBe(first.services);
    expect(second.workloads).toBe(first.workloads);
    expect(second.gateways).toBe(first.gateways);
    const apiKey = 'shop/api.shop.svc.cluster.local';
    expect(second.shards.get(apiKey)).toBe(first.shards.get(apiKey));
    expect(second.shards.get(webKey)?.[0]).toBe(first.shards.get(webKey)?.[0]);
    expect(shardsInWords(second, webKey)).toEqual([
      'Kubernetes/east: 10.1.0.1',
      'Kubernetes/west: 10.2.0.1, 10.2.0.9',
    ]);
    expect(shardsInWords(first, webKey)).toEqual(['Kubernetes/east: 10.1.0.1', 'Kubernetes/west: 10.2.0.1']);
  });

  it('shares shards, and every service but the changed one, when a service changes', () => {
    const { east, west, external } = stores();
    const first = aggregate([east.view(), west.view(), external.view()]);
    east.apply(serviceEvent({ ...api, serviceAccounts: ['spiffe://a/ns/shop/sa/api'] }));
    const second = aggregate([east.view(), west.view(), external.view()], first);
    expect(second.shards).toBe(first.shards);
    expect(second.services.map((item) => first.services.includes(item))).toEqual([false, true, true]);
  });

  it('shares shards of a selection that picks the same workloads', () => {
    const { east, west, external } = stores();
    const first = aggregate([east.view(), west.view(), external.view()]);
    east.apply({ type: 'workload', workload: pod('other', '10.1.0.4') });
    const second = aggregate([east.view(), west.view(), external.view()], first);
    expect(second.shards).toBe(first.shards);
    expect(second.workloads.byAddress('10.1.0.4')).toHaveLength(1);
    east.apply({ type: 'workload', workload: pod('more', '10.1.0.5', { labels: { app: 'photos' } }) });
    const third = aggregate([east.view(), west.view(), external.view()], second);
    expect(shardsInWords(third, 'shop/photos.internal')).toEqual(['External/east: 10.1.0.5, 10.1.0.3']);
    expect(third.shards.get(webKey)).toBe(first.shards.get(webKey));
  });

  it('loses what only a removed registry had, and gains what an added one has', () => {
    const { east, west, external } = stores();
    const first = aggregate([east.view(), west.view(), external.view()]);
    const second = aggregate([east.view()], first);
    expect(shardsInWords(second, webKey)).toEqual(['Kubernetes/east: 10.1.0.1']);
    expect(second.services).toHaveLength(2);
    expect(second.shards.has('shop/photos.internal')).toBe(false);
    const third = aggregate([east.view(), west.view(), external.view()], second);
    expect(third.shards).toEqual(first.shards);
    expect(third.services).toEqual(first.services);
  });

  it('merges anew when the service of a later cluster changes', () => {
    const { east, west } = stores();
    const first = aggregate([east.view(), west.view()]);
    west.apply(serviceEvent({ ...web, serviceAccounts: ['spiffe://b/ns/shop/sa/web'] }));
    const second = aggregate([east.view(), west.view()], first);
    const accounts = (view: AggregateView) =>
      view.services.map(({ attributes, serviceAccounts }) => [attributes.name, serviceAccounts]);
    expect(accounts(first)).toEqual([
      ['api', []],
      ['web', ['spiffe://a/ns/shop/sa/web']],
    ]);
    expect(accounts(second)).toEqual([
      ['api', []],
      ['web', ['spiffe://a/ns/shop/sa/web', 'spiffe://b/ns/shop/sa/web']],
    ]);
  });

  it('takes the values of a registry that was replaced', () => {
    const { east, west } = stores();
    const first = aggregate([east.view(), west.view()]);
    const replaced = viewOf('Kubernetes', 'west', {
      services: [web],
      endpoints: [[web, [endpoint('10.7.0.1')]]],
    });
    expect(shardsInWords(aggregate([east.view(), replaced], first), webKey)).toEqual([
      'Kubernetes/east: 10.1.0.1',
      'Kubernetes/west: 10.7.0.1',
    ]);
  });

  it('says what it says without it, whatever happened in between', () => {
    const registries = [
      { provider: 'Kubernetes', cluster: 'east' },
      { provider: 'Kubernetes', cluster: 'west' },
      { provider: 'External', cluster: 'east' },
    ] as const;
    const hosts = ['a', 'b', 'c'] as const;
    const step = fc.oneof(
      fc.record({
        what: fc.constant('service' as const),
        registry: fc.nat(2),
        host: fc.constantFrom(...hosts),
        object: fc.constantFrom('o1', 'o2'),
        age: fc.nat(2),
        selector: fc.constantFrom(undefined, {}, { app: 'x' }),
        resolution: fc.constantFrom('ClientSideLB' as const, 'DNSLB' as const, 'DNSRoundRobinLB' as const),
      }),
      fc.record({
        what: fc.constant('service-removed' as const),
        registry: fc.nat(2),
        host: fc.constantFrom(...hosts),
        object: fc.constantFrom('o1', 'o2'),
      }),
      fc.record({
        what: fc.constant('endpoints' as const),
        registry: fc.nat(2),
        host: fc.constantFrom(...hosts),
        object: fc.constantFrom('o1', 'o2'),
        count: fc.nat(2),
      }),
      fc.record({
        what: fc.constant('workload' as const),
        registry: fc.nat(2),
        kind: fc.constantFrom('Pod' as const, 'WorkloadEntry' as const),
        name: fc.constantFrom('w1', 'w2'),
        labels: fc.constantFrom({}, { app: 'x' }),
        ready: fc.boolean(),
      }),
      fc.record({
        what: fc.constant('workload-removed' as const),
        registry: fc.nat(2),
        kind: fc.constantFrom('Pod' as const, 'WorkloadEntry' as const),
        name: fc.constantFrom('w1', 'w2'),
      }),
      fc.record({ what: fc.constant('aggregate' as const), without: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = registries.map((registry) => new RegistryStore(registry));
        let previous: AggregateView | undefined;
        const check = (without: number): void => {
          const views = all.filter((_, index) => index !== without).map((store) => store.view());
          const incremental = aggregate(views, previous);
          const fresh = aggregate(views.map(copyOf));
          expect(incremental.services).toEqual(fresh.services);
          expect(incremental.shards).toEqual(fresh.shards);
          expect(incremental.gateways).toEqual(fresh.gateways);
          expect(incremental.registries.map(copyOf)).toEqual(fresh.registries);
          const address = '10.0.0.1';
          expect(incremental.workloads.byAddress(address)).toEqual(fresh.workloads.byAddress(address));
          previous = incremental;
        };
        for (const item of steps) {
          if (item.what === 'aggregate') {
            check(item.without);
            continue;
          }
          const store = all[item.registry];
          const registry = registries[item.registry];
          if (store === undefined || registry === undefined) continue;
          if (item.what === 'workload') {
            const make = item.kind === 'Pod' ? pod : workloadEntry;
            store.apply({
              type: 'workload',
              workload: make(item.name, '10.0.0.1', {
                labels: item.labels,
                ready: item.ready,
                cluster: registry.cluster,
              }),
            });
          } else if (item.what === 'workload-removed') {
            store.apply({ type: 'workload-removed', key: `${item.kind}/shop/${item.name}` });
          } else {
            const make =
              registry.provider === 'Kubernetes'
                ? kubernetesService(item.host)
                : entryService(item.host, item.object);
            if (item.what === 'service') {
              const attributes = {
                ...make.attributes,
                ...(item.selector === undefined ? {} : { labelSelectors: item.selector }),
              };
              store.apply(
                serviceEvent({ ...make, creationTime: item.age, resolution: item.resolution, attributes }),
              );
            } else if (item.what === 'endpoints') {
              store.apply(
                endpointsEvent(
                  make,
                  Array.from({ length: item.count }, (_, index) => entryEndpoint(`10.0.0.${index}`)),
                ),
              );
            } else {
              const { type, key } = { type: 'service-removed' as const, key: serviceEvent(make) };
              if (key.type === 'service') store.apply({ type, key: key.key });
            }
          }
        }
        check(-1);
      }),
      { numRuns: 500 },
    );
  });
});
