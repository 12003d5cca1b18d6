import { describe, expect, it, test } from 'vitest';
import { convertRecord } from '../../../../src/adapter/convert.js';
import type { InstanceRecord, MappingRules, ServiceRecord } from '../../../../src/adapter/index.js';
import type { HealthEntry } from '../../../../src/registries/consul/answers.js';
import { type ConvertSettings, healthOf, serviceRecord } from '../../../../src/registries/consul/convert.js';
import { consulMapping } from '../../../../src/registries/consul/mapping.js';
import type { ConsulSettings } from '../../../../src/registries/consul/options.js';
import type { Scope } from '../../../../src/registries/consul/scope.js';
import { entriesOf } from './recorded.js';

const plain: ConvertSettings = { address: 'lan', warning: 'weighted' };

function record(service: string, settings: Partial<ConvertSettings> = {}, scope: Scope = {}): ServiceRecord {
  return serviceRecord(service, scope, entriesOf(service), { ...plain, ...settings });
}

function instance(service: string, id: string, settings: Partial<ConvertSettings> = {}): InstanceRecord {
  const found = record(service, settings).instances.find((each) => each.id === `n1/${id}`);
  if (found === undefined) throw new Error(`${service} has no instance ${id}`);
  return found;
}

/** What the mesh gets of a record, by the rules for these settings. */
function converted(value: ServiceRecord, settings: Partial<ConsulSettings> = {}, more: MappingRules = {}) {
  const mapping = consulMapping({ domain: 'consul', ...settings } as ConsulSettings);
  const made = convertRecord(
    value,
    { ...mapping, ...more },
    { provider: 'consul', name: 'consul', cluster: 'Kubernetes' },
  );
  if (made.type !== 'service') throw new Error(`${made.type}: ${'reason' in made ? made.reason : ''}`);
  return made;
}

describe('addresses', () => {
  it('are those of the service, else those of its node', () => {
    expect(instance('plain', 'plain-1').address).toBe('10.0.0.1');
    expect(instance('plain', 'plain-2')).toMatchObject({ address: '127.0.0.1', ports: [{ port: 8081 }] });
  });

  it.each([
    ['lan', '10.0.0.4', 8080],
    ['wan', '203.0.113.4', 443],
    ['virtual', '240.1.2.3', 80],
    ['absent', '10.0.0.4', 8080],
  ])('tagged %s have their own port', (address, expected, port) => {
    expect(instance('tagged', 'tagged-1', { address })).toMatchObject({
      address: expected,
      ports: [{ port }],
    });
  });

  it('tagged ones of a node count when the service has no address', () => {
    const [entry] = entriesOf('located');
    if (entry === undefined) throw new Error('nothing recorded');
    const moved: HealthEntry = { ...entry, Node: { ...entry.Node, TaggedAddresses: { wan: '203.0.113.9' } } };
    const made = serviceRecord('located', {}, [moved], { ...plain, address: 'wan' });
    expect(made.instances[0]?.address).toBe('203.0.113.9');
  });

  it('virtual ones are the service’s own, unless instances disagree', () => {
    const [entry] = entriesOf('tagged');
    if (entry === undefined) throw new Error('nothing recorded');
    expect(converted(record('tagged')).service.defaultAddress).toBe('240.1.2.3');
    const other: HealthEntry = {
      ...entry,
      Service: { ...entry.Service, ID: 'tagged-2', TaggedAddresses: { virtual: { Address: '240.9.9.9' } } },
    };
    expect(serviceRecord('tagged', {}, [entry, other], plain).address).toBeUndefined();
  });

  it('that are host names are looked up', () => {
    expect(converted(record('external')).service.resolution).toBe('DNSLB');
  });
});

