import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workloadKey } from '../../../../src/model/workload.js';
import type { RegistryEvent } from '../../../../src/registry/registry.js';
import { SharingMap } from '../../../../src/base/sharing-map.js';
import { noSafety } from '../../../../src/registry/safety.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import { endpoint, endpointsEvent, eventsOf, kubernetesService, pod, serviceEvent } from './values.js';

const identity = { provider: 'Kubernetes', cluster: 'east' };
const synced: RegistryEvent = { type: 'synced' };
const web = kubernetesService('web');
const webKey = 'shop/web/web.shop.svc.cluster.local/10.96.0.1';

function storeAfter(...events: readonly RegistryEvent[]): RegistryStore {
  const store = new RegistryStore(identity);
  for (const event of events) store.apply(event);
  return store;
}

describe('RegistryStore', () => {
  it('knows nothing and is not synced at first', () => {
    expect(new RegistryStore(identity).view()).toEqual({
      ...identity,
      synced: false,
      status: { state: 'connecting' },
      services: SharingMap.of(),
      endpoints: SharingMap.of(),
      workloads: SharingMap.of(),
      gateways: [],
      quarantined: [],
      safety: noSafety,
    });
  });

  it('holds what was said, by key', () => {
    const gateways = [{ network: 'n', cluster: 'east', address: '198.51.100.1', port: 15443 }];
    const item = pod('web-1', '10.20.0.1');
    const view = storeAfter(
      ...eventsOf({ services: [web], endpoints: [[web, [endpoint('10.20.0.1')]]], workloads: [item] }),
      { type: 'gateways', gateways },
      synced,
    ).view();
    expect(new Map(view.services)).toEqual(new Map([[webKey, web]]));
    expect(new Map(view.endpoints)).toEqual(
      new Map([[webKey, { hostname: web.hostname, namespace: 'shop', endpoints: [endpoint('10.20.0.1')] }]]),
    );
    expect(new Map(view.workloads)).toEqual(new Map([['Pod/shop/web-1', item]]));
    expect(view.gateways).toEqual(gateways);
    expect(view.synced).toBe(true);
    expect(view.status).toEqual({ state: 'healthy' });
  });

  it('removes a service with its endpoints, and endpoints and workloads by themselves', () => {
    const api = kubernetesService('api');
    const store = storeAfter(
      ...eventsOf({
        services: [web, api],
        endpoints: [
          [web, [endpoint('10.20.0.1')]],
          [api, [endpoint('10.20.0.2')]],
        ],
        workloads: [pod('web-1', '10.20.0.1')],
      }),
      synced,
    );
    const apiKey = [...store.view().services.keys()].find((key) => key !== webKey) ?? '';
    expect(store.apply({ type: 'service-removed', key: webKey })).toBe(true);
    expect(store.apply({ type: 'endpoints-removed', key: apiKey })).toBe(true);
    expect(store.apply({ type: 'workload-removed', key: workloadKey(pod('web-1', '')) })).toBe(true);
    expect(store.apply({ type: 'service-removed', key: webKey })).toBe(false);
    const view = store.view();
    expect([...view.services.values()]).toEqual([api]);
    expect(view.endpoints.size).toBe(0);
    expect(view.workloads.size).toBe(0);
  });

  it('changes no view that it has handed out', () => {
    const store = storeAfter(serviceEvent(web), synced);
    const before = store.view();
    store.apply(serviceEvent(kubernetesService('api')));
    store.apply({ type: 'service-removed', key: webKey });
    expect([...before.services.values()]).toEqual([web]);
    expect([...store.view().services.values()]).toEqual([kubernetesService('api')]);
  });

  it('hands out the same objects for what did not change', () => {
    const item = pod('web-1', '10.20.0.1');
    const store = storeAfter(
      ...eventsOf({ services: [web], endpoints: [[web, []]], workloads: [item] }),
      synced,
    );
    const before = store.view();
    expect(store.apply(serviceEvent({ ...web, ports: [...web.ports] }))).toBe(false);
    expect(store.apply({ type: 'workload', workload: { ...item } })).toBe(false);
    expect(store.apply(synced)).toBe(false);
    expect(store.view()).toBe(before);

    expect(store.apply(endpointsEvent(web, [endpoint('10.20.0.1')]))).toBe(true);
    const after = store.view();
    expect(after).not.toBe(before);
    expect(after.services).toBe(before.services);
    expect(after.workloads).toBe(before.workloads);
    expect(after.gateways).toBe(before.gateways);
    expect(after.quarantined).toBe(before.quarantined);
  });

  it('gives the same view for events of different keys in any order', () => {
    const events = eventsOf({
      services: ['a', 'b', 'c', 'd'].map((name) => kubernetesService(name)),
      endpoints: ['a', 'b', 'e'].map((name) => [
        kubernetesService(name),
        [endpoint(`10.20.0.${name.charCodeAt(0)}`)],
      ]),
      workloads: ['p', 'q'].map((name) => pod(name, '10.20.0.9')),
    });
    const bad = serviceEvent(kubernetesService('bad', { ports: [{ name: 'x', port: 0, protocol: 'TCP' }] }));
    const inOrder = storeAfter(...events, bad, synced).view();
    fc.assert(
      fc.property(fc.shuffledSubarray([...events, bad], { minLength: events.length + 1 }), (shuffled) => {
        expect(storeAfter(...shuffled, synced).view()).toEqual(inOrder);
      }),
    );
  });
});

