import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noMeshNetworks } from '../../../../src/config/mesh-config.js';
import { buildNetworkIndex } from '../../../../src/mesh/network-index.js';
import type { NetworkIndex } from '../../../../src/mesh/snapshot.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import { noLocality } from '../../../../src/model/locality.js';
import type { NetworkGateway } from '../../../../src/model/network.js';
import { cappedSum, type EndpointGroup } from '../../../../src/translate/endpoint/endpoint-group.js';
import { lbEndpoint, type SourcedEndpoint } from '../../../../src/translate/endpoint/lb-endpoint.js';
import {
  networksMatter,
  routeThroughGateways,
  type EndpointUse,
} from '../../../../src/translate/endpoint/networks.js';
import type { GatewayClient } from '../../../../src/translate/endpoint/proxy-view.js';
import { endpoint } from './fixtures.js';

function gateway(network: string, address: string, changes: Partial<NetworkGateway> = {}): NetworkGateway {
  return { network, cluster: '', address, port: 15443, ...changes };
}

function index(...gateways: NetworkGateway[]): NetworkIndex {
  return buildNetworkIndex({ networks: noMeshNetworks, gateways, services: [], resolveHost: undefined });
}

function groupOf(...endpoints: Partial<Endpoint>[]): EndpointGroup<SourcedEndpoint> {
  const placed = endpoints.map((overrides) => {
    const source = endpoint(overrides);
    return lbEndpoint(source, source.tlsMode === 'istio');
  });
  return { locality: noLocality, endpoints: placed, weight: cappedSum(placed), priority: 0 };
}

const onEast: GatewayClient = { network: 'east', families: { ipv4: true, ipv6: false }, sidecar: true };

interface Route {
  readonly networks: NetworkIndex;
  readonly client?: Partial<GatewayClient>;
  readonly use?: EndpointUse;
}

/** `address:port` with the weight of each endpoint that is left, and the weight of the group. */
function routed(group: EndpointGroup<SourcedEndpoint>, { networks, client, use = 'eds' }: Route) {
  const [result] = routeThroughGateways([group], networks, use, { ...onEast, ...client });
  const endpoints = (result?.endpoints ?? []).map(({ message, weight }): [string, number] => {
    const { socketAddress, pipe } = message.endpoint?.address ?? {};
    return [pipe?.path ?? `${socketAddress?.address ?? ''}:${socketAddress?.portValue ?? ''}`, weight];
  });
  return { endpoints, weight: result?.weight };
}

