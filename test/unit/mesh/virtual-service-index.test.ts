import { describe, expect, it } from 'vitest';
import { completeNames, resolveGatewayName } from '../../../src/mesh/virtual-service-names.js';
import type { HttpRoute } from '../../../src/config/kinds/virtual-service.js';
import { namespace, snapshotOf, virtualService } from './builders.js';

describe('who sees a VirtualService by its exportTo', () => {
  const onlyOwn = { defaultVirtualServiceExportTo: ['.'] };
  it.each([
    [[], {}, 'shop pay media'],
    [['*'], {}, 'shop pay media'],
    [['.'], {}, 'shop'],
    [['shop'], {}, 'shop'],
    [['pay'], {}, 'pay'],
    [['.', 'pay'], {}, 'shop pay'],
    [['~'], {}, ''],
    [['~', 'pay'], {}, ''],
    [[], onlyOwn, 'shop'],
    [['*'], onlyOwn, 'shop pay media'],
    [[], { defaultVirtualServiceExportTo: ['~'] }, ''],
  ])('%j under %j: %s', (exportTo, mesh, expected) => {
    const virtualServices = [virtualService('shop/route', { hosts: ['a.example.com'], exportTo })];
    const index = snapshotOf({ objects: { virtualServices }, mesh }).virtualServices;
    const seenBy = ['shop', 'pay', 'media'].filter((name) => index.visibleTo(name, 'mesh').length > 0);
    expect(seenBy.join(' ')).toBe(expected);
  });
});

describe('the VirtualServices of a gateway', () => {
  it('are those that name it, or name none for the mesh', () => {
    const virtualServices = [
      virtualService('shop/none', { hosts: ['a.example.com'] }),
      virtualService('shop/mesh', { hosts: ['a.example.com'], gateways: ['mesh', 'edge'] }),
      virtualService('pay/edge', { hosts: ['a.example.com'], gateways: ['shop/edge'] }),
    ];
    const index = snapshotOf({ objects: { virtualServices } }).virtualServices;
    const names = (gateway: string) => index.visibleTo('media', gateway).map(({ metadata }) => metadata.name);
    expect(names('mesh')).toEqual(['mesh', 'none']);
    expect(names('shop/edge')).toEqual(['edge', 'mesh']);
    expect(names('pay/edge')).toEqual([]);
  });

  it('come oldest first, private ones before exported ones before public ones', () => {
    const hosts = ['a.example.com'];
    const virtualServices = [
      virtualService('pay/public-late', { hosts }, 9),
      virtualService('pay/public', { hosts }, 1),
      virtualService('pay/exported', { hosts, exportTo: ['shop'] }, 2),
      virtualService('shop/private', { hosts, exportTo: ['.'] }, 3),
      virtualService('shop/public-own', { hosts }, 0),
    ];
    const index = snapshotOf({ objects: { virtualServices } }).virtualServices;
    expect(index.visibleTo('shop', 'mesh').map(({ metadata }) => metadata.name)).toEqual([
      'private',
      'exported',
      'public-own',
      'public',
      'public-late',
    ]);
    expect(index.visibleTo('media', 'mesh')).toBe(index.visibleTo('lab', 'mesh'));
  });

  it('are only those of namespaces that discovery selects', () => {
    const virtualServices = ['shop', 'pay', 'lab'].map((name) =>
      virtualService(`${name}/route`, { hosts: ['a.example.com'] }),
    );
    const namespaces = [namespace('shop', { mesh: 'on' }), namespace('pay')];
    const mesh = { discoverySelectors: [{ matchLabels: { mesh: 'on' }, matchExpressions: [] }] };
    const { all } = snapshotOf({ objects: { virtualServices, namespaces }, mesh }).virtualServices;
    expect(all.map(({ metadata }) => metadata.namespace)).toEqual(['shop']);
  });
});

