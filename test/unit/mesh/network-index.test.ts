import { describe, expect, it } from 'vitest';
import type { MeshNetworks } from '../../../src/config/mesh-config.js';
import { buildNetworkIndex, type GatewaySources } from '../../../src/mesh/network-index.js';
import type { NetworkGateway } from '../../../src/model/network.js';
import { kubernetesService } from './builders.js';

function gateway(network: string, address: string, cluster = '', port = 15443): NetworkGateway {
  return { network, cluster, address, port };
}

function networksOf(
  gateways: Readonly<Record<string, MeshNetworks['networks'][string]['gateways']>>,
  registry = 'west',
): MeshNetworks {
  return {
    networks: Object.fromEntries(
      Object.entries(gateways).map(([name, list]) => [
        name,
        { endpoints: [{ fromRegistry: registry }], gateways: list },
      ]),
    ),
  };
}

function indexOf(sources: Partial<GatewaySources>) {
  return buildNetworkIndex({
    networks: { networks: {} },
    gateways: [],
    services: [],
    resolveHost: undefined,
    ...sources,
  });
}

describe('gateways', () => {
  it('are none without any', () => {
    const index = indexOf({});
    expect(index).toMatchObject({
      multiNetwork: false,
      scale: 1,
      all: [],
      unresolved: { multiNetwork: false, scale: 1 },
    });
    expect(index.gatewaysFor('a', 'b', true)).toEqual([]);
  });

  it('are those of the mesh and of registries, each once, by address and port', () => {
    const index = indexOf({
      networks: networksOf({
        far: [
          { address: '2.2.2.2', port: 15443 },
          { address: '1.1.1.1', port: 15443 },
        ],
      }),
      gateways: [gateway('far', '2.2.2.2'), gateway('far', '1.1.1.1', '', 80)],
    });
    expect(index.all).toEqual([
      gateway('far', '1.1.1.1', '', 80),
      gateway('far', '1.1.1.1'),
      gateway('far', '2.2.2.2'),
    ]);
    expect(index.multiNetwork).toBe(true);
  });

  it('of a network and cluster go before those of the network', () => {
    const ofWest = gateway('far', '1.1.1.1', 'west');
    const ofEast = gateway('far', '2.2.2.2', 'east');
    const index = indexOf({ gateways: [ofEast, ofWest] });
    expect(index.gatewaysFor('far', 'west', true)).toEqual([ofWest]);
    expect(index.gatewaysFor('far', 'north', true)).toEqual([ofWest, ofEast]);
    expect(index.gatewaysFor('near', 'west', true)).toEqual([]);
  });

  it('scale weights by the least number that splits over the gateways of every network and cluster', () => {
    const far = ['1', '2', '3', '4'].map((n) => gateway('far', `1.1.1.${n}`, n === '4' ? 'east' : 'west'));
    const near = ['1', '2'].map((n) => gateway('near', `2.1.1.${n}`));
    expect(indexOf({ gateways: [...far, ...near] }).scale).toBe(12);
  });

  it('that are host names count for EDS by the addresses that they have, and for DNS by their name', () => {
    const named = gateway('far', 'gw.example.com');
    const plain = gateway('far', '1.1.1.1');
    const unknown = indexOf({ gateways: [named] });
    expect(unknown.multiNetwork).toBe(false);
    expect(unknown.unresolved).toEqual({ multiNetwork: true, scale: 1 });
    expect(unknown.gatewaysFor('far', '', true)).toEqual([]);
    expect(unknown.gatewaysFor('far', '', false)).toEqual([named]);
    const known = indexOf({ gateways: [named, plain], resolveHost: () => ['3.3.3.3', '1.1.1.1', '2.2.2.2'] });
    expect(known.gatewaysFor('far', '', true).map(({ address }) => address)).toEqual([
      '1.1.1.1',
      '2.2.2.2',
      '3.3.3.3',
    ]);
    expect(known.scale).toBe(3);
    expect(known.unresolved.scale).toBe(2);
  });
});

describe('gateways that are named as a service', () => {
  const service = kubernetesService('gw.istio-system', {
    provider: 'Mock',
    clusterExternalAddresses: { west: ['1.1.1.1', '2.2.2.2'], east: ['3.3.3.3'] },
    clusterExternalPorts: { west: { 15443: 31000 } },
  });
  const gateways = [{ registryServiceName: service.hostname, port: 15443 }];

  it('have its external addresses in the clusters of the network, and its node port where there is one', () => {
    const index = indexOf({ networks: networksOf({ far: gateways }), services: [service] });
    expect(index.all).toEqual([
      gateway('far', '1.1.1.1', 'west', 31000),
      gateway('far', '2.2.2.2', 'west', 31000),
    ]);
    expect(indexOf({ networks: networksOf({ far: gateways }, 'east'), services: [service] }).all).toEqual([
      gateway('far', '3.3.3.3', 'east'),
    ]);
  });

  it('are left to the Kubernetes registry where the service is one of its', () => {
    const own = kubernetesService('gw.istio-system', { clusterExternalAddresses: { west: ['1.1.1.1'] } });
    expect(indexOf({ networks: networksOf({ far: gateways }), services: [own] }).all).toEqual([]);
  });

  it('are none when the service is not there', () => {
    expect(indexOf({ networks: networksOf({ far: gateways }) }).all).toEqual([]);
  });
});

describe('the index', () => {
  it('is the one of before as long as the gateways and their addresses are the same', () => {
    const sources = {
      networks: { networks: {} },
      gateways: [gateway('far', 'gw.example.com')],
      services: [],
    };
    const before = buildNetworkIndex({ ...sources, resolveHost: () => ['1.1.1.1'] });
    const same = {
      ...sources,
      gateways: [gateway('far', 'gw.example.com')],
      services: [kubernetesService('a.b')],
    };
    expect(buildNetworkIndex({ ...same, resolveHost: () => ['1.1.1.1'] }, before)).toBe(before);
    const moved = buildNetworkIndex({ ...same, resolveHost: () => ['2.2.2.2'] }, before);
    expect(moved.gatewaysFor('far', '', true).map(({ address }) => address)).toEqual(['2.2.2.2']);
  });
});
