import { describe, expect, it } from 'vitest';
import type { ConnectionPoolSettings, DestinationRule } from '../../../../src/config/kinds/traffic-policy.js';
import type { MergedDestinationRule } from '../../../../src/mesh/snapshot.js';
import { Memo } from '../../../../src/translate/memo.js';
import { clusterView } from '../../../../src/translate/cluster/cluster-view.js';
import { buildOutboundClusters } from '../../../../src/translate/cluster/outbound.js';
import { outboundInput } from '../../../../src/translate/cluster/outbound-input.js';
import {
  destinationRule,
  discoveryOf,
  endpoint,
  entryService,
  kubernetesService,
  shard,
} from '../../mesh/builders.js';
import { clusterOf, clustersOf, contextOf } from './fixtures.js';

const orders = kubernetesService('orders.shop', {
  ports: [80, { name: 'udp', port: 53, protocol: 'UDP' }, { name: 'tcp', port: 9000, protocol: 'TCP' }],
});
const host = orders.hostname;

function ruleFor(hostname: string, spec: Partial<DestinationRule>) {
  return { destinationRules: [destinationRule('shop/rule', { host: hostname, ...spec })] };
}

/** Names of the clusters of services, in their order. */
function serviceClusters(...args: Parameters<typeof contextOf>): string[] {
  return [...clustersOf(contextOf(...args)).keys()].filter((name) => name.startsWith('outbound'));
}

describe('the clusters of a service', () => {
  it('are for each port the service and then its subsets, without UDP', () => {
    const subsets = [
      { name: 'v2', labels: {} },
      { name: 'v1', labels: {} },
    ];
    const objects = ruleFor(host, { subsets });
    expect(serviceClusters({ services: [orders], objects })).toEqual([
      `outbound|80||${host}`,
      `outbound|80|v2|${host}`,
      `outbound|80|v1|${host}`,
      `outbound|9000||${host}`,
      `outbound|9000|v2|${host}`,
      `outbound|9000|v1|${host}`,
    ]);
  });

  it('are none for an alias', () => {
    const alias = kubernetesService('alias.shop', { resolution: 'Alias', externalName: host });
    expect(serviceClusters({ services: [alias] })).toEqual([]);
  });

  it('are none where names are looked up and there is no endpoint to look up', () => {
    const dns = entryService('api.test', 'shop', { resolution: 'DNSLB' });
    const shards = [shard([endpoint('api.test', { tlsMode: 'disabled' })])];
    expect(serviceClusters({ discovery: discoveryOf([dns]) })).toEqual([]);
    expect(serviceClusters({ discovery: discoveryOf([dns], [[dns, shards]]) })).toEqual([
      'outbound|80||api.test',
    ]);
  });

  it('are of the kind that the resolution and the proxy ask for', () => {
    const headless = kubernetesService('db.shop', { resolution: 'Passthrough' });
    const typeFor = (type: 'sidecar' | 'router') =>
      clusterOf(contextOf({ services: [headless] }, {}, type), `outbound|80||${headless.hostname}`)['type'];
    expect(typeFor('sidecar')).toBe('ORIGINAL_DST');
    expect(typeFor('router')).toBe('EDS');
  });

  it('keep the settings of DNS but not the endpoints where a rule passes connections through', () => {
    const dns = entryService('api.test', 'shop', { resolution: 'DNSLB', meshExternal: true });
    const discovery = discoveryOf([dns], [[dns, [shard([endpoint('api.test')])]]]);
    const trafficPolicy = { loadBalancer: { simple: 'PASSTHROUGH' } } as const;
    const objects = ruleFor('api.test', {
      trafficPolicy,
      subsets: [{ name: 'v1', labels: {}, trafficPolicy }],
    });
    const context = contextOf({ discovery, objects });
    const whole = clusterOf(context, 'outbound|80||api.test');
    expect(whole).toMatchObject({
      type: 'ORIGINAL_DST',
      lb_policy: 'CLUSTER_PROVIDED',
      dns_refresh_rate: '60s',
    });
    expect(whole).not.toHaveProperty('load_assignment');
    const subset = clusterOf(context, 'outbound|80|v1|api.test');
    expect(subset).toMatchObject({ type: 'ORIGINAL_DST' });
    expect(subset).not.toHaveProperty('dns_refresh_rate');
  });

  it('go to the port that an entry without endpoints names', () => {
    const none = entryService('feed.test', 'shop', {
      resolution: 'Passthrough',
      passthroughTargetPorts: { 80: 8080 },
    });
    const overrideFor = (type: 'sidecar' | 'router') =>
      clusterOf(contextOf({ services: [none] }, {}, type), 'outbound|80||feed.test')[
        'original_dst_lb_config'
      ];
    expect(overrideFor('sidecar')).toEqual({ upstream_port_override: 8080 });
    expect(overrideFor('router')).toBeUndefined();
  });

  it('look up what requests name for a wildcard, for protocols that name a host, and without subsets', () => {
    const ports = [80, { name: 'tcp', port: 9000, protocol: 'TCP' as const }];
    const wildcard = entryService('*.test', 'shop', { resolution: 'DynamicDNS', meshExternal: true, ports });
    const objects = ruleFor('*.test', { subsets: [{ name: 'v1', labels: {} }] });
    const context = contextOf({ services: [wildcard], objects });
    expect([...clustersOf(context).keys()].filter((name) => name.startsWith('outbound'))).toEqual([
      'outbound|80||*.test',
    ]);
    expect(clusterOf(context, 'outbound|80||*.test')).toMatchObject({
      lb_policy: 'CLUSTER_PROVIDED',
      cluster_type: {
        typed_config: { dns_cache_config: { name: '*.test_dfp_dns_cache', dns_lookup_family: 'V4_ONLY' } },
      },
    });
  });
});

