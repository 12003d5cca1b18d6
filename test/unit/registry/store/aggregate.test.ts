import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/model/service.js';
import { aggregate } from '../../../../src/registry/aggregate.js';
import { service } from '../../../../src/registry/discovery.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import {
  endpoint,
  entryEndpoint,
  entryService,
  kubernetesService,
  pod,
  shardsInWords,
  storeOf,
  viewOf,
  workloadEntry,
} from './values.js';

const web = kubernetesService('web', { serviceAccounts: ['spiffe://a/ns/shop/sa/web'] });
const webKey = 'shop/web.shop.svc.cluster.local';

/** Names, ages and the like of services, in order. */
function names(services: readonly Service[]): readonly string[] {
  return services.map(({ attributes }) => `${attributes.provider} ${attributes.objectName}`);
}

describe('aggregate', () => {
  it('puts Kubernetes registries first, otherwise keeping the order in which they came', () => {
    const views = [
      viewOf('External', 'a'),
      viewOf('Kubernetes', 'a'),
      viewOf('Mock', 'a'),
      viewOf('Kubernetes', 'b'),
    ];
    expect(aggregate(views).registries.map(({ provider, cluster }) => `${provider}/${cluster}`)).toEqual([
      'Kubernetes/a',
      'Kubernetes/b',
      'External/a',
      'Mock/a',
    ]);
  });

  it('is synced when every registry is', () => {
    const reading = new RegistryStore({ provider: 'Mock', cluster: 'a' });
    const other = viewOf('Kubernetes', 'a');
    expect(aggregate([other, reading.view()]).synced).toBe(false);
    reading.apply({ type: 'synced' });
    expect(aggregate([other, reading.view()]).synced).toBe(true);
    expect(aggregate([]).synced).toBe(true);
  });

  it('concatenates the gateways of all registries', () => {
    const gateway = (network: string) => ({ network, cluster: '', address: '198.51.100.1', port: 15443 });
    const views = ['External', 'Kubernetes'].map((provider) => {
      const store = storeOf(provider, 'a');
      store.apply({ type: 'gateways', gateways: [gateway(provider)] });
      return store.view();
    });
    expect(aggregate(views).gateways).toEqual([gateway('Kubernetes'), gateway('External')]);
  });
});

describe('aggregate, services', () => {
  it('of Kubernetes are merged by host, of others only appended', () => {
    const view = aggregate([
      viewOf('External', 'east', {
        services: [entryService(web.hostname, 'b'), entryService(web.hostname, 'a')],
      }),
      viewOf('Kubernetes', 'east', { services: [web, kubernetesService('api')] }),
      viewOf('Kubernetes', 'west', { services: [web, kubernetesService('late')] }),
    ]);
    expect(names(view.services)).toEqual([
      'Kubernetes api',
      'Kubernetes web',
      'Kubernetes late',
      'External a',
      'External b',
    ]);
  });

  it('merged keep everything of the first, with the addresses and accounts of all', () => {
    const east = kubernetesService('web', {
      clusterVIPs: { east: ['10.1.0.1'] },
      serviceAccounts: ['spiffe://a/ns/shop/sa/web', 'spiffe://a/ns/shop/sa/old'],
      creationTime: 9,
      attributes: { clusterExternalAddresses: { east: ['198.51.100.1'] } },
    });
    const west = kubernetesService('web', {
      clusterVIPs: { west: ['10.2.0.1'] },
      serviceAccounts: ['spiffe://b/ns/shop/sa/web', 'spiffe://a/ns/shop/sa/web'],
      creationTime: 1,
      ports: [],
      attributes: { clusterExternalAddresses: { west: ['198.51.100.2'] } },
    });
    const north = kubernetesService('web', { clusterVIPs: { east: ['10.3.0.1'] } });
    const [merged, ...others] = aggregate([
      viewOf('Kubernetes', 'east', { services: [east] }),
      viewOf('Kubernetes', 'west', { services: [west] }),
      viewOf('Kubernetes', 'north', { services: [north] }),
    ]).services;
    expect(others).toEqual([]);
    expect(merged).toEqual({
      ...east,
      clusterVIPs: { east: ['10.1.0.1'], west: ['10.2.0.1'] },
      serviceAccounts: [
        'spiffe://a/ns/shop/sa/web',
        'spiffe://a/ns/shop/sa/old',
        'spiffe://b/ns/shop/sa/web',
      ],
    });
    expect(east.clusterVIPs).toEqual({ east: ['10.1.0.1'] });
  });

  it('keep the addresses that the first already has for a cluster', () => {
    const first = kubernetesService('web', { clusterVIPs: { east: ['10.1.0.1'], west: ['10.9.0.9'] } });
    const [merged] = aggregate([
      viewOf('Kubernetes', 'east', { services: [first] }),
      viewOf('Kubernetes', 'west', {
        services: [kubernetesService('web', { clusterVIPs: { west: ['10.2.0.1'] } })],
      }),
    ]).services;
    expect(merged?.clusterVIPs).toEqual({ east: ['10.1.0.1'], west: ['10.9.0.9'] });
  });
});