describe('endpoints on other networks', () => {
  const near = { addresses: ['10.0.0.1'], network: 'east' };
  const far = { addresses: ['10.0.0.2'], network: 'west' };
  const nowhere = { addresses: ['10.0.0.3'] };

  it('are left alone while there is no gateway', () => {
    const groups = [groupOf(near, far)];
    expect(routeThroughGateways(groups, index(), 'eds', undefined)).toBe(groups);
  });

  it('are replaced by their network’s gateway, which comes last and weighs what they weigh', () => {
    const group = groupOf({ ...far, weight: 5 }, near, far, nowhere);
    expect(routed(group, { networks: index(gateway('west', '192.0.2.2')) })).toEqual({
      endpoints: [
        ['10.0.0.1:8080', 1],
        ['10.0.0.3:8080', 1],
        ['192.0.2.2:15443', 6],
      ],
      weight: 8,
    });
  });

  it('are reached directly when their network has no gateway', () => {
    expect(routed(groupOf(far), { networks: index(gateway('south', '192.0.2.9')) }).endpoints).toEqual([
      ['10.0.0.2:8080', 1],
    ]);
  });

  it('share their weight among gateways sorted by address and port, all weights scaled to make that even', () => {
    const networks = index(
      gateway('west', '192.0.2.22'),
      gateway('west', '192.0.2.21', { port: 15444 }),
      gateway('west', '192.0.2.21'),
      gateway('south', '192.0.2.31'),
      gateway('south', '192.0.2.32'),
    );
    expect(routed(groupOf(near, far, { ...far, network: 'south', weight: 3 }), { networks })).toEqual({
      endpoints: [
        ['10.0.0.1:8080', 6],
        ['192.0.2.21:15443', 2],
        ['192.0.2.21:15444', 2],
        ['192.0.2.22:15443', 2],
        ['192.0.2.31:15443', 9],
        ['192.0.2.32:15443', 9],
      ],
      weight: 30,
    });
  });

  it('use the gateways of their cluster before those of their network', () => {
    const networks = index(gateway('west', '192.0.2.1', { cluster: 'a' }), gateway('west', '192.0.2.2'));
    const group = groupOf({ ...far, cluster: 'a' });
    expect(routed(group, { networks }).endpoints).toEqual([['192.0.2.1:15443', 2]]);
    expect(routed(groupOf({ ...far, cluster: 'b' }), { networks }).endpoints).toEqual([
      ['192.0.2.1:15443', 1],
      ['192.0.2.2:15443', 1],
    ]);
  });

  it('are left out without mutual TLS, by which gateways know where to', () => {
    const plain = { ...far, tlsMode: 'disabled' };
    expect(routed(groupOf(plain), { networks: index(gateway('west', '192.0.2.2')) })).toEqual({
      endpoints: [],
      weight: undefined,
    });
  });

  it('are behind gateways for a proxy that names no network', () => {
    const networks = index(gateway('west', '192.0.2.2'));
    expect(routed(groupOf(near, far, nowhere), { networks, client: { network: '' } }).endpoints).toEqual([
      ['10.0.0.1:8080', 1],
      ['10.0.0.3:8080', 1],
      ['192.0.2.2:15443', 1],
    ]);
  });

  it('are dropped where they have neither address nor gateway, and so are sockets', () => {
    const networks = index(gateway('west', '192.0.2.2'));
    const hidden = { addresses: [], network: 'west' };
    const socket = { addresses: ['/run/a.sock'], port: 0 };
    expect(routed(groupOf(hidden, { ...hidden, network: 'east' }, socket), { networks }).endpoints).toEqual([
      ['192.0.2.2:15443', 1],
    ]);
  });

  it.each<[string, Partial<GatewayClient>, string[]]>([
    ['IPv4', { families: { ipv4: true, ipv6: false } }, ['192.0.2.2:15443', '::ffff:192.0.2.3:15443']],
    ['IPv6', { families: { ipv4: false, ipv6: true } }, ['2001:db8::2:15443']],
    [
      'both families',
      { families: { ipv4: true, ipv6: true } },
      ['192.0.2.2:15443', '2001:db8::2:15443', '::ffff:192.0.2.3:15443'],
    ],
  ])('go through gateways that a proxy with %s can connect to', (_, client, expected) => {
    const networks = index(
      gateway('west', '192.0.2.2'),
      gateway('west', '2001:db8::2'),
      gateway('west', '::ffff:192.0.2.3'),
    );
    expect(routed(groupOf(far), { networks, client }).endpoints.map(([address]) => address)).toEqual(
      expected,
    );
  });

  it('are left out when a proxy can connect to none of their gateways', () => {
    const networks = index(gateway('west', '2001:db8::2'));
    expect(routed(groupOf(far), { networks }).endpoints).toEqual([]);
  });

  it('do not use gateways without a port for mutual TLS from sidecars', () => {
    const networks = index(gateway('west', '192.0.2.2', { port: 0 }));
    expect(routed(groupOf(far), { networks }).endpoints).toEqual([['10.0.0.2:8080', 1]]);
    expect(routed(groupOf(far), { networks, client: { sidecar: false } }).endpoints).toEqual([
      ['192.0.2.2', 1],
    ]);
  });

  it('make gateways endpoints of their network and cluster', () => {
    const networks = index(gateway('west', '192.0.2.2', { cluster: 'b' }));
    const [result] = routeThroughGateways([groupOf({ ...far, cluster: 'b' })], networks, 'eds', onEast);
    expect(result?.endpoints).toMatchObject([
      {
        labels: { 'topology.istio.io/network': 'west', 'topology.istio.io/cluster': 'b' },
        mutualTls: true,
        message: {
          metadata: {
            filterMetadata: {
              'envoy.transport_socket_match': { fields: { tlsMode: { stringValue: 'istio' } } },
              istio: { fields: { workload: { stringValue: ';;;;b' } } },
            },
          },
        },
      },
    ]);
    expect(result?.endpoints[0]?.message).not.toHaveProperty('healthStatus');
  });

  it('never weigh more than the largest weight, though sums go round', () => {
    const networks = index(gateway('west', '192.0.2.1'), gateway('west', '192.0.2.2'));
    const heavy = 0xffff_ffff;
    expect(routed(groupOf({ ...near, weight: heavy }, { ...near, weight: 3 }), { networks })).toEqual({
      endpoints: [
        ['10.0.0.1:8080', heavy],
        ['10.0.0.1:8080', 6],
      ],
      weight: 5,
    });
  });

  it('keep all weight, times the scale, wherever everything can be reached', () => {
    const some = fc.record({
      network: fc.constantFrom('', 'east', 'west', 'south'),
      weight: fc.integer({ min: 1, max: 1000 }),
    });
    const counts = fc.record({ west: fc.integer({ min: 0, max: 4 }), south: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(some), counts, (endpoints, { west, south }) => {
        const networks = index(
          ...Array.from({ length: west }, (_, n) => gateway('west', `192.0.2.${n + 1}`)),
          ...Array.from({ length: south }, (_, n) => gateway('south', `198.51.100.${n + 1}`)),
        );
        const group = groupOf(...endpoints);
        const before = endpoints.reduce((sum, { weight }) => sum + weight, 0);
        expect(routed(group, { networks }).weight ?? 0).toBe(before * networks.scale);
      }),
    );
  });
});

describe('gateways of clusters that look up names', () => {
  const far = { addresses: ['frames.example.com'], network: 'west' };
  const bothFamilies = { families: { ipv4: true, ipv6: true } };

  it('are gateways that are names, while none is an address', () => {
    const networks = index(gateway('west', 'west.example.com'));
    expect(networksMatter(networks, 'dns')).toBe(true);
    expect(routed(groupOf(far), { networks, use: 'dns', client: bothFamilies }).endpoints).toEqual([
      ['west.example.com:15443', 1],
    ]);
    expect(routed(groupOf(far), { networks, use: 'dns' }).endpoints).toEqual([]);
    expect(networksMatter(networks, 'eds')).toBe(false);
  });

  it('are none once one is an address', () => {
    const networks = index(gateway('west', 'west.example.com'), gateway('south', '192.0.2.2'));
    expect(networksMatter(networks, 'dns')).toBe(false);
    expect(networksMatter(networks, 'eds')).toBe(true);
    expect(routed(groupOf(far), { networks, use: 'dns' }).endpoints).toEqual([
      ['frames.example.com:8080', 1],
    ]);
  });
});
