import { noSafety } from '../../../src/registry/safety.js';
import { describe, expect, it } from 'vitest';
import { resolveProxy } from '../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../src/mesh/snapshot.js';
import { workloadKey, type Workload } from '../../../src/model/workload.js';
import { serviceResourceName, type Service } from '../../../src/model/service.js';
import { aggregate } from '../../../src/registry/aggregate.js';
import {
  destinationRule,
  gateway,
  kubernetesService,
  proxyOf,
  sidecar,
  snapshotOf,
  type TestInput,
} from './builders.js';

const pod: Workload = {
  kind: 'Pod',
  name: 'web',
  namespace: 'shop',
  cluster: 'Kubernetes',
  addresses: ['10.0.0.1'],
  labels: { app: 'web', team: 'pod' },
  endpointLabels: {},
  ports: {},
  containerPorts: [],
  serviceAccount: '',
  network: '',
  locality: 'eu/west',
  weight: 0,
  tlsMode: 'istio',
  workloadName: 'web',
  ready: true,
  dnsServiceEntryOnly: false,
  provenance: { registry: 'Kubernetes/Kubernetes' },
};

/** What one Kubernetes registry holds. */
function cluster(services: readonly Service[], workloads: readonly Workload[]) {
  return aggregate([
    {
      provider: 'Kubernetes',
      cluster: 'Kubernetes',
      synced: true,
      status: { state: 'healthy' },
      services: new Map(services.map((service) => [serviceResourceName(service), service])),
      endpoints: new Map(),
      workloads: new Map(workloads.map((workload) => [workloadKey(workload), workload])),
      gateways: [],
      quarantined: [],
      safety: noSafety,
    },
  ]);
}

function contextOf(proxy: ProxyContext['proxy'], input: TestInput = {}): ProxyContext {
  return resolveProxy(snapshotOf({ discovery: cluster([], [pod]), ...input }), proxy);
}

describe('the labels and locality of a proxy', () => {
  it('are those of its workload over its static ones, with its place added', () => {
    const metadata = {
      LABELS: { app: 'other', only: 'metadata' },
      STATIC_LABELS: { team: 'static', extra: 'static' },
      NODE_NAME: 'node-1',
      NETWORK: 'net',
    };
    const { labels, locality } = contextOf(proxyOf('shop', metadata));
    expect(labels).toEqual({
      app: 'web',
      team: 'pod',
      extra: 'static',
      'topology.kubernetes.io/region': 'eu',
      'topology.kubernetes.io/zone': 'west',
      'topology.istio.io/cluster': 'Kubernetes',
      'topology.istio.io/network': 'net',
      'kubernetes.io/hostname': 'node-1',
    });
    expect(locality).toEqual({ region: 'eu', zone: 'west', subZone: '' });
  });

  it('are those of its metadata, and the locality of its node, when its workload is not known', () => {
    const metadata = { LABELS: { app: 'vm' }, STATIC_LABELS: { extra: 'static' } };
    const proxy = { ...proxyOf('pay', metadata), locality: { region: 'us', zone: '', subZone: '' } };
    const { labels, locality } = contextOf(proxy);
    expect(labels).toEqual({
      app: 'vm',
      'topology.kubernetes.io/region': 'us',
      'topology.istio.io/cluster': 'Kubernetes',
    });
    expect(locality).toEqual({ region: 'us', zone: '', subZone: '' });
  });

  it('choose its Sidecar and its DestinationRules', () => {
    const orders = kubernetesService('orders.shop');
    const selector = { labels: { team: 'pod' } };
    const objects = {
      sidecars: [sidecar('shop/chosen', [['./*']], { workloadSelector: selector })],
      destinationRules: [
        destinationRule('shop/chosen', {
          host: 'orders',
          workloadSelector: { matchLabels: { team: 'pod' } },
        }),
      ],
    };
    const context = contextOf(proxyOf('shop'), { objects });
    expect(context.scope.sidecar?.metadata.name).toBe('chosen');
    const rule = context.snapshot.destinationRules.forOutbound(orders, 'shop', context.labels);
    expect(rule?.name).toBe('chosen');
  });
});

describe('what a proxy serves and which gateways it is', () => {
  it('are the ports of the services that select its workload, by their age', () => {
    const newer = kubernetesService('b.shop', {
      creationTime: 2,
      labelSelectors: { app: 'web' },
      ports: [{ name: 'http', port: 80, protocol: 'HTTP', targetPort: 8080 }],
    });
    const older = kubernetesService('a.shop', {
      creationTime: 1,
      labelSelectors: { team: 'pod' },
      ports: [90],
    });
    const other = kubernetesService('c.shop', { labelSelectors: { app: 'other' } });
    const { serviceTargets } = contextOf(proxyOf('shop'), {
      discovery: cluster([newer, other, older], [pod]),
    });
    expect(serviceTargets.map(({ service, targetPort }) => [service.attributes.name, targetPort])).toEqual([
      ['a', 90],
      ['b', 8080],
    ]);
  });

  it('are for a router the Gateways that select it or select nothing, oldest first', () => {
    const gateways = [
      gateway('shop/all', {}, 3),
      gateway('pay/edge', { istio: 'edge' }, 2),
      gateway('pay/other', { istio: 'other' }, 1),
    ];
    const metadata = { LABELS: { istio: 'edge' } };
    const names = (type: 'router' | 'sidecar') =>
      contextOf(proxyOf('edge', metadata, type), { objects: { gateways } }).gateways.map(
        ({ metadata: { name } }) => name,
      );
    expect(names('router')).toEqual(['edge', 'all']);
    expect(names('sidecar')).toEqual([]);
  });
});

describe('automatic mutual TLS', () => {
  const plain = { ISTIO_VERSION: undefined };
  it.each([
    ['Istio’s proxy', {}, true, true],
    ['Istio’s proxy when the mesh turns it off', {}, false, false],
    ['a plain proxy', plain, true, false],
    ['a plain proxy to which certificates can be served', { ...plain, PILOTLIGHT_SDS: 'true' }, true, true],
    ['a plain proxy when the mesh turns it off', { ...plain, PILOTLIGHT_SDS: 'true' }, false, false],
    ['a gRPC client', { GENERATOR: 'grpc' }, true, true],
  ])('for %s', (_which, metadata, enableAutoMtls, expected) => {
    expect(contextOf(proxyOf('shop', metadata), { mesh: { enableAutoMtls } }).autoMtls).toBe(expected);
  });
});

describe('the families of a proxy', () => {
  it.each([
    ['10.0.0.1', { ipv4: true, ipv6: false }],
    ['fd00::1', { ipv4: false, ipv6: true }],
    ['10.0.0.1,fd00::1', { ipv4: true, ipv6: true }],
  ])('of %s', (addresses, expected) => {
    expect(contextOf(proxyOf('shop', { INSTANCE_IPS: addresses })).families).toEqual(expected);
  });
});