describe('RegistryStore, read anew', () => {
  const api = kubernetesService('api');
  const known = eventsOf({
    services: [web, api],
    endpoints: [
      [web, [endpoint('10.20.0.1')]],
      [api, [endpoint('10.20.0.2')]],
    ],
    workloads: [pod('web-1', '10.20.0.1')],
  });

  it('keeps everything until the new reading is complete', () => {
    const store = storeAfter(...known, synced);
    const before = store.view();
    store.restart();
    expect(store.view()).toBe(before);
    store.apply(serviceEvent(web));
    expect(store.view()).toBe(before);
    expect(store.view().synced).toBe(true);
  });

  it('removes what the new reading lacks, and keeps the objects of what it has', () => {
    const store = storeAfter(
      ...known,
      { type: 'gateways', gateways: [{ network: 'n', cluster: '', address: 'a', port: 1 }] },
      synced,
    );
    const before = store.view();
    store.restart();
    for (const event of eventsOf({
      services: [structuredClone(web)],
      endpoints: [[web, [endpoint('10.20.0.1')]]],
    })) {
      store.apply(event);
    }
    expect(store.apply(synced)).toBe(true);
    const after = store.view();
    expect([...after.services.keys()]).toEqual([webKey]);
    expect(after.services.get(webKey)).toBe(before.services.get(webKey));
    expect(after.endpoints.get(webKey)).toBe(before.endpoints.get(webKey));
    expect(after.endpoints.size).toBe(1);
    expect(after.workloads.size).toBe(0);
    expect(after.gateways).toEqual([]);
  });

  it('removes nothing for a second synced of one watch', () => {
    const store = storeAfter(...known, synced);
    const before = store.view();
    store.apply(serviceEvent(kubernetesService('late')));
    store.apply(synced);
    expect(store.view().services.size).toBe(before.services.size + 1);
    expect(store.view().workloads).toBe(before.workloads);
  });

  it('forgets what an unfinished reading said and the next complete one does not', () => {
    const store = storeAfter(...known);
    store.restart();
    store.apply(serviceEvent(web));
    store.apply(synced);
    expect([...store.view().services.values()]).toEqual([web]);
    expect(store.view().workloads.size).toBe(0);
  });

  it('equals a new store that was told the same', () => {
    const names = ['a', 'b', 'c', 'd'];
    const reading = fc.array(
      fc.oneof(
        fc
          .record({ name: fc.constantFrom(...names), age: fc.nat(3) })
          .map(({ name, age }) => serviceEvent(kubernetesService(name, { creationTime: age }))),
        fc.record({ name: fc.constantFrom(...names), count: fc.nat(2) }).map(({ name, count }) =>
          endpointsEvent(
            kubernetesService(name),
            Array.from({ length: count }, (_, index) => endpoint(`10.0.0.${index}`)),
          ),
        ),
        fc
          .record({ name: fc.constantFrom(...names), ready: fc.boolean() })
          .map(({ name, ready }): RegistryEvent => ({
            type: 'workload',
            workload: pod(name, '10.0.0.1', { ready }),
          })),
        fc.constantFrom(...names).map((name): RegistryEvent => ({
          type: 'service-removed',
          key: `shop/${name}/${name}.shop.svc.cluster.local/10.96.0.1`,
        })),
        fc
          .constantFrom(0, 70000)
          .map((port) =>
            serviceEvent(kubernetesService('bad', { ports: [{ name: 'x', port, protocol: 'TCP' }] })),
          ),
      ),
    );
    fc.assert(
      fc.property(reading, reading, (first, second) => {
        const store = storeAfter(...first, synced);
        store.restart();
        for (const event of [...second, synced]) store.apply(event);
        expect(store.view()).toEqual(storeAfter(...second, synced).view());
      }),
    );
  });
});