describe('short names', () => {
  it('are completed in hosts, gateways and every destination', () => {
    const destination = { host: 'orders', subset: 'v1' };
    const spec = virtualService('shop/x', {
      hosts: ['orders', 'www.example.com', '*', '10.0.0.1'],
      gateways: ['mesh', 'edge', './own', 'pay/theirs', 'old.pay.svc.cluster.local'],
      http: [
        { match: [{ gateways: ['edge'] }, {}], route: [{ destination, weight: 3 }], mirror: destination },
        { mirrors: [{ destination, percentage: 5 }] },
      ],
      tcp: [{ match: [{ gateways: ['edge'], port: 7 }], route: [{ destination }] }],
      tls: [{ match: [{ sniHosts: ['orders'], gateways: ['edge'] }], route: [{ destination }] }],
    }).spec;
    const full = { host: 'orders.shop.svc.corp', subset: 'v1' };
    expect(completeNames(spec, 'shop', 'corp')).toEqual({
      ...spec,
      hosts: ['orders.shop.svc.corp', 'www.example.com', '*', '10.0.0.1'],
      gateways: ['mesh', 'shop/edge', 'shop/own', 'pay/theirs', 'pay/old'],
      http: [
        { match: [{ gateways: ['shop/edge'] }, {}], route: [{ destination: full, weight: 3 }], mirror: full },
        { mirrors: [{ destination: full, percentage: 5 }] },
      ],
      tcp: [{ match: [{ gateways: ['shop/edge'], port: 7 }], route: [{ destination: full }] }],
      tls: [{ match: [{ sniHosts: ['orders'], gateways: ['shop/edge'] }], route: [{ destination: full }] }],
    });
  });

  it('leave an object the same in which there are none', () => {
    const object = virtualService('shop/x', {
      hosts: ['orders.shop.svc.cluster.local'],
      http: [{ route: [{ destination: { host: 'orders.shop.svc.cluster.local' } }] }],
    });
    expect(snapshotOf({ objects: { virtualServices: [object] } }).virtualServices.all[0]).toBe(object);
  });

  it.each([
    ['edge', 'shop/edge'],
    ['mesh', 'mesh'],
    ['./edge', 'shop/edge'],
    ['pay/edge', 'pay/edge'],
    ['edge.pay', 'pay/edge'],
    ['edge.pay.svc.cluster.local', 'pay/edge'],
  ])('of gateways: %s is %s', (name, expected) => {
    expect(resolveGatewayName(name, 'shop')).toBe(expected);
  });
});

describe('delegates', () => {
  const root = (route: HttpRoute) =>
    virtualService('shop/root', { hosts: ['a.example.com'], http: [route, { name: 'last' }] });
  const routesOf = (...objects: readonly ReturnType<typeof root>[]) =>
    snapshotOf({ objects: { virtualServices: objects } }).virtualServices.all.find(
      ({ metadata }) => metadata.name === 'root',
    )?.spec.http;
  const delegate = (key: string, exportTo: readonly string[] = []) =>
    virtualService(key, {
      exportTo,
      http: [{ name: 'one', route: [{ destination: { host: 'orders' } }] }, { name: 'two' }],
    });

  it('put their routes in the place of the one that names them, with their own short names completed', () => {
    expect(
      routesOf(root({ name: 'to', delegate: { name: 'part', namespace: 'pay' } }), delegate('pay/part')),
    ).toEqual([
      { name: 'to-one', route: [{ destination: { host: 'orders.pay.svc.cluster.local' } }] },
      { name: 'to-two' },
      { name: 'last' },
    ]);
  });

  it('are of the namespace of the root unless it says otherwise', () => {
    expect(
      routesOf(root({ delegate: { name: 'part' } }), delegate('shop/part'), delegate('pay/part'))?.[0],
    ).toEqual({
      name: 'one',
      route: [{ destination: { host: 'orders.shop.svc.cluster.local' } }],
    });
  });

  it.each([
    ['is not there', []],
    ['is not exported to the root', [delegate('pay/part', ['.'])]],
    [
      'has hosts of its own',
      [virtualService('pay/part', { hosts: ['b.example.com'], http: [{ name: 'one' }] })],
    ],
  ])('leave the route out when the delegate %s', (_why, objects) => {
    expect(routesOf(root({ delegate: { name: 'part', namespace: 'pay' } }), ...objects)).toEqual([
      { name: 'last' },
    ]);
  });

  it('are no VirtualServices of their own', () => {
    const virtualServices = [root({ delegate: { name: 'part' } }), delegate('shop/part')];
    const index = snapshotOf({ objects: { virtualServices } }).virtualServices;
    expect(index.all.map(({ metadata }) => metadata.name)).toEqual(['root']);
  });

  it('make only the roots anew that name them', () => {
    const other = virtualService('shop/other', { hosts: ['short'] });
    const first = root({ delegate: { name: 'part' } });
    const build = (part: ReturnType<typeof root>, previous?: Parameters<typeof snapshotOf>[1]) =>
      snapshotOf({ objects: { virtualServices: [first, other, part] } }, previous);
    const before = build(delegate('shop/part'));
    const named = (snapshot: typeof before, name: string) =>
      snapshot.virtualServices.all.find(({ metadata }) => metadata.name === name);
    const again = build(delegate('shop/part'), before);
    expect(named(again, 'root')).toBe(named(before, 'root'));
    const edited = build(virtualService('shop/part', { http: [{ name: 'other' }] }), before);
    expect(named(edited, 'other')).toBe(named(before, 'other'));
    expect(named(edited, 'root')).not.toBe(named(before, 'root'));
    const gone = build(delegate('lab/unrelated'), before);
    expect(named(gone, 'root')?.spec.http).toEqual([{ name: 'last' }]);
  });
});
