import { describe, expect, it } from 'vitest';
import type { SidecarPort } from '../../../src/config/kinds/networking.js';
import type { Destination } from '../../../src/config/kinds/virtual-service.js';
import type { SidecarScope } from '../../../src/mesh/snapshot.js';
import type { Service } from '../../../src/model/service.js';
import {
  entryService,
  kubernetesService,
  proxyOf,
  sidecar,
  snapshotOf,
  virtualService,
  type TestInput,
} from './builders.js';

type Egress = Parameters<typeof sidecar>[1];

/** The scope of a sidecar proxy in the namespace shop, with a Sidecar of this egress. */
function scopeOf(
  services: readonly Service[],
  egress: Egress | undefined,
  rest: TestInput = {},
): SidecarScope {
  const sidecars = egress === undefined ? [] : [sidecar('shop/default', egress)];
  const input = { services, ...rest, objects: { ...rest.objects, sidecars } };
  return snapshotOf(input).sidecars.scopeFor(proxyOf('shop'), {});
}

/** `host:port,port@namespace` of each service. */
function text(services: readonly Service[]): string[] {
  return services.map(({ hostname, ports, attributes }) => {
    const host = hostname.replace('.svc.cluster.local', '');
    return `${host}:${ports.map(({ port }) => port).join(',')}@${attributes.namespace}`;
  });
}

const orders = kubernetesService('orders.shop');
const cards = kubernetesService('cards.pay', { ports: [80, 443] });
const video = kubernetesService('video.media');

describe('what egress hosts import', () => {
  it('is everything that is visible without a Sidecar, or with one that has no egress', () => {
    const hidden = kubernetesService('hidden.pay', { exportTo: ['.'] });
    for (const egress of [undefined, []]) {
      const scope = scopeOf([orders, cards, hidden], egress);
      expect(text(scope.services)).toEqual(['cards.pay:80,443@pay', 'orders.shop:80@shop']);
      expect(scope.egress).toHaveLength(1);
      expect(scope.egress[0]?.hosts).toEqual(['*/*']);
    }
  });

  it('is what they name, of what is visible', () => {
    const hidden = kubernetesService('hidden.pay', { exportTo: ['.'] });
    const services = [orders, cards, video, hidden];
    expect(text(scopeOf(services, [['pay/*']]).services)).toEqual(['cards.pay:80,443@pay']);
    expect(text(scopeOf(services, [['*/*', '~pay/*']]).services)).toEqual([
      'orders.shop:80@shop',
      'video.media:80@media',
    ]);
    expect(text(scopeOf(services, [[`pay/${hidden.hostname}`]]).services)).toEqual([]);
    expect(text(scopeOf(services, [['./*'], ['media/*']]).services)).toEqual([
      'orders.shop:80@shop',
      'video.media:80@media',
    ]);
  });

  it('is found by host', () => {
    const scope = scopeOf([orders, cards], [['pay/*']]);
    expect(scope.service(cards.hostname)).toBe(cards);
    expect(scope.service(orders.hostname)).toBeUndefined();
  });

  it('has only aliases that are imported too', () => {
    const alias = (name: string): Service =>
      kubernetesService(name, { resolution: 'Alias', externalName: cards.hostname });
    const services = [cards, alias('one.pay'), alias('two.pay')];
    const found = scopeOf(services, [[`pay/${cards.hostname}`, 'pay/one.pay.svc.cluster.local']]).service(
      cards.hostname,
    );
    expect(found?.attributes.aliases?.map(({ hostname }) => hostname)).toEqual(['one.pay.svc.cluster.local']);
    const all = scopeOf(services, [['pay/*']]).service(cards.hostname);
    expect(all?.attributes.aliases).toHaveLength(2);
  });
});