describe('RegistryStore, status', () => {
  it('is what the registry says of itself', () => {
    const degraded: RegistryEvent = {
      type: 'status',
      status: { state: 'degraded', message: 'one of three servers answers' },
    };
    expect(storeAfter(degraded, synced).view().status).toEqual(
      degraded.type === 'status' ? degraded.status : undefined,
    );
  });

  it('stays failed through a new watch until that has said everything', () => {
    const store = storeAfter(synced, { type: 'status', status: { state: 'failed', message: 'refused' } });
    store.restart();
    expect(store.view().status).toEqual({ state: 'failed', message: 'refused' });
    store.apply(synced);
    expect(store.view().status).toEqual({ state: 'healthy' });
  });
});

describe('RegistryStore, quarantine', () => {
  const port = (number: number, targetPort?: number): RegistryEvent =>
    serviceEvent(
      kubernetesService('web', {
        ports: [
          {
            name: 'http',
            port: number,
            protocol: 'HTTP',
            ...(targetPort === undefined ? {} : { targetPort }),
          },
        ],
      }),
    );
  const cases: readonly (readonly [string, RegistryEvent, string, string])[] = [
    [
      'a service without a hostname',
      serviceEvent({ ...web, hostname: '' }),
      'shop/web//10.96.0.1',
      'the service has no hostname',
    ],
    ['port 0', port(0), webKey, 'port 0 ("http") is not a number from 1 to 65535'],
    ['port 65536', port(65536), webKey, 'port 65536 ("http") is not a number from 1 to 65535'],
    [
      'a port that is no number',
      port(Number.NaN),
      webKey,
      'port NaN ("http") is not a number from 1 to 65535',
    ],
    [
      'a target port beyond the last',
      port(80, 70000),
      webKey,
      'target port 70000 of port 80 ("http") is not a number from 1 to 65535',
    ],
    [
      'an empty key',
      { type: 'service', key: '', service: web },
      '',
      'service web.shop.svc.cluster.local has an empty key',
    ],
    [
      'endpoints of no host',
      { type: 'endpoints', key: 'k', hostname: '', namespace: 'shop', endpoints: [] },
      'k',
      'the endpoints are of no hostname',
    ],
    [
      'a workload without a name',
      { type: 'workload', workload: pod('', '10.0.0.1') },
      'Pod/shop/',
      'the workload has no name',
    ],
    [
      'a workload without a namespace',
      { type: 'workload', workload: pod('p', '10.0.0.1', { namespace: '' }) },
      'Pod//p',
      'the workload has no namespace',
    ],
    [
      'a workload with a port beyond the last',
      { type: 'workload', workload: pod('p', '10.0.0.1', { ports: { http: 70000 } }) },
      'Pod/shop/p',
      'port 70000 ("http") is not a number from 0 to 65535',
    ],
    [
      'a service that an adapter without types made',
      { type: 'service', key: 'k', service: { hostname: 'x' } as never },
      'k',
      'it cannot be understood: service.ports is not iterable',
    ],
  ];
  it.each(cases)('keeps out %s and says why', (_, event, key, reason) => {
    const store = storeAfter(synced);
    expect(store.apply(event)).toBe(true);
    const view = store.view();
    expect(view.quarantined).toEqual([{ key, reason }]);
    expect(view.services.size + view.endpoints.size + view.workloads.size).toBe(0);
    expect(store.apply(event)).toBe(false);
  });

  it('leaves out the illegal ones of several endpoints and gateways', () => {
    const endpoints = [
      endpoint('10.0.0.1'),
      ...[1, 2, 3, 4].map((last) => endpoint(`10.0.1.${last}`, { port: 70000 + last })),
    ];
    const store = storeAfter(endpointsEvent(web, endpoints), {
      type: 'gateways',
      gateways: [
        { network: 'n', cluster: '', address: '198.51.100.1', port: 15443 },
        { network: '', cluster: '', address: '198.51.100.2', port: 15443 },
      ],
    });
    expect(store.view().endpoints.get(webKey)?.endpoints).toEqual([endpoint('10.0.0.1')]);
    expect(store.view().gateways).toHaveLength(1);
    expect(store.view().quarantined).toEqual([
      { key: 'gateways', reason: 'gateway "198.51.100.2" names no network' },
      {
        key: webKey,
        reason:
          'endpoint 10.0.1.1: port 70001 is not a number from 0 to 65535; endpoint 10.0.1.2: port 70002 is not a number from 0 to 65535; ' +
          'endpoint 10.0.1.3: port 70003 is not a number from 0 to 65535; and 1 more',
      },
    ]);
    expect(store.apply(endpointsEvent(web, endpoints))).toBe(false);
  });

  it('keeps the last legal value in force, in a new reading too', () => {
    const store = storeAfter(serviceEvent(web), synced);
    store.apply(port(0));
    expect(store.view().services.get(webKey)).toBe(web);
    store.restart();
    store.apply(port(0));
    store.apply(synced);
    expect(store.view().services.get(webKey)).toBe(web);
    expect(store.view().quarantined).toHaveLength(1);
  });

  it.each([
    ['is legal again', [serviceEvent(web)]],
    ['is removed', [{ type: 'service-removed', key: webKey } as const]],
  ] as const)('lets go of a value that %s', (_, events) => {
    const store = storeAfter(synced, port(0), ...events);
    expect(store.view().quarantined).toEqual([]);
  });

  it('lets go of a value that a new reading does not say', () => {
    const store = storeAfter(port(0), synced);
    store.restart();
    expect(store.apply(synced)).toBe(true);
    expect(store.view().quarantined).toEqual([]);
  });

  it('lets a key be of one object only within a reading', () => {
    const other = kubernetesService('web', {
      provenance: { registry: 'r', object: 'Service shop/other' },
      creationTime: 7,
    });
    const store = storeAfter(serviceEvent(web), serviceEvent(other), synced);
    expect(store.view().services.get(webKey)).toBe(web);
    expect(store.view().quarantined).toEqual([
      { key: webKey, reason: 'Service shop/other has the key of Service shop/web, which was said first' },
    ]);
    store.restart();
    store.apply(serviceEvent(other));
    store.apply(synced);
    expect(store.view().services.get(webKey)).toBe(other);
    expect(store.view().quarantined).toEqual([]);
  });

  it('names an event that it does not know', () => {
    const store = storeAfter({ type: 'instances' } as never);
    expect(store.view().quarantined).toEqual([{ key: 'instances', reason: 'no such event is known' }]);
  });
});
