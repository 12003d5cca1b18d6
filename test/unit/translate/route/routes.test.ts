import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import { decodeToJson, type JsonObject } from '../../../../src/envoy/json.js';
import type { EncodedResource } from '../../../../src/envoy/resource.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import { Memo } from '../../../../src/translate/memo.js';
import { translateRoutes } from '../../../../src/translate/route/routes.js';
import {
  destinationRule,
  discoveryOf,
  endpoint,
  kubernetesService,
  proxyOf,
  shard,
  sidecar,
  snapshotOf,
  virtualService,
  type TestInput,
} from '../../mesh/builders.js';

const sniffed = { name: 'anything', port: 9090, protocol: 'UnsupportedProtocol' } as const;
const orders = kubernetesService('orders.shop');
const stock = kubernetesService('stock.shop', { defaultAddress: '10.96.0.2', clusterVIPs: {} });
const admin = kubernetesService('admin.shop', { ports: [8080, sniffed] });
const services = [orders, stock, admin];

function routes(snapshot: Snapshot, memo: Memo, name: string, namespace = 'shop'): EncodedResource {
  const context = resolveProxy(snapshot, proxyOf(namespace));
  const [resource] = finish(translateRoutes(context, memo, new Set([name]))).resources;
  if (resource === undefined) throw new Error(`there are no routes ${name}`);
  return resource;
}

function json(input: TestInput, name: string): JsonObject {
  const { typeUrl, body } = routes(snapshotOf(input), new Memo(), name);
  return decodeToJson(typeUrl, body);
}

describe('routes of a sidecar', () => {
  it('are empty for a name that no listener gives', () => {
    for (const name of ['', 'orders', 'orders:http', 'http.80'])
      expect(json({ services }, name)).toEqual({ ...(name !== '' && { name }), validate_clusters: false });
  });

  it('have nothing but the way of everything else for a port that no service has', () => {
    expect(json({ services }, '7777')).toMatchObject({
      name: '7777',
      virtual_hosts: [{ name: 'allow_any' }],
    });
  });

  it('have no virtual host for a host that is no service’s on the port', () => {
    expect(json({ services }, 'orders.shop.svc.cluster.local:9090')).toEqual({
      name: 'orders.shop.svc.cluster.local:9090',
      validate_clusters: false,
      max_direct_response_body_size_bytes: 1048576,
      ignore_port_in_host_matching: true,
    });
  });

  it('have nothing but the way of everything else for a socket that no listener is on', () => {
    const sidecars = [sidecar('shop/one', [['./*']])];
    const listeners = [
      { port: { number: 0, protocol: 'HTTP', name: 's' }, bind: 'unix:///a', hosts: ['./*'] },
    ];
    const onSocket = [sidecar('shop/one', listeners)];
    expect(json({ services, objects: { sidecars: onSocket } }, 'unix:///b')['virtual_hosts']).toHaveLength(1);
    expect(
      json({ services, objects: { sidecars: onSocket } }, 'unix:///a')['virtual_hosts'],
    ).not.toHaveLength(1);
    expect(json({ services, objects: { sidecars } }, 'unix:///b')['virtual_hosts']).not.toHaveLength(1);
  });
});

describe('routes are the very same', () => {
  const input: TestInput = { services };

  it('when nothing but endpoints changed', () => {
    const memo = new Memo();
    const before = snapshotOf(input);
    const discovery = discoveryOf(services, [[orders, [shard([endpoint('10.0.0.9')])]]]);
    expect(routes(snapshotOf({ discovery }, before), memo, '80')).toBe(routes(before, memo, '80'));
  });

  it('when a service of another port changed', () => {
    const memo = new Memo();
    const before = snapshotOf(input);
    const other = kubernetesService('admin.shop', { ports: [8080, sniffed], defaultAddress: '10.96.0.9' });
    const now = snapshotOf({ services: [orders, stock, other] }, before);
    for (const name of ['80', 'http.80'])
      expect(routes(now, memo, name).version).toBe(routes(before, memo, name).version);
    expect(routes(now, memo, '80')).toBe(routes(before, memo, '80'));
  });

  it('when rules changed that hash no requests, or those to other services', () => {
    const memo = new Memo();
    const hash = { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } };
    const hashing = [destinationRule('shop/stock', { host: stock.hostname, trafficPolicy: hash })];
    const before = snapshotOf({ ...input, objects: { destinationRules: hashing } });
    const more = [...hashing, destinationRule('shop/orders', { host: orders.hostname })];
    const now = snapshotOf({ ...input, objects: { destinationRules: more } }, before);
    expect(routes(now, memo, '80')).toBe(routes(before, memo, '80'));
  });
});

describe('routes are made anew', () => {
  it('when a service of the port changed', () => {
    const memo = new Memo();
    const before = snapshotOf({ services });
    const moved = kubernetesService('stock.shop', { defaultAddress: '10.96.0.3', clusterVIPs: {} });
    const now = snapshotOf({ services: [orders, moved, admin] }, before);
    expect(routes(now, memo, '80').version).not.toBe(routes(before, memo, '80').version);
  });

  it('when a rule hashes requests to a service', () => {
    const memo = new Memo();
    const before = snapshotOf({ services });
    const hash = { loadBalancer: { consistentHash: { useSourceIp: true } } };
    const destinationRules = [destinationRule('shop/stock', { host: stock.hostname, trafficPolicy: hash })];
    const now = snapshotOf({ services, objects: { destinationRules } }, before);
    expect(routes(now, memo, '80').version).not.toBe(routes(before, memo, '80').version);
  });

  it('when a destination of a VirtualService gets another port', () => {
    const memo = new Memo();
    const virtualServices = [
      virtualService('shop/orders', {
        hosts: [orders.hostname],
        http: [{ route: [{ destination: { host: stock.hostname } }] }],
      }),
    ];
    const before = snapshotOf({ services, objects: { virtualServices } });
    const two = kubernetesService('stock.shop', { ports: [81, 82] });
    const now = snapshotOf({ services: [orders, two, admin], objects: { virtualServices } }, before);
    expect(routes(now, memo, '80').version).not.toBe(routes(before, memo, '80').version);
  });
});