describe('an egress listener with a port', () => {
  const port = (number: number, protocol = 'HTTP'): SidecarPort => ({ number, protocol, name: 'egress' });

  it('keeps only services that have the port, and of them only the port', () => {
    const scope = scopeOf([orders, cards, video], [{ hosts: ['*/*'], port: port(443) }]);
    expect(text(scope.services)).toEqual(['cards.pay:443@pay']);
    expect(scope.egress[0]?.port).toBe(443);
  });

  it('adds its port to that of an earlier listener for the same service', () => {
    const scope = scopeOf(
      [cards],
      [
        { hosts: ['pay/*'], port: port(443) },
        { hosts: ['pay/*'], port: port(80) },
      ],
    );
    expect(text(scope.services)).toEqual(['cards.pay:443,80@pay']);
    expect(scope.egress.map(({ services }) => text(services))).toEqual([
      ['cards.pay:443@pay'],
      ['cards.pay:80@pay'],
    ]);
    expect(scope.service(cards.hostname)).toBe(scope.services[0]);
  });

  it('takes any service if it is an HTTP proxy, or a socket', () => {
    for (const any of [port(15002, 'HTTP_PROXY'), port(0)]) {
      const scope = scopeOf([orders, cards], [{ hosts: ['*/*'], port: any }]);
      expect(text(scope.services)).toEqual(['cards.pay:80,443@pay', 'orders.shop:80@shop']);
    }
  });
});

describe('one host in several namespaces', () => {
  const host = 'api.example.com';
  const entry = (namespace: string, creationTime: number): Service =>
    entryService(host, namespace, { creationTime });
  const kubernetes = (namespace: string, creationTime: number): Service =>
    entryService(host, namespace, { creationTime, provider: 'Kubernetes' });

  it.each([
    ['the own namespace', [entry('pay', 1), entry('shop', 2)], 'shop'],
    ['the own namespace before Kubernetes', [kubernetes('pay', 1), entry('shop', 2)], 'shop'],
    ['Kubernetes', [entry('pay', 1), kubernetes('media', 2)], 'media'],
    ['the first of Kubernetes', [kubernetes('pay', 1), kubernetes('media', 2)], 'pay'],
    ['the oldest', [entry('media', 2), entry('pay', 1)], 'pay'],
  ])('is that of %s', (_rule, services, namespace) => {
    for (const egress of [undefined, [['*/*']], [['*/*.example.com']]]) {
      expect(scopeOf(services, egress).services.map(({ attributes }) => attributes.namespace)).toEqual([
        namespace,
      ]);
    }
  });

  it('is the first one listed for a router, even if its own namespace has one', () => {
    const snapshot = snapshotOf({ services: [entry('pay', 1), entry('shop', 2)] });
    const { services } = snapshot.sidecars.scopeFor(proxyOf('shop', {}, 'router'), {});
    expect(services.map(({ attributes }) => attributes.namespace)).toEqual(['pay']);
  });

  it('is chosen for each listener on its own', () => {
    const scope = scopeOf([entry('pay', 1), entry('media', 2)], [['media/*'], ['pay/*']]);
    expect(scope.egress.map(({ services }) => services[0]?.attributes.namespace)).toEqual(['media', 'pay']);
    expect(scope.services.map(({ attributes }) => attributes.namespace)).toEqual(['media']);
  });
});

