import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import type { EncodedResource } from '../../../../src/envoy/resource.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import { translateGrpcRoutes } from '../../../../src/translate/grpc/routes.js';
import { Memo } from '../../../../src/translate/memo.js';
import {
  kubernetesService,
  proxyOf,
  snapshotOf,
  virtualService,
  type TestInput,
} from '../../mesh/builders.js';
import { grpcContext, made } from './fixtures.js';

const orders = kubernetesService('orders.shop', { ports: [7070] });
const stock = kubernetesService('stock.shop', {
  ports: [7070],
  defaultAddress: '10.96.0.2',
  clusterVIPs: {},
});
const ordersRoutes = `outbound|7070||${orders.hostname}`;

function routes(context: ProxyContext, memo: Memo, ...names: string[]): readonly EncodedResource[] {
  return finish(translateGrpcRoutes(context, memo, new Set(names))).resources;
}

function routed(sourceLabels: Readonly<Record<string, string>>): TestInput {
  const virtualServices = [
    virtualService('shop/orders', {
      hosts: [orders.hostname],
      http: [
        { name: 'routed', match: [{ sourceLabels }], route: [{ destination: { host: stock.hostname } }] },
      ],
    }),
  ];
  return { services: [orders, stock], objects: { virtualServices } };
}

describe('routes of a gRPC client', () => {
  it('are those of one service', () => {
    const resources = made(
      translateGrpcRoutes(grpcContext({ services: [orders, stock] }), new Memo(), new Set([ordersRoutes])),
    );
    expect(resources.get(ordersRoutes)).toMatchObject({
      virtual_hosts: [
        { name: 'orders.shop.svc.cluster.local:7070', routes: [{ route: { cluster: ordersRoutes } }] },
      ],
    });
  });

  it('are not there for a name that is none of a cluster', () => {
    const names = [
      '',
      'orders',
      '7070',
      'outbound|x||orders',
      'outbound|0||orders',
      'outbound|7070||',
      'a|b|c|d|e',
    ];
    expect(routes(grpcContext({ services: [orders] }), new Memo(), ...names)).toEqual([]);
  });

  it('are empty for a service that is not known, of which nothing is kept', () => {
    const memo = new Memo();
    const context = grpcContext({ services: [orders] });
    routes(context, memo, ordersRoutes);
    const { size } = memo;
    const names = Array.from(
      { length: 100 },
      (_, number) => `outbound|${7000 + number}||gone-${number}.test`,
    );
    const resources = made(translateGrpcRoutes(context, memo, new Set(names)));
    expect([...resources.values()]).toEqual(names.map((name) => ({ name })));
    expect(memo.size).toBe(size);
  });

  it('are the same object for all clients that see the same, whatever their labels and addresses', () => {
    const memo = new Memo();
    const snapshot = snapshotOf({ services: [orders, stock] });
    const [one] = routes(resolveProxy(snapshot, proxyOf('shop', { GENERATOR: 'grpc' })), memo, ordersRoutes);
    const metadata = { GENERATOR: 'grpc', LABELS: { app: 'other' }, INSTANCE_IPS: '10.0.0.9' };
    const [other] = routes(resolveProxy(snapshot, proxyOf('shop', metadata)), memo, ordersRoutes);
    expect(other).toBe(one);
  });

  it('differ by labels where a VirtualService asks for labels', () => {
    const memo = new Memo();
    const snapshot = snapshotOf(routed({ app: 'web' }));
    const names = ['web', 'other'].map((app) => {
      const context = resolveProxy(snapshot, proxyOf('shop', { GENERATOR: 'grpc', LABELS: { app } }));
      return made(translateGrpcRoutes(context, memo, new Set([ordersRoutes]))).get(ordersRoutes);
    });
    expect(names).toMatchObject([
      { virtual_hosts: [{ routes: [{ name: 'routed' }] }] },
      { virtual_hosts: [{ routes: [{ name: 'default' }] }] },
    ]);
  });

  it('are made a piece at a time, so that many services hold nobody up', () => {
    const services = Array.from({ length: 500 }, (_, number) =>
      kubernetesService(`s${number}.shop`, { ports: [7070] }),
    );
    const work = translateGrpcRoutes(
      grpcContext({ services }),
      new Memo(),
      new Set(['outbound|7070||s1.shop.svc.cluster.local']),
    );
    let pieces = 0;
    while (work.next().done !== true) pieces += 1;
    expect(pieces).toBeGreaterThan(services.length);
  });
});