describe('ports', () => {
  it('of all instances are ports of the service', () => {
    expect(converted(record('plain')).service.ports).toEqual([
      { name: 'http-8080', port: 8080, protocol: 'HTTP' },
      { name: 'tcp-8081', port: 8081, protocol: 'TCP' },
    ]);
  });

  it('that are missing are told, and the instance is left out', () => {
    const { endpoints, reason } = converted(record('portless'));
    expect(endpoints).toEqual([]);
    expect(reason).toBe('instance n1/portless-1 has no port');
  });

  it('of one instance may be several, by name', () => {
    const [entry] = entriesOf('tagged');
    if (entry === undefined) throw new Error('nothing recorded');
    const several: HealthEntry = {
      ...entry,
      Service: {
        ...entry.Service,
        Ports: [
          { Name: 'http', Port: 8080, Default: true },
          { Name: 'grpc', Port: 9090 },
        ],
      },
    };
    const ports = (address: string) =>
      serviceRecord('tagged', {}, [several], { ...plain, address }).instances[0]?.ports;
    expect(ports('lan')).toEqual([
      { name: 'http', port: 8080 },
      { name: 'grpc', port: 9090 },
    ]);
    expect(ports('wan')).toEqual([
      { name: 'http', port: 443, servicePort: 8080 },
      { name: 'grpc', port: 9090 },
    ]);
  });
});

describe('health', () => {
  it('is that of the worst check', () => {
    expect(instance('checked', 'passing').health).toBe('healthy');
    expect(instance('checked', 'critical').health).toBe('unhealthy');
    expect(instance('maintained', 'maintained-1').health).toBe('draining');
    expect(healthOf([], 'weighted')).toBe('healthy');
    expect(healthOf([{ CheckID: '_node_maintenance', Status: 'critical' }], 'weighted')).toBe('draining');
    expect(healthOf([{ CheckID: 'c', Status: 'no such state' }], 'weighted')).toBe('unhealthy');
  });

  it.each([
    ['weighted', 'healthy'],
    ['degraded', 'degraded'],
    ['unhealthy', 'unhealthy'],
  ] as const)('of a warning is as it is set: %s', (warning, health) => {
    expect(instance('checked', 'warning', { warning })).toMatchObject({ health, weight: 3 });
  });

  it('of a weight of 0 in the state that it is in takes no traffic', () => {
    const [entry] = entriesOf('checked').filter(({ Service }) => Service.ID === 'warning');
    if (entry === undefined) throw new Error('nothing recorded');
    const none: HealthEntry = {
      ...entry,
      Service: { ...entry.Service, Weights: { Passing: 5, Warning: 0 } },
    };
    const [endpoint] = converted(serviceRecord('checked', {}, [none], plain)).endpoints;
    expect(endpoint?.health).toBe('draining');
  });
});

describe('labels and locality', () => {
  it('are metadata and tags; the node’s only when asked for', () => {
    const [endpoint] = converted(record('plain')).endpoints;
    expect(endpoint?.labels).toEqual({
      version: 'v2',
      protocol: 'http',
      region: 'eu',
      zone: 'eu-1',
      team: 'shop',
      owner: 'ann',
      'tag/canary': 'true',
    });
    const [other] = converted(record('plain'), {}, { labels: { include: ['node.rack'] } }).endpoints;
    expect(other?.labels['node.rack']).toBe('r1');
  });

  it('are Consul’s own locality, else metadata, else the datacenter', () => {
    const localityOf = (service: string): string | undefined =>
      converted(record(service)).endpoints[0]?.locality;
    expect(localityOf('located')).toBe('us/us-2');
    expect(localityOf('plain')).toBe('eu/eu-1');
    expect(localityOf('tagged')).toBe('dc1');
  });
});

describe('sidecars and gateways', () => {
  it('are left out unless they are asked for', () => {
    for (const service of ['gateway', 'meshed-sidecar-proxy']) expect(record(service).instances).toEqual([]);
    expect(record('gateway', { kinds: ['mesh-gateway'] }).instances).toHaveLength(1);
    expect(record('meshed-sidecar-proxy', { kinds: ['mesh-gateway'] }).instances).toEqual([]);
    expect(record('meshed').instances).toHaveLength(1);
  });
});