describe('several services of one host and namespace', () => {
  const host = 'api.example.com';
  const first = entryService(host, 'pay', { creationTime: 1, ports: [80] });

  it('become one with the ports of all', () => {
    const second = entryService(host, 'pay', { creationTime: 2, ports: [443, 80], serviceAccounts: ['x'] });
    const third = entryService(host, 'pay', { creationTime: 3, ports: [9000] });
    expect(text(scopeOf([third, second, first], undefined).services)).toEqual([`${host}:80,443,9000@pay`]);
  });

  it.each([
    ['resolution', { resolution: 'DNSLB' as const }],
    ['labels', { labels: { a: 'b' } }],
    ['selectors', { labelSelectors: { app: 'x' } }],
    ['exportTo', { exportTo: ['*'] }],
    ['registry', { provider: 'Consul' }],
  ])('stay the oldest one when their %s differ', (_what, change) => {
    const other = entryService(host, 'pay', { creationTime: 2, ports: [443], ...change });
    expect(text(scopeOf([first, other], undefined).services)).toEqual([`${host}:80@pay`]);
  });

  it('are merged whatever the order of exportTo', () => {
    const a = entryService(host, 'pay', { creationTime: 1, exportTo: ['shop', 'pay'] });
    const b = entryService(host, 'pay', { creationTime: 2, exportTo: ['pay', 'shop'], ports: [443] });
    expect(text(scopeOf([a, b], undefined).services)).toEqual([`${host}:80,443@pay`]);
  });

  it('give way to a Kubernetes service, which keeps their place', () => {
    const kubernetes = entryService(host, 'pay', { creationTime: 3, ports: [90], provider: 'Kubernetes' });
    const between = entryService('between.example.com', 'pay', { creationTime: 2 });
    const scope = scopeOf([first, between, kubernetes], undefined);
    expect(text(scope.services)).toEqual([`${host}:90@pay`, 'between.example.com:80@pay']);
    const older = entryService(host, 'pay', { creationTime: 9, ports: [443] });
    expect(text(scopeOf([kubernetes, older], undefined).services)).toEqual([`${host}:90@pay`]);
  });

  it('are the first one alone where every host is named in full, as Istio then looks each up', () => {
    const second = entryService(host, 'pay', { creationTime: 2, ports: [443] });
    expect(text(scopeOf([first, second], [[`pay/${host}`]]).services)).toEqual([`${host}:80@pay`]);
  });
});

describe('services that VirtualServices lead to', () => {
  const toward = (namespace: string, destination: Destination, sourceNamespace?: string) =>
    virtualService(`${namespace}/route`, {
      hosts: [orders.hostname],
      http: [
        {
          route: [{ destination }],
          ...(sourceNamespace !== undefined && { match: [{ sourceNamespace }] }),
        },
      ],
    });
  const scopeWith = (
    services: readonly Service[],
    route: ReturnType<typeof toward>,
    egress: Egress = [['./*']],
  ): string[] => {
    // The namespace of the route must be imported, its destination's need not be.
    return text(scopeOf([orders, ...services], egress, { objects: { virtualServices: [route] } }).services);
  };

  it('are added after what is imported, limited to the ports that routes name', () => {
    expect(scopeWith([cards], toward('shop', { host: cards.hostname, port: { number: 443 } }))).toEqual([
      'orders.shop:80@shop',
      'cards.pay:443@pay',
    ]);
  });

  it('have all ports when a route names none, and are left out when they lack the named one', () => {
    expect(scopeWith([cards], toward('shop', { host: cards.hostname }))).toContain('cards.pay:80,443@pay');
    expect(scopeWith([cards], toward('shop', { host: cards.hostname, port: { number: 9 } }))).toEqual([
      'orders.shop:80@shop',
    ]);
  });

  it('are found by a short name, as it is meant in the namespace of the VirtualService', () => {
    const hosts = kubernetesService('cards.shop', { exportTo: ['.'] });
    expect(scopeWith([hosts], toward('shop', { host: 'cards' }), [[`./${orders.hostname}`]])).toContain(
      'cards.shop:80@shop',
    );
  });

  it('are not added for routes of other source namespaces', () => {
    expect(scopeWith([cards], toward('shop', { host: cards.hostname }, 'media'))).toEqual([
      'orders.shop:80@shop',
    ]);
    expect(scopeWith([cards], toward('shop', { host: cards.hostname }, 'shop'))).toContain(
      'cards.pay:80,443@pay',
    );
  });

  it('are those of the own namespace, else of Kubernetes, else the oldest that is visible', () => {
    const host = 'api.example.com';
    const route = toward('shop', { host });
    const pay = entryService(host, 'pay', { creationTime: 2 });
    const media = entryService(host, 'media', { creationTime: 1 });
    const hidden = entryService(host, 'lab', { creationTime: 0, exportTo: ['.'] });
    const kubernetes = entryService(host, 'edge', { creationTime: 9, provider: 'Kubernetes' });
    const own = entryService(host, 'shop', { creationTime: 10 });
    const egress = [[`./${orders.hostname}`]];
    const namespaceFor = (...services: Service[]) => scopeWith(services, route, egress)[1]?.split('@')[1];
    expect(namespaceFor(pay, media, hidden)).toBe('media');
    expect(namespaceFor(pay, media, kubernetes)).toBe('edge');
    expect(namespaceFor(pay, media, kubernetes, own)).toBe('shop');
    expect(namespaceFor(hidden)).toBeUndefined();
  });

  it('do not replace what is imported', () => {
    const older = entryService('api.example.com', 'pay', { creationTime: 1 });
    const imported = entryService('api.example.com', 'media', { creationTime: 2 });
    const services = scopeWith([older, imported], toward('shop', { host: 'api.example.com' }), [
      ['./*', 'media/*'],
    ]);
    expect(services).toEqual(['orders.shop:80@shop', 'api.example.com:80@media']);
  });

  it('have the port of their listener', () => {
    const route = toward('shop', { host: cards.hostname });
    const egress: Egress = [{ hosts: ['./*'], port: { number: 80, protocol: 'HTTP', name: 'http' } }];
    expect(scopeWith([cards], route, egress)).toEqual(['orders.shop:80@shop', 'cards.pay:80@pay']);
  });

  it('come from mirrors and from tcp and tls routes too', () => {
    const route = virtualService('shop/route', {
      hosts: [orders.hostname],
      http: [
        {
          route: [],
          mirror: { host: 'a.example.com' },
          mirrors: [{ destination: { host: 'b.example.com' } }],
        },
      ],
      tcp: [{ route: [{ destination: { host: 'c.example.com' } }] }],
      tls: [{ match: [], route: [{ destination: { host: 'd.example.com' } }] }],
    });
    const services = ['a', 'b', 'c', 'd'].map((name) => entryService(`${name}.example.com`, 'pay'));
    expect(scopeWith(services, route).map((each) => each.split('.')[0])).toEqual([
      'orders',
      'a',
      'b',
      'c',
      'd',
    ]);
  });
});

