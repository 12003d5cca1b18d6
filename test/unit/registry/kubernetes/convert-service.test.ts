import { describe, expect, test } from 'vitest';
import type { KubernetesService } from '../../../../src/config/kinds/kubernetes.js';
import type { Service } from '../../../../src/model/service.js';
import { convertService } from '../../../../src/registry/kubernetes/convert-service.js';
import type { Meta } from '../object-builders.js';
import { service } from '../object-builders.js';

function convert(spec: Partial<KubernetesService> = {}, meta: Meta = {}, namespaceAnnotations = {}): Service {
  return convertService(service('orders', spec, meta), {
    cluster: 'east',
    domainSuffix: 'cluster.local',
    trustDomain: 'example.org',
    namespaceAnnotations,
  });
}

test('names a service by its host and keeps where it was read', () => {
  const converted = convert({}, { creationTime: 12, resourceVersion: '7', labels: { team: 'a' } });
  expect(converted).toMatchObject({
    hostname: 'orders.shop.svc.cluster.local',
    creationTime: 12,
    resourceVersion: '7',
    sequence: 0,
    meshExternal: false,
    attributes: {
      name: 'orders',
      objectName: 'orders',
      namespace: 'shop',
      provider: 'Kubernetes',
      labels: { team: 'a' },
    },
    provenance: { registry: 'Kubernetes/east', object: 'Service shop/orders', location: 'input.yaml:1' },
  });
});

describe('addresses and resolution', () => {
  test.each<[string, Partial<KubernetesService>, readonly string[], Service['resolution']]>([
    ['a cluster address', { clusterIP: '10.0.0.1' }, ['10.0.0.1'], 'ClientSideLB'],
    [
      'one in the list too',
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] },
      ['10.0.0.1'],
      'ClientSideLB',
    ],
    [
      'two families',
      { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] },
      ['10.0.0.1', 'fd00::1'],
      'ClientSideLB',
    ],
    ['headless', { clusterIP: 'None' }, ['0.0.0.0'], 'Passthrough'],
    [
      'headless of two families',
      { clusterIP: 'None', clusterIPs: ['None', 'None'] },
      ['0.0.0.0'],
      'Passthrough',
    ],
    ['no address yet', { clusterIP: '' }, ['0.0.0.0'], 'ClientSideLB'],
    [
      'ExternalName',
      { clusterIP: '', type: 'ExternalName', externalName: 'a.example' },
      ['0.0.0.0'],
      'Alias',
    ],
    ['ExternalName without a name', { clusterIP: '', type: 'ExternalName' }, ['0.0.0.0'], 'ClientSideLB'],
    [
      'a name that the type does not use',
      { clusterIP: '10.0.0.1', externalName: 'a.example' },
      ['10.0.0.1'],
      'ClientSideLB',
    ],
  ])('%s', (_, spec, addresses, resolution) => {
    const converted = convert(spec);
    expect(converted.clusterVIPs).toEqual({ east: addresses });
    expect(converted.defaultAddress).toBe(addresses[0]);
    expect(converted.resolution).toBe(resolution);
    expect(converted.meshExternal).toBe(resolution === 'Alias');
    expect(converted.attributes.externalName).toBe(resolution === 'Alias' ? 'a.example' : undefined);
  });
});

test('ports carry protocol and target port, and no target port where Kubernetes was told none', () => {
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 },
    { name: 'x', port: 90, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c', targetPort: 0 },
    { name: '', port: 91, protocol: 'TCP' },
  ];
  expect(convert({ ports }).ports).toEqual([
    { name: 'http', port: 80, protocol: 'HTTP', targetPort: 'web' },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 },
    { name: 'x', port: 90, protocol: 'HTTP2' },
    { name: '', port: 91, protocol: 'UnsupportedProtocol' },
  ]);
});

test('service accounts are taken from both annotations, canonical ones first and as they stand', () => {
  const annotations = {
    'alpha.istio.io/canonical-serviceaccounts': 'spiffe://a/x, b',
    'alpha.istio.io/kubernetes-serviceaccounts': 'orders,batch',
  };
  expect(convert({}, { annotations }).serviceAccounts).toEqual([
    'spiffe://a/x',
    ' b',
    'spiffe://example.org/ns/shop/sa/orders',
    'spiffe://example.org/ns/shop/sa/batch',
  ]);
});

