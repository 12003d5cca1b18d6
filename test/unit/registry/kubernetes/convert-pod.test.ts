import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../../src/config/kinds/kubernetes.js';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import type { ConfigObject } from '../../../../src/config/object.js';
import type { Workload } from '../../../../src/model/workload.js';
import {
  addressIdentity,
  convertPod,
  identityAt,
  podIdentity,
} from '../../../../src/registry/kubernetes/convert-pod.js';
import { NetworkLookup } from '../../../../src/registry/objects/network-lookup.js';
import type { Meta } from '../object-builders.js';
import { pod } from '../object-builders.js';

const networks = new NetworkLookup(noMeshNetworks, 'east', 'net-1');
const nodeLabels = { 'topology.kubernetes.io/region': 'eu', 'topology.kubernetes.io/zone': 'eu-a' };

function convert(object: ConfigObject<'Pod'>): Workload {
  const settings = { cluster: 'east', trustDomain: 'corp@example.org', networks, nodeLabels };
  return convertPod(object, podIdentity(object, settings), 'east');
}

test('is a workload with its account, place and augmented labels', () => {
  const labels = { app: 'orders', 'security.istio.io/tlsMode': 'istio' };
  const workload = convert(
    pod('orders-0', '10.0.0.5', { nodeName: 'n1', serviceAccountName: 'orders' }, { labels }),
  );
  expect(workload).toEqual({
    kind: 'Pod',
    name: 'orders-0',
    namespace: 'shop',
    cluster: 'east',
    addresses: ['10.0.0.5'],
    labels,
    endpointLabels: {
      ...labels,
      'topology.kubernetes.io/region': 'eu',
      'topology.kubernetes.io/zone': 'eu-a',
      'topology.istio.io/cluster': 'east',
      'topology.istio.io/network': 'net-1',
      'kubernetes.io/hostname': 'n1',
    },
    ports: {},
    containerPorts: [],
    serviceAccount: 'spiffe://corp.example.org/ns/shop/sa/orders',
    network: 'net-1',
    locality: 'eu/eu-a/',
    weight: 0,
    tlsMode: 'istio',
    workloadName: 'orders-0',
    nodeName: 'n1',
    ready: true,
    dnsServiceEntryOnly: false,
    provenance: { registry: 'Kubernetes/east', object: 'Pod shop/orders-0', location: 'input.yaml:1' },
  });
});

test('is on the network of its own label first', () => {
  const workload = convert(pod('a', '10.0.0.5', {}, { labels: { 'topology.istio.io/network': 'net-9' } }));
  expect(workload.network).toBe('net-9');
  expect(workload.endpointLabels['topology.istio.io/network']).toBe('net-9');
});

test.each<[Partial<Pod>, string | undefined, string | undefined]>([
  [{}, undefined, undefined],
  [{ hostname: 'h' }, undefined, undefined],
  [{ subdomain: 'db' }, 'db-0', 'db'],
  [{ subdomain: 'db', hostname: 'h' }, 'h', 'db'],
])('with %j has host name %s in subdomain %s', (spec, hostName, subDomain) => {
  const workload = convert(pod('db-0', '10.0.0.5', spec));
  expect([workload.hostName, workload.subDomain]).toEqual([hostName, subDomain]);
});

describe('is ready only', () => {
  test.each<[string, Partial<Pod>, Meta, boolean]>([
    ['when it is', {}, {}, true],
    ['while pending too', { phase: 'Pending' }, {}, true],
    ['with its condition', { ready: false }, {}, false],
    ['with an address', { podIP: '' }, {}, false],
    ['before it succeeded', { phase: 'Succeeded' }, {}, false],
    ['before it is deleted', {}, { deletionTime: 1 }, false],
  ])('%s', (_, spec, meta, ready) => {
    expect(convert(pod('a', '10.0.0.5', spec, meta)).ready).toBe(ready);
  });
});

test('has the ports of containers, then of init containers that keep running; the first of a name wins', () => {
  const workload = convert(
    pod('a', '10.0.0.5', {
      containers: [
        { name: 'one', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
        {
          name: 'two',
          ports: [
            { name: 'http', containerPort: 9090, protocol: 'TCP' },
            { name: 'dns', containerPort: 53, protocol: 'UDP' },
            { name: '', containerPort: 70, protocol: 'TCP' },
          ],
        },
      ],
      initContainers: [
        { name: 'once', ports: [{ name: 'setup', containerPort: 1, protocol: 'TCP' }] },
        {
          name: 'side',
          restartPolicy: 'Always',
          ports: [{ name: 'admin', containerPort: 15000, protocol: 'TCP' }],
        },
      ],
    }),
  );
  expect(workload.ports).toEqual({ http: 8080, admin: 15000 });
  expect(workload.containerPorts).toEqual([
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'http', port: 9090, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: '', port: 70, protocol: 'TCP' },
    { name: 'admin', port: 15000, protocol: 'TCP' },
  ]);
});

test('an address without a pod has a cluster and a network and nothing else', () => {
  const unknown = new NetworkLookup(noMeshNetworks, 'east', '');
  expect(addressIdentity('192.0.2.1', { cluster: 'east', networks: unknown })).toEqual({
    labels: { 'topology.istio.io/cluster': 'east', 'topology.istio.io/network': '' },
    serviceAccount: '',
    network: '',
    locality: '',
    tlsMode: 'disabled',
    namespace: '',
    workloadName: '',
  });
});

test('a pod whose first address tells no network is on that of the address it is reached by', () => {
  const byRange = new NetworkLookup(
    { networks: { six: { endpoints: [{ fromCidr: 'fd00::/8' }], gateways: [] } } },
    'east',
    '',
  );
  const settings = {
    cluster: 'east',
    trustDomain: 'cluster.local',
    networks: byRange,
    nodeLabels: undefined,
  };
  const identity = podIdentity(pod('a', '192.0.2.1'), settings);
  expect(identity.network).toBe('');
  const reached = identityAt(identity, 'fd00::1', byRange);
  expect(reached.network).toBe('six');
  expect(reached.labels['topology.istio.io/network']).toBe('six');
  expect(identityAt(identity, '192.0.2.2', byRange)).toBe(identity);
});