describe('metadata of a cluster', () => {
  it('names the service and the rule, and the subset on a subset only', () => {
    const objects = ruleFor(host, { subsets: [{ name: 'v1', labels: {} }] });
    const context = contextOf({ services: [orders], objects });
    const services = [{ host, name: 'orders', namespace: 'shop' }];
    const config = '/apis/networking.istio.io/v1/namespaces/shop/destination-rule/rule';
    const istio = (name: string) => clusterOf(context, name)['metadata'];
    expect(istio(`outbound|80||${host}`)).toEqual({ filter_metadata: { istio: { config, services } } });
    expect(istio(`outbound|80|v1|${host}`)).toEqual({
      filter_metadata: { istio: { config, services, subset: 'v1' } },
    });
  });

  it('says that the whole service is outside the mesh, unless it is reached through tunnels', () => {
    const outside = entryService('api.test', 'shop', { meshExternal: true });
    const metadataWith = (labels: Record<string, string>) =>
      clusterOf(
        contextOf({
          discovery: discoveryOf([outside], [[outside, [shard([endpoint('1.1.1.1', { labels })])]]]),
        }),
        'outbound|80||api.test',
      )['metadata'];
    expect(metadataWith({})).toMatchObject({ filter_metadata: { istio: { external: true } } });
    const tunnelled = metadataWith({ 'networking.istio.io/tunnel': 'http' });
    expect(tunnelled).toMatchObject({ filter_metadata: { istio: { disable_mx: true } } });
    expect(JSON.stringify(tunnelled)).not.toContain('external');
  });
});

describe('TLS of a cluster', () => {
  const sni = `outbound_.80_._.${host}`;
  const alpnOf = (cluster: object) => JSON.stringify(cluster).match(/"alpn_protocols":(\[[^\]]*\])/)?.[1];

  it('is chosen by endpoint where nobody asked for it', () => {
    const cluster = clusterOf(contextOf({ services: [orders] }), `outbound|80||${host}`);
    expect(cluster['transport_socket_matches']).toMatchObject([
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transport_socket: { typed_config: { sni } } },
      {
        name: 'tlsMode-disabled',
        match: {},
        transport_socket: { name: 'envoy.transport_sockets.raw_buffer' },
      },
    ]);
    expect(alpnOf(cluster)).toBe('["istio-peer-exchange","istio"]');
  });

  it('is not chosen for an Envoy without Istio, and a rule for it names no metadata exchange', () => {
    const plain = { ISTIO_VERSION: '' };
    const name = `outbound|80||${host}`;
    const unasked = clusterOf(contextOf({ services: [orders] }, plain), name);
    expect(unasked).not.toHaveProperty('transport_socket_matches');
    expect(unasked).not.toHaveProperty('filters');
    const objects = ruleFor(host, { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } });
    expect(alpnOf(clusterOf(contextOf({ services: [orders], objects }, plain), name))).toBe('["istio"]');
  });

  it('is left out for a sidecar where a rule for everybody names a secret', () => {
    const tls = { mode: 'SIMPLE', credentialName: 'secret' } as const;
    const name = `outbound|80||${host}`;
    const objects = ruleFor(host, { trafficPolicy: { tls } });
    const sidecar = clusterOf(contextOf({ services: [orders], objects }), name);
    expect(sidecar).not.toHaveProperty('transport_socket');
    const router = clusterOf(contextOf({ services: [orders], objects }, {}, 'router'), name);
    expect(JSON.stringify(router['transport_socket'])).toContain('"kubernetes://secret-cacert"');
  });

  it('is wrapped where a rule asks for the PROXY protocol, and so is plain text', () => {
    const tls = { mode: 'DISABLE' } as const;
    const objects = ruleFor(host, { trafficPolicy: { tls, proxyProtocol: { version: 'V2' } } });
    const cluster = clusterOf(contextOf({ services: [orders], objects }), `outbound|80||${host}`);
    expect(cluster['transport_socket']).toMatchObject({
      name: 'envoy.transport_sockets.upstream_proxy_protocol',
      typed_config: { config: { version: 'V2' }, transport_socket: { name: 'raw_buffer' } },
    });
  });

  it('is a problem where a certificate is missing, and the cluster is served without', () => {
    const tls = { mode: 'MUTUAL', clientCertificate: '/cert' } as const;
    const objects = ruleFor(host, { trafficPolicy: { tls } });
    const context = contextOf({ services: [orders], objects });
    const memo = new Memo();
    const input = outboundInput(context, orders, clusterView(context), 'default', memo);
    const { resources, problems } = buildOutboundClusters(input);
    expect(resources.map(({ name }) => name)).toContain(`outbound|80||${host}`);
    expect(problems[0]?.subject).toBe(`outbound|80||${host}`);
    expect(problems[0]?.message).toContain('privateKey');
  });
});

describe('a port that cannot be translated', () => {
  it('is a problem and does not disturb the others', () => {
    const context = contextOf({ services: [orders] });
    const input = outboundInput(context, orders, clusterView(context), 'default', new Memo());
    const rule: MergedDestinationRule = {
      ...{ name: 'rule', namespace: 'shop', host, subsets: [], exportTo: [], from: [] },
      trafficPolicy: {
        portLevelSettings: [
          {
            port: 80,
            get connectionPool(): ConnectionPoolSettings {
              throw new Error('no pool');
            },
          },
        ],
      },
    };
    const { resources, problems } = buildOutboundClusters({ ...input, rule });
    expect(resources.map(({ name }) => name)).toEqual([`outbound|9000||${host}`]);
    expect(problems).toEqual([
      { subject: `outbound|80||${host}`, message: expect.stringContaining('no pool') as string },
    ]);
  });
});
