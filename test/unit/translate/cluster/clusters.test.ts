import { finish } from '../../../../src/base/piecewise.js';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../../../../src/config/kinds/networking.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import { translateClusters } from '../../../../src/translate/cluster/clusters.js';
import { Memo } from '../../../../src/translate/memo.js';
import {
  destinationRule,
  discoveryOf,
  endpoint,
  entryService,
  kubernetesService,
  object,
  proxyOf,
  shard,
  snapshotOf,
  type TestInput,
} from '../../mesh/builders.js';
import { clusterOf, clustersOf, contextOf, httpOptions } from './fixtures.js';

const orders = kubernetesService('orders.shop');
const stock = kubernetesService('stock.shop');
const outside = entryService('api.test', 'shop', { meshExternal: true });

describe('the clusters of a proxy', () => {
  it('come in the order of Istiod: services, fixed ones, inbound ones', () => {
    const port = orders.ports[0];
    if (port === undefined) throw new Error('orders has a port');
    const serviceTargets = [{ service: orders, port, targetPort: 8080 }];
    const context = { ...contextOf({ services: [orders, stock] }, { credential: 'true' }), serviceTargets };
    expect([...clustersOf(context).keys()]).toEqual([
      `outbound|80||${orders.hostname}`,
      `outbound|80||${stock.hostname}`,
      'BlackHoleCluster',
      'PassthroughCluster',
      'inbound|8080||',
      'InboundPassthroughCluster',
      'sds-external',
    ]);
  });

  it('pass nothing through on a router', () => {
    const names = [...clustersOf(contextOf({ services: [orders] }, {}, 'router')).keys()];
    expect(names).toEqual([`outbound|80||${orders.hostname}`, 'BlackHoleCluster']);
  });

  it('look up unknown hosts on a sidecar where the mesh says so', () => {
    const mesh = { outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } } as const;
    const name = 'AllowAnyDynamicDNSCluster';
    expect(clusterOf(contextOf({ mesh }), name)).toMatchObject({
      cluster_type: { typed_config: { allow_insecure_cluster_options: true } },
    });
    const tls = {
      outboundTrafficPolicy: { ...mesh.outboundTrafficPolicy, tls: { mode: 'SIMPLE' } },
    } as const;
    const secured = clusterOf(contextOf({ mesh: tls }), name);
    expect(secured).toMatchObject({
      typed_extension_protocol_options: {
        [httpOptions]: { upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true } },
      },
    });
    expect(JSON.stringify(secured)).not.toContain('allow_insecure');
    expect(clustersOf(contextOf({ mesh }, {}, 'router')).has(name)).toBe(false);
  });

  it('are for SNI too, without TLS, on a router that passes TLS through, for services of the mesh', () => {
    const server: Gateway['servers'][number] = {
      port: { number: 15443, protocol: 'TLS', name: 'tls' },
      bind: '',
      hosts: ['*.local'],
      defaultEndpoint: '',
      name: '',
      tls: { mode: 'AUTO_PASSTHROUGH' },
    };
    const gateways = [object('Gateway', 'shop/gw', { selector: {}, servers: [server] })];
    const context = contextOf({ services: [orders, outside], objects: { gateways } }, {}, 'router');
    const name = `outbound_.80_._.${orders.hostname}`;
    expect([...clustersOf(context).keys()].filter((each) => each.startsWith('outbound_'))).toEqual([name]);
    expect(clusterOf(context, name)).not.toHaveProperty('transport_socket_matches');
  });

  it('are those asked for by name', () => {
    const asked = new Set(['BlackHoleCluster', 'unknown']);
    expect([...clustersOf(contextOf({ services: [orders] }), asked).keys()]).toEqual(['BlackHoleCluster']);
  });

  it('are made for the families of addresses that the proxy has', () => {
    const passthrough = 'InboundPassthroughCluster';
    const bindOf = (ips: string) =>
      clusterOf(contextOf({}, { INSTANCE_IPS: ips }), passthrough)['upstream_bind_config'];
    expect(bindOf('10.0.0.1')).toMatchObject({ source_address: { address: '127.0.0.6' } });
    expect(bindOf('2001:db8::1')).toMatchObject({ source_address: { address: '::6' } });
    expect(bindOf('10.0.0.1,2001:db8::1')).toMatchObject({
      source_address: { address: '127.0.0.6' },
      extra_source_addresses: [{ address: { address: '::6' } }],
    });
  });

  it('keep the case of headers as the ProxyConfig of the proxy says, else that of the mesh', () => {
    const headers = { proxyHeaders: { preserveHttp1HeaderCase: true } };
    const keeps = (input: TestInput, metadata: Readonly<Record<string, unknown>>) =>
      JSON.stringify(clusterOf(contextOf(input, metadata), 'PassthroughCluster')).includes('preserve_case');
    const mesh = { defaultConfig: headers };
    expect(keeps({}, { PROXY_CONFIG: headers })).toBe(true);
    expect(keeps({ mesh }, {})).toBe(true);
    expect(keeps({ mesh }, { PROXY_CONFIG: { concurrency: 2 } })).toBe(false);
  });
});

