import { describe, expect, test } from 'vitest';
import type { ServiceEntry, WorkloadEntry } from '../../../../src/config/kinds/networking.js';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { NetworkLookup } from '../../../../src/registry/objects/network-lookup.js';
import { entryEndpoints } from '../../../../src/registry/service-entry/convert-endpoints.js';
import { inlineEndpoint, serviceEntry } from '../object-builders.js';

const ports = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'https', protocol: 'HTTPS', targetPort: 8443 },
];

function convert(spec: Partial<ServiceEntry>): readonly Endpoint[] {
  const networks = new NetworkLookup(noMeshNetworks, 'Kubernetes', 'net-1');
  const settings = { cluster: 'Kubernetes', trustDomain: 'example.org', networks };
  return entryEndpoints(
    serviceEntry('entry', ['a.example', 'b.example'], { ports, ...spec }),
    'b.example',
    settings,
  );
}

function texts(endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.map(
    (it) =>
      `${it.addresses[0] ?? '-'}:${it.port} ${it.servicePortName}/${it.servicePortNumber} ${it.workloadName}`,
  );
}

test('each inline endpoint has every port, endpoint by endpoint', () => {
  const endpoints = [inlineEndpoint('192.0.2.1'), inlineEndpoint('192.0.2.2')];
  expect(texts(convert({ endpoints }))).toEqual([
    '192.0.2.1:80 http/80 entry-0',
    '192.0.2.1:8443 https/443 entry-0',
    '192.0.2.2:80 http/80 entry-1',
    '192.0.2.2:8443 https/443 entry-1',
  ]);
});

test.each<[ServiceEntry['resolution'], readonly string[]]>([
  ['DNS', ['b.example:80 http/80 entry', 'b.example:8443 https/443 entry']],
  ['DNS_ROUND_ROBIN', ['b.example:80 http/80 entry', 'b.example:8443 https/443 entry']],
  ['STATIC', []],
  ['NONE', []],
  ['DYNAMIC_DNS', []],
])('without endpoints, resolution %s has %j', (resolution, expected) => {
  expect(texts(convert({ resolution }))).toEqual(expected);
});

test('the endpoint of a host name has no labels, no account and no mutual TLS', () => {
  expect(convert({ resolution: 'DNS' })[0]).toEqual({
    addresses: ['b.example'],
    port: 80,
    servicePortName: 'http',
    servicePortNumber: 80,
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'disabled',
    namespace: 'shop',
    workloadName: 'entry',
    health: 'unknown',
    provenance: {
      registry: 'External/Kubernetes',
      object: 'ServiceEntry shop/entry',
      location: 'input.yaml:1',
    },
  });
});

test('an entry with a workload selector names no endpoints itself', () => {
  const selecting = { workloadSelector: { labels: { app: 'a' } } };
  expect(convert({ ...selecting, resolution: 'DNS' })).toEqual([]);
  expect(convert({ ...selecting, endpoints: [inlineEndpoint('192.0.2.1')] })).toEqual([]);
});

describe('an inline endpoint', () => {
  function first(entry: WorkloadEntry): Endpoint | undefined {
    return convert({ endpoints: [entry] })[0];
  }

  test('may map a port by its name', () => {
    const [http, https] = convert({
      endpoints: [inlineEndpoint('192.0.2.1', { ports: { http: 9080, https: 0 } })],
    });
    expect([http?.port, https?.port]).toEqual([9080, 8443]);
  });

  test('may be a Unix socket, which has no port', () => {
    expect(first(inlineEndpoint('unix:///run/a.sock', { ports: { http: 1 } }))).toMatchObject({
      addresses: ['/run/a.sock'],
      port: 0,
    });
  });

  test('may be without an address, to be reached through the gateway of its network', () => {
    expect(first(inlineEndpoint('', { network: 'net-2' }))).toMatchObject({
      addresses: [],
      network: 'net-2',
    });
  });

  test('carries weight, account, locality and augmented labels', () => {
    const entry = inlineEndpoint('192.0.2.1', {
      labels: { app: 'a' },
      weight: 7,
      serviceAccount: 'a',
      locality: 'eu/eu-a',
      network: 'net-2',
    });
    expect(first(entry)).toMatchObject({
      labels: {
        app: 'a',
        'topology.kubernetes.io/region': 'eu',
        'topology.kubernetes.io/zone': 'eu-a',
        'topology.istio.io/cluster': 'Kubernetes',
        'topology.istio.io/network': 'net-2',
      },
      weight: 7,
      serviceAccount: 'spiffe://example.org/ns/shop/sa/a',
      tlsMode: 'istio',
      locality: 'eu/eu-a',
      network: 'net-2',
      health: 'unknown',
    });
  });

  test('is on a network only by its own field, though its label may come from the cluster', () => {
    const endpoint = first(inlineEndpoint('192.0.2.1'));
    expect(endpoint?.network).toBe('');
    expect(endpoint?.labels['topology.istio.io/network']).toBe('net-1');
  });
});