describe('the VirtualServices of a listener', () => {
  const named = (key: string, host: string, exportTo: readonly string[] = [], time = 0) =>
    virtualService(key, { hosts: [host], exportTo }, time);

  it('are those for imported hosts: private, then exported, then public', () => {
    const virtualServices = [
      named('pay/public', 'a.example.com', [], 1),
      named('pay/exported', 'a.example.com', ['shop'], 2),
      named('shop/private', 'a.example.com', ['.'], 3),
      named('pay/hidden', 'a.example.com', ['.'], 4),
      named('pay/wildcard', '*.example.com', [], 5),
      named('pay/elsewhere', 'a.other.com', [], 6),
    ];
    const [egress] = scopeOf([], [['*/a.example.com']], { objects: { virtualServices } }).egress;
    expect(egress?.virtualServices.map(({ metadata }) => metadata.name)).toEqual([
      'private',
      'exported',
      'public',
      'wildcard',
    ]);
  });

  it('are not those whose hosts are all excluded', () => {
    const virtualServices = [
      named('pay/one', 'a.example.com'),
      virtualService('pay/two', { hosts: ['a.example.com', 'b.example.com'] }),
    ];
    const [egress] = scopeOf([], [['*/*', '~pay/a.example.com']], { objects: { virtualServices } }).egress;
    expect(egress?.virtualServices.map(({ metadata }) => metadata.name)).toEqual(['two']);
  });

  it('are only those of the mesh gateway', () => {
    const virtualServices = [
      virtualService('shop/edge', { hosts: ['a.example.com'], gateways: ['edge'] }),
      virtualService('shop/both', { hosts: ['a.example.com'], gateways: ['edge', 'mesh'] }),
    ];
    const [egress] = scopeOf([], undefined, { objects: { virtualServices } }).egress;
    expect(egress?.virtualServices.map(({ metadata }) => metadata.name)).toEqual(['both']);
  });
});
