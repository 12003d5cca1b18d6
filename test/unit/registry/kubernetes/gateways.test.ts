import { describe, expect, test } from 'vitest';
import type { KubernetesService } from '../../../../src/config/kinds/kubernetes.js';
import type { MeshNetworks } from '../../../../src/config/mesh-config.js';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import type { NetworkGateway } from '../../../../src/model/network.js';
import { convertService } from '../../../../src/registry/kubernetes/convert-service.js';
import { mergeGateways, serviceGateways } from '../../../../src/registry/kubernetes/gateways.js';
import type { Meta } from '../object-builders.js';
import { node, service } from '../object-builders.js';

const nodes = [
  node('n1', { labels: { edge: 'yes' } }, ['198.51.100.1', '198.51.100.9']),
  node('n2', { labels: { edge: 'yes' } }),
  node('n3', { labels: { edge: 'no' } }, ['198.51.100.3']),
];

function gateways(
  spec: Partial<KubernetesService>,
  meta: Meta = {},
  networks: MeshNetworks = noMeshNetworks,
): readonly NetworkGateway[] {
  const object = service(
    'eastwest',
    { type: 'LoadBalancer', loadBalancerIngress: [{ ip: '203.0.113.1' }], ...spec },
    meta,
  );
  const settings = {
    cluster: 'east',
    domainSuffix: 'cluster.local',
    trustDomain: '',
    namespaceAnnotations: {},
  };
  return serviceGateways(object, convertService(object, settings), {
    cluster: 'east',
    networks,
    nodes: () => nodes,
  });
}

function ports(...numbers: readonly number[]): KubernetesService['ports'] {
  return numbers.map((port) => ({ name: `tls-${port}`, port, protocol: 'TCP', nodePort: port + 10_000 }));
}

describe('a Service labelled with a network', () => {
  const labels = { 'topology.istio.io/network': 'net-b' };

  test.each<[string, Record<string, string>, KubernetesService['ports'], readonly number[]]>([
    ['leads in by port 15443', {}, ports(80, 15443), [15443]],
    [
      'leads in by the port that its label names',
      { 'networking.istio.io/gatewayPort': '16443' },
      ports(15443, 16443),
      [16443],
    ],
    [
      'leads in by 15443 when its label is no number',
      { 'networking.istio.io/gatewayPort': 'tls' },
      ports(15443),
      [15443],
    ],
    ['leads in by port 0 when it only has the HBONE port', {}, ports(15008), [0]],
    ['is no gateway without either port', {}, ports(80), []],
  ])('%s', (_, more, servicePorts, expected) => {
    const found = gateways({ ports: servicePorts }, { labels: { ...labels, ...more } });
    expect(found.map((gateway) => gateway.port)).toEqual(expected);
    for (const gateway of found)
      expect(gateway).toMatchObject({ network: 'net-b', cluster: 'east', address: '203.0.113.1' });
  });

  test('is a gateway at each of its addresses', () => {
    const found = gateways({ ports: ports(15443), externalIPs: ['203.0.113.2'] }, { labels });
    expect(found.map((gateway) => gateway.address)).toEqual(['203.0.113.1', '203.0.113.2']);
  });

  test('is at the first external address of each selected node, by node port', () => {
    const annotations = { 'traffic.istio.io/nodeSelector': '{"edge":"yes"}' };
    const found = gateways({ type: 'NodePort', ports: ports(15443) }, { labels, annotations });
    expect(found).toEqual([{ network: 'net-b', cluster: 'east', address: '198.51.100.1', port: 25443 }]);
  });

  test.each(['', '{}', 'not json', '["a"]'])('is at every node when the selector is %j', (selector) => {
    const annotations = { 'traffic.istio.io/nodeSelector': selector };
    const found = gateways({ type: 'NodePort', ports: ports(15443) }, { labels, annotations });
    expect(found.map((gateway) => gateway.address)).toEqual(['198.51.100.1', '198.51.100.3']);
  });
});

describe('a Service that MeshNetworks names', () => {
  const named = { registryServiceName: 'eastwest.shop.svc.cluster.local', port: 443 };
  const networks: MeshNetworks = {
    networks: {
      'net-a': {
        endpoints: [{ fromRegistry: 'east' }],
        gateways: [named, { address: '203.0.113.99', port: 1 }],
      },
      'net-c': { endpoints: [{ fromRegistry: 'west' }], gateways: [named] },
    },
  };

  test('is the gateway of the network that its cluster is part of', () => {
    expect(gateways({ ports: ports(443) }, {}, networks)).toEqual([
      { network: 'net-a', cluster: 'east', address: '203.0.113.1', port: 443 },
    ]);
  });

  test('follows its own label instead when it has one', () => {
    const labels = { 'topology.istio.io/network': 'net-b' };
    expect(gateways({ ports: ports(443) }, { labels }, networks)).toEqual([]);
  });
});

test('gateways of several Services are one list, sorted, without repetition', () => {
  const gateway = (address: string, port: number): NetworkGateway => ({
    network: 'n',
    cluster: 'east',
    address,
    port,
  });
  const merged = mergeGateways([
    [gateway('b', 2), gateway('b', 1)],
    [gateway('a', 9), gateway('b', 1)],
  ]);
  expect(merged).toEqual([gateway('a', 9), gateway('b', 1), gateway('b', 2)]);
});