test.each([
  [undefined, []],
  ['', []],
  ['.', ['.']],
  ['shop, pay ,shop', ['shop', 'pay']],
  ['~', ['~']],
])('exportTo annotation %j is %j', (annotation, exportTo) => {
  const annotations: Record<string, string> =
    annotation === undefined ? {} : { 'networking.istio.io/exportTo': annotation };
  expect(convert({}, { annotations }).attributes.exportTo).toEqual(exportTo);
});

describe('traffic distribution', () => {
  const key = 'networking.istio.io/traffic-distribution';
  test.each<[string, string | undefined, string | undefined, string | undefined, string | undefined]>([
    ['nothing', undefined, undefined, undefined, undefined],
    ['PreferClose in the spec', 'PreferClose', 'PreferSameNode', undefined, 'prefer-same-zone'],
    ['PreferSameZone in the spec', 'PreferSameZone', undefined, undefined, 'prefer-same-zone'],
    ['PreferSameNode in the spec', 'PreferSameNode', undefined, undefined, 'prefer-same-node'],
    ['an unknown word in the spec', 'preferclose', 'PreferSameNode', undefined, 'prefer-same-node'],
    ['the annotation, any case', undefined, 'pREFERcLOSE', 'PreferSameNode', 'prefer-same-zone'],
    ['an unknown annotation hides that of the namespace', undefined, 'Near', 'PreferSameNode', undefined],
    ['an empty annotation does not', undefined, '', 'PreferSameNode', 'prefer-same-node'],
    ['the annotation of the namespace', undefined, undefined, 'PreferClose', 'prefer-same-zone'],
  ])('%s', (_, spec, own, ofNamespace, expected) => {
    const annotations: Record<string, string> = own === undefined ? {} : { [key]: own };
    const inherited: Record<string, string> = ofNamespace === undefined ? {} : { [key]: ofNamespace };
    const converted = convert(
      spec === undefined ? {} : { trafficDistribution: spec },
      { annotations },
      inherited,
    );
    expect(converted.attributes.trafficDistribution).toBe(expected);
  });
});

describe('external addresses and ports', () => {
  test('a load balancer has its ingress, by name where there is no address, then the external addresses', () => {
    const { attributes } = convert({
      type: 'LoadBalancer',
      loadBalancerIngress: [
        { ip: '203.0.113.1', hostname: 'ignored.example' },
        { hostname: 'lb.example' },
        {},
      ],
      externalIPs: ['203.0.113.9'],
    });
    expect(attributes.clusterExternalAddresses).toEqual({
      east: ['203.0.113.1', 'lb.example', '203.0.113.9'],
    });
    expect(attributes.clusterExternalPorts).toBeUndefined();
  });

  test('another type has the external addresses only', () => {
    const { attributes } = convert({
      loadBalancerIngress: [{ ip: '203.0.113.1' }],
      externalIPs: ['203.0.113.9'],
    });
    expect(attributes.clusterExternalAddresses).toEqual({ east: ['203.0.113.9'] });
  });

  test('node ports matter only with the annotation that selects nodes', () => {
    const spec = {
      type: 'NodePort',
      ports: [{ name: 'tls', port: 15443, protocol: 'TCP', nodePort: 32000 }],
    };
    expect(convert(spec).attributes.clusterExternalPorts).toBeUndefined();
    const annotations = { 'traffic.istio.io/nodeSelector': '{}' };
    expect(convert(spec, { annotations }).attributes.clusterExternalPorts).toEqual({
      east: { 15443: 32000 },
    });
  });
});

test('keeps selector, type, node locality and not-ready addresses', () => {
  const { attributes } = convert({
    selector: { app: 'orders' },
    internalTrafficPolicy: 'Local',
    publishNotReadyAddresses: true,
  });
  expect(attributes).toMatchObject({
    labelSelectors: { app: 'orders' },
    type: 'ClusterIP',
    nodeLocal: true,
    publishNotReadyAddresses: true,
  });
  expect(convert().attributes.labelSelectors).toBeUndefined();
  expect(convert({ internalTrafficPolicy: 'Cluster' }).attributes.nodeLocal).toBeUndefined();
});