describe('hosts and keys', () => {
  const hostOf = (scope: Scope, settings: Partial<ConsulSettings> = {}): string =>
    converted(record('plain', {}, scope), settings).service.hostname;

  it('are those of Consul’s DNS, with what the settings name', () => {
    expect(hostOf({})).toBe('plain.service.consul');
    expect(hostOf({}, { domain: 'example.com' })).toBe('plain.service.example.com');
    expect(hostOf({ datacenter: 'dc2' })).toBe('plain.service.dc2.consul');
    expect(hostOf({ peer: 'west' })).toBe('plain.service.west.peer.consul');
    const tenants = { namespaces: ['shop'], partitions: ['eu'] };
    expect(hostOf({ datacenter: 'dc2', namespace: 'shop', partition: 'eu' }, tenants)).toBe(
      'plain.service.shop.ns.eu.ap.dc2.dc.consul',
    );
  });

  it('tell services of one name apart', () => {
    expect(record('plain').service).toBe('plain');
    expect(record('plain', {}, { datacenter: 'dc2' }).service).toBe('datacenter=dc2/plain');
  });
});

test('every endpoint says where in Consul it comes from', () => {
  const [endpoint] = converted(record('plain')).endpoints;
  expect(endpoint?.provenance).toEqual({
    registry: 'consul/consul',
    object: 'service plain, instance n1/plain-1',
    location: 'node n1, service ID plain-1',
  });
});

describe('the mapping of Istio’s removed adapter', () => {
  const istio = (service: string) =>
    converted(record(service, { compatibility: 'istio' }), { compatibility: 'istio' });

  it('calls ports by their protocol, takes only tags `key|value` as labels, and the datacenter as the region', () => {
    const { service, endpoints } = istio('plain');
    expect(service).toMatchObject({
      hostname: 'plain.service.consul',
      defaultAddress: '0.0.0.0',
      resolution: 'ClientSideLB',
      meshExternal: false,
      attributes: { name: 'plain.service.consul', namespace: 'default' },
      ports: [
        { name: 'http', port: 8080, protocol: 'HTTP' },
        { name: 'tcp', port: 8081, protocol: 'TCP' },
      ],
    });
    expect(
      endpoints.map(({ addresses, labels, locality, weight }) => ({ addresses, labels, locality, weight })),
    ).toEqual([
      { addresses: ['10.0.0.1'], labels: { owner: 'ann' }, locality: 'dc1', weight: 1 },
      { addresses: ['127.0.0.1'], labels: {}, locality: 'dc1', weight: 1 },
    ]);
  });

  it('reads sidecars and gateways as well, and no virtual addresses', () => {
    expect(istio('gateway').endpoints).toHaveLength(1);
    expect(istio('tagged').service.defaultAddress).toBe('0.0.0.0');
  });

  it('takes what has the metadata `external` as outside of the mesh', () => {
    expect(istio('external').service).toMatchObject({ meshExternal: true, resolution: 'Passthrough' });
  });

  it('looks at health all the same', () => {
    expect(istio('maintained').endpoints[0]?.health).toBe('draining');
  });
});

describe('the mapping of consul2istio', () => {
  const settings = { compatibility: 'consul2istio' } as const;

  it('has bare hosts in istio-system, ports `<protocol>-<number>`, and a port 80 that leads to each instance', () => {
    const { service, endpoints } = converted(record('plain', settings), settings);
    expect(service).toMatchObject({
      hostname: 'plain',
      attributes: { namespace: 'istio-system' },
      ports: [
        { name: 'tcp-80', port: 80, protocol: 'TCP' },
        { name: 'http-8080', port: 8080, protocol: 'HTTP' },
        { name: 'tcp-8081', port: 8081, protocol: 'TCP' },
      ],
    });
    expect(
      endpoints.map(({ addresses, port, servicePortName }) => [addresses[0], port, servicePortName]),
    ).toEqual([
      ['10.0.0.1', 8080, 'tcp-80'],
      ['10.0.0.1', 8080, 'http-8080'],
      ['127.0.0.1', 8081, 'tcp-80'],
      ['127.0.0.1', 8081, 'tcp-8081'],
    ]);
  });

  it('has each instance on port 80 once', () => {
    const { service, endpoints } = converted(record('located', settings), settings);
    expect(service.ports).toEqual([{ name: 'tcp-80', port: 80, protocol: 'TCP' }]);
    expect(endpoints).toHaveLength(1);
  });
});