describe('what is made once', () => {
  const memo = new Memo();
  const shards = (...addresses: string[]) => [shard(addresses.map((address) => endpoint(address)))] as const;

  function clustersIn(
    snapshot: Snapshot,
    metadata: Readonly<Record<string, unknown>> = {},
    namespace = 'shop',
  ) {
    const { resources } = finish(
      translateClusters(resolveProxy(snapshot, proxyOf(namespace, metadata)), memo),
    );
    return new Map(resources.map((resource) => [resource.name, resource]));
  }

  it('is shared by proxies that are alike', () => {
    const snapshot = snapshotOf({ services: [orders, stock] });
    const first = clustersIn(snapshot);
    const second = clustersIn(snapshot, { LABELS: { app: 'other' } }, 'elsewhere');
    expect([...first.keys()]).toEqual([...second.keys()]);
    for (const [name, resource] of first) expect(second.get(name)).toBe(resource);
  });

  it('is not shared with proxies of which something matters', () => {
    const snapshot = snapshotOf({ services: [orders] });
    const name = `outbound|80||${orders.hostname}`;
    expect(clustersIn(snapshot, { ISTIO_VERSION: '' }).get(name)).not.toBe(clustersIn(snapshot).get(name));
  });

  it('stays when endpoints change', () => {
    const input = (...addresses: string[]): TestInput => ({
      discovery: discoveryOf([orders], [[orders, shards(...addresses)]]),
    });
    const before = snapshotOf(input('10.0.0.1'));
    const after = snapshotOf(input('10.0.0.2', '10.0.0.3'), before);
    expect(clustersIn(after)).toEqual(clustersIn(before));
    const name = `outbound|80||${orders.hostname}`;
    expect(clustersIn(after).get(name)).toBe(clustersIn(before).get(name));
  });

  it('changes for the service that a rule is for, and for no other', () => {
    const rule = destinationRule('shop/orders', {
      host: orders.hostname,
      trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
    });
    const services = { services: [orders, stock] };
    const before = snapshotOf(services);
    const after = snapshotOf({ ...services, objects: { destinationRules: [rule] } }, before);
    const changed = [...clustersIn(after)].filter(
      ([name, resource]) => clustersIn(before).get(name) !== resource,
    );
    expect(changed.map(([name]) => name)).toEqual([`outbound|80||${orders.hostname}`]);
  });

  it('has a version that depends on its content alone', () => {
    const name = `outbound|80||${orders.hostname}`;
    const version = (snapshot: Snapshot) =>
      finish(translateClusters(resolveProxy(snapshot, proxyOf('shop')), new Memo())).resources.find(
        (each) => each.name === name,
      )?.version;
    expect(version(snapshotOf({ services: [orders] }))).toBe(
      version(snapshotOf({ services: [orders, stock] })),
    );
  });
});

describe('the clusters of a gRPC client', () => {
  const client = { GENERATOR: 'grpc' };
  const name = `outbound|80||${orders.hostname}`;

  it('are those asked for that are known, with nothing that gRPC does not need', () => {
    const context = contextOf({ services: [orders] }, client);
    const asked = new Set([
      name,
      `outbound|80|v9|${orders.hostname}`,
      `outbound|81||${orders.hostname}`,
      'PassthroughCluster',
    ]);
    expect([...clustersOf(context, asked).values()]).toEqual([
      {
        name,
        alt_stat_name: `${name};`,
        type: 'EDS',
        eds_cluster_config: { service_name: name, eds_config: { ads: {} } },
      },
    ]);
    expect([...clustersOf(context).keys()]).toEqual([]);
  });

  it('follow what gRPC knows of a rule', () => {
    const trafficPolicy = {
      tls: { mode: 'ISTIO_MUTUAL' },
      connectionPool: { http: { http2MaxRequests: 7 } },
      loadBalancer: { simple: 'RANDOM' },
    } as const;
    const destinationRules = [destinationRule('shop/orders', { host: orders.hostname, trafficPolicy })];
    const context = contextOf({ services: [orders], objects: { destinationRules } }, client);
    const cluster = clustersOf(context, new Set([name])).get(name);
    expect(cluster).toMatchObject({
      circuit_breakers: { thresholds: [{ max_requests: 7 }] },
      transport_socket: {
        typed_config: {
          common_tls_context: {
            tls_certificate_provider_instance: { instance_name: 'default', certificate_name: 'default' },
          },
        },
      },
    });
    expect(cluster).not.toHaveProperty('lb_policy');
  });
});