describe('service', () => {
  const east = kubernetesService('web', { clusterVIPs: { east: ['10.1.0.1'] } });
  const west = kubernetesService('web', { clusterVIPs: { west: ['10.2.0.1'] } });
  const kubernetes = [
    viewOf('Kubernetes', 'east', { services: [east] }),
    viewOf('Kubernetes', 'west', { services: [west] }),
  ];

  it('is merged over Kubernetes registries', () => {
    expect(service(aggregate(kubernetes), web.hostname)?.clusterVIPs).toEqual({
      east: ['10.1.0.1'],
      west: ['10.2.0.1'],
    });
  });

  it('is that of another registry where one has the host, and its oldest', () => {
    const services = [
      entryService(web.hostname, 'young', { creationTime: 5 }),
      entryService(web.hostname, 'old', { creationTime: 3 }),
    ];
    const view = aggregate([...kubernetes, viewOf('External', 'east', { services })]);
    expect(service(view, web.hostname)?.attributes.objectName).toBe('old');
  });

  it('is undefined for a host that nobody has', () => {
    expect(service(aggregate(kubernetes), 'nobody')).toBeUndefined();
  });
});

describe('aggregate, shards', () => {
  it('are by registry, sorted by provider and then cluster, without empty ones', () => {
    const holdings = (address: string) => ({
      services: [web],
      endpoints: [[web, [endpoint(address)]] as const],
    });
    const external = entryService(web.hostname, 'web');
    const view = aggregate([
      viewOf('Kubernetes', 'west', holdings('10.2.0.1')),
      viewOf('Kubernetes', 'east', holdings('10.1.0.1')),
      viewOf('Kubernetes', 'north', { services: [web], endpoints: [[web, []]] }),
      viewOf('External', 'west', {
        services: [external],
        endpoints: [[external, [entryEndpoint('192.0.2.1')]]],
      }),
    ]);
    expect(shardsInWords(view, webKey)).toEqual([
      'External/west: 192.0.2.1',
      'Kubernetes/east: 10.1.0.1',
      'Kubernetes/west: 10.2.0.1',
    ]);
    expect(aggregate([viewOf('Kubernetes', 'north', { endpoints: [[web, []]] })]).shards.size).toBe(0);
  });

  it('are of one host in one namespace', () => {
    const elsewhere = entryService('x.internal', 'x', { attributes: { namespace: 'pay' } });
    const here = entryService('x.internal', 'x');
    const view = aggregate([
      viewOf('External', 'a', {
        services: [here, elsewhere],
        endpoints: [
          [here, [entryEndpoint('192.0.2.1')]],
          [elsewhere, [entryEndpoint('192.0.2.2')]],
        ],
      }),
    ]);
    expect(shardsInWords(view, 'shop/x.internal')).toEqual(['External/a: 192.0.2.1']);
    expect(shardsInWords(view, 'pay/x.internal')).toEqual(['External/a: 192.0.2.2']);
  });

  it('have endpoints whose service is not known', () => {
    const view = aggregate([
      viewOf('Kubernetes', 'east', { services: [web] }),
      viewOf('Kubernetes', 'west', { endpoints: [[web, [endpoint('10.2.0.1')]]] }),
    ]);
    expect(shardsInWords(view, webKey)).toEqual(['Kubernetes/west: 10.2.0.1']);
  });

  it('join services of one host by age, name of the object and place in it, whatever came first', () => {
    const variants = [
      entryService('x', 'c', { creationTime: 1 }),
      entryService('x', 'a', { creationTime: 2, sequence: 0, defaultAddress: '240.0.0.9' }),
      entryService('x', 'a', { creationTime: 2, sequence: 1, defaultAddress: '240.0.0.1' }),
      entryService('x', 'b', { creationTime: 2 }),
    ];
    const endpoints = variants.map((item, index) => [item, [entryEndpoint(`192.0.2.${index}`)]] as const);
    fc.assert(
      fc.property(fc.shuffledSubarray(endpoints, { minLength: 4 }), (shuffled) => {
        const view = aggregate([
          viewOf('External', 'a', { services: shuffled.map(([item]) => item), endpoints: shuffled }),
        ]);
        expect(shardsInWords(view, 'shop/x')).toEqual([
          'External/a: 192.0.2.0, 192.0.2.1, 192.0.2.2, 192.0.2.3',
        ]);
      }),
    );
  });

  it('serve the endpoints of an entry once for each of its addresses', () => {
    const services = ['240.1.2.1', '240.1.2.2', '240.1.3.0/30'].map((defaultAddress, sequence) =>
      entryService('depot.vm.internal', 'depot', { defaultAddress, sequence }),
    );
    const view = aggregate([
      viewOf('External', 'a', {
        services,
        endpoints: services.map((item) => [item, [entryEndpoint('192.0.2.5')]]),
      }),
    ]);
    expect(shardsInWords(view, 'shop/depot.vm.internal')).toEqual([
      'External/a: 192.0.2.5, 192.0.2.5, 192.0.2.5',
    ]);
  });

  it('have the endpoints that a ServiceEntry selects, of the pods of all clusters', () => {
    const selecting = entryService('photos.internal', 'photos', {
      attributes: { labelSelectors: { app: 'photos' } },
    });
    const labels = { app: 'photos' };
    const view = aggregate([
      viewOf('External', 'east', {
        services: [selecting],
        workloads: [
          workloadEntry('vm', '192.0.2.1', { labels }),
          workloadEntry('other', '192.0.2.2', { labels, namespace: 'pay' }),
        ],
      }),
      viewOf('Kubernetes', 'west', { workloads: [pod('b', '10.2.0.1', { labels, cluster: 'west' })] }),
      viewOf('Kubernetes', 'east', {
        workloads: [pod('c', '10.1.0.1', { labels }), pod('a', '10.1.0.2', { labels, ready: false })],
      }),
    ]);
    expect(shardsInWords(view, 'shop/photos.internal')).toEqual([
      'External/east: 10.2.0.1, 10.1.0.1, 192.0.2.1',
    ]);
  });

  it('have the WorkloadEntries that a Kubernetes Service of their cluster selects, after its own endpoints', () => {
    const labels = { app: 'web' };
    const selecting = kubernetesService('web', { attributes: { labelSelectors: labels } });
    const holdings = (address: string) => ({
      services: [selecting],
      endpoints: [[selecting, [endpoint(address)]] as const],
    });
    const view = aggregate([
      viewOf('Kubernetes', 'east', holdings('10.1.0.1')),
      viewOf('Kubernetes', 'west', holdings('10.2.0.1')),
      viewOf('External', 'east', {
        workloads: [workloadEntry('vm', '192.0.2.1', { labels, cluster: 'east' })],
      }),
      viewOf('External', 'west', {
        workloads: [workloadEntry('vm', '192.0.2.2', { labels, cluster: 'west' })],
      }),
    ]);
    expect(shardsInWords(view, webKey)).toEqual([
      'Kubernetes/east: 10.1.0.1, 192.0.2.1',
      'Kubernetes/west: 10.2.0.1, 192.0.2.2',
    ]);
  });

  it('have one endpoint per port of services with DNS_ROUND_ROBIN, counting those of every service before', () => {
    const port = (number: number) => ({ name: `http-${number}`, port: number, protocol: 'HTTP' as const });
    const at = (address: string, number: number) =>
      entryEndpoint(address, { servicePortNumber: number, servicePortName: `http-${number}` });
    const a = entryService('rr', 'a', { resolution: 'DNSRoundRobinLB', ports: [port(80)] });
    const b = entryService('rr', 'b', { resolution: 'DNSLB', ports: [port(80), port(81)] });
    const c = entryService('rr', 'c', { resolution: 'DNSRoundRobinLB', ports: [port(81), port(82)] });
    const view = aggregate([
      viewOf('External', 'east', {
        services: [c, b, a],
        endpoints: [
          [a, [at('a1', 80), at('a2', 80)]],
          [b, [at('b1', 80), at('b1', 81), at('b2', 80), at('b2', 81)]],
          [c, [at('c1', 81), at('c1', 82), at('c2', 82)]],
        ],
      }),
    ]);
    const served = view.shards
      .get('shop/rr')?.[0]
      ?.endpoints.map(({ addresses, servicePortNumber }) => `${addresses[0]}:${servicePortNumber}`);
    expect(served).toEqual(['a1:80', 'b1:80', 'b1:81', 'b2:80', 'b2:81', 'c1:82']);
  });
});
