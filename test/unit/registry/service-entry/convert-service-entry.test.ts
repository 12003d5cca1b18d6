import { describe, expect, test } from 'vitest';
import type { ServiceEntry } from '../../../../src/config/kinds/networking.js';
import type { Service } from '../../../../src/model/service.js';
import type { HostAddresses } from '../../../../src/registry/service-entry/auto-allocation.js';
import { convertServiceEntry } from '../../../../src/registry/service-entry/convert-service-entry.js';
import type { Meta } from '../object-builders.js';
import { serviceEntry } from '../object-builders.js';

function convert(
  hosts: readonly string[],
  spec: Partial<ServiceEntry> = {},
  meta: Meta = {},
  allocated: (host: string) => HostAddresses = () => ({}),
): readonly Service[] {
  return convertServiceEntry(serviceEntry('entry', hosts, spec, meta), {
    cluster: 'Kubernetes',
    namespaceAnnotations: { 'networking.istio.io/traffic-distribution': 'PreferSameNode' },
    allocated,
  });
}

test('is one service for each host and address, in that order', () => {
  const services = convert(['a.example', '*.b.example'], { addresses: ['240.1.0.1', '240.1.0.2'] });
  expect(services.map((it) => [it.hostname, it.defaultAddress, it.sequence])).toEqual([
    ['a.example', '240.1.0.1', 0],
    ['a.example', '240.1.0.2', 1],
    ['*.b.example', '240.1.0.1', 2],
    ['*.b.example', '240.1.0.2', 3],
  ]);
});

test.each([
  ['240.1.0.1', '240.1.0.1'],
  ['2001:DB8:0::1', '2001:DB8:0::1'],
  ['240.1.0.1/32', '240.1.0.1'],
  ['2001:DB8:0::1/128', '2001:db8::1'],
  ['240.1.0.0/30', '240.1.0.0/30'],
  ['240.1.0.1/33', undefined],
  ['240.1.0.1/08', undefined],
  ['nonsense', undefined],
])('address %s becomes %s', (address, expected) => {
  const services = convert(['a.example'], { addresses: [address] });
  expect(services.map((it) => it.defaultAddress)).toEqual(expected === undefined ? [] : [expected]);
});

test('without addresses is one service for each host, with what is allocated to it', () => {
  const allocated = (host: string): HostAddresses =>
    host === 'a.example' ? { ipv4: '240.240.0.1', ipv6: '2001:2::1' } : {};
  const [first, second] = convert(['a.example', 'b.example'], {}, {}, allocated);
  expect(first).toMatchObject({
    defaultAddress: '0.0.0.0',
    autoAllocatedIPv4: '240.240.0.1',
    autoAllocatedIPv6: '2001:2::1',
  });
  expect(second).not.toHaveProperty('autoAllocatedIPv4');
});

test('takes everything else from the entry', () => {
  const [converted] = convert(
    ['a.example'],
    {
      location: 'MESH_INTERNAL',
      exportTo: ['.', 'pay', '.'],
      subjectAltNames: ['spiffe://x'],
      workloadSelector: { labels: { app: 'a' } },
      ports: [
        { number: 80, name: 'http', protocol: 'http', targetPort: 8080 },
        { number: 81, name: 'http-web', protocol: 'http-web', targetPort: 0 },
        { number: 53, name: 'dns', protocol: 'UDP' },
      ],
    },
    { labels: { team: 'a' }, creationTime: 4, resourceVersion: '9' },
  );
  expect(converted).toEqual({
    hostname: 'a.example',
    ports: [
      { name: 'http', port: 80, protocol: 'HTTP', targetPort: 8080 },
      { name: 'http-web', port: 81, protocol: 'UnsupportedProtocol' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
    serviceAccounts: ['spiffe://x'],
    creationTime: 4,
    clusterVIPs: {},
    defaultAddress: '0.0.0.0',
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '9',
    sequence: 0,
    attributes: {
      name: 'a.example',
      namespace: 'shop',
      provider: 'External',
      objectName: 'entry',
      labels: { team: 'a' },
      exportTo: ['.', 'pay'],
      labelSelectors: { app: 'a' },
      trafficDistribution: 'prefer-same-node',
    },
    provenance: {
      registry: 'External/Kubernetes',
      object: 'ServiceEntry shop/entry',
      location: 'input.yaml:1',
    },
  });
});

test.each<[ServiceEntry['resolution'], Service['resolution']]>([
  ['NONE', 'Passthrough'],
  ['STATIC', 'ClientSideLB'],
  ['DNS', 'DNSLB'],
  ['DNS_ROUND_ROBIN', 'DNSRoundRobinLB'],
  ['DYNAMIC_DNS', 'DynamicDNS'],
])('resolution %s is %s', (resolution, expected) => {
  expect(convert(['a.example'], { resolution })[0]?.resolution).toBe(expected);
});

test('target ports move passed-through traffic only where resolution is NONE', () => {
  const ports = [
    { number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 },
    { number: 81, name: 'alt', protocol: 'HTTP' },
  ];
  expect(convert(['a.example'], { ports, resolution: 'NONE' })[0]?.attributes.passthroughTargetPorts).toEqual(
    { 80: 8080 },
  );
  expect(
    convert(['a.example'], { ports, resolution: 'STATIC' })[0]?.attributes.passthroughTargetPorts,
  ).toBeUndefined();
});

describe('annotations', () => {
  test('its own traffic distribution wins over the namespace', () => {
    const annotations = { 'networking.istio.io/traffic-distribution': 'PreferClose' };
    expect(convert(['a.example'], {}, { annotations })[0]?.attributes.trafficDistribution).toBe(
      'prefer-same-zone',
    );
  });

  test.each([
    ['race_first_tcp_connect', true],
    ['RACE_FIRST_TCP_CONNECT', true],
    ['DEFAULT', undefined],
  ])('connect strategy %s', (strategy, expected) => {
    const annotations = { 'istio.io/connect-strategy': strategy };
    expect(convert(['a.example'], {}, { annotations })[0]?.attributes.raceFirstTcpConnect).toBe(expected);
  });
});
