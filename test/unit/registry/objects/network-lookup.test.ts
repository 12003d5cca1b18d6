import { describe, expect, test } from 'vitest';
import type { MeshNetworkEndpoint, MeshNetworks } from '../../../../src/config/mesh-config.js';
import { NetworkLookup, networksOfRegistry } from '../../../../src/registry/objects/network-lookup.js';

function networks(endpoints: Readonly<Record<string, readonly MeshNetworkEndpoint[]>>): MeshNetworks {
  return {
    networks: Object.fromEntries(
      Object.entries(endpoints).map(([name, of]) => [name, { endpoints: of, gateways: [] }]),
    ),
  };
}

const ranges = networks({
  wide: [{ fromCidr: '10.0.0.0/8' }],
  narrow: [{ fromCidr: '10.1.0.0/16' }],
  six: [{ fromCidr: 'fd00::/8' }, { fromCidr: 'nonsense' }],
});

describe('the network of a workload', () => {
  const label = { 'topology.istio.io/network': 'labelled' };
  const claimed = networks({ mine: [{ fromRegistry: 'east' }], wide: [{ fromCidr: '10.0.0.0/8' }] });

  test.each<[string, MeshNetworks, string, Record<string, string>, string]>([
    ['is that of its label first', claimed, 'system', label, 'labelled'],
    ['then that of the root namespace', claimed, 'system', {}, 'system'],
    ['then the one that claims the cluster', claimed, '', {}, 'mine'],
    ['then that of a range', ranges, '', {}, 'wide'],
    ['else none', networks({}), '', {}, ''],
    ['an empty label is none', claimed, 'system', { 'topology.istio.io/network': '' }, 'system'],
  ])('%s', (_, meshNetworks, system, labels, expected) => {
    expect(new NetworkLookup(meshNetworks, 'east', system).networkOf('10.1.0.1', labels)).toBe(expected);
  });

  test.each([
    ['10.1.0.1', 'wide'],
    ['11.0.0.1', ''],
    ['fd12::1', 'six'],
    ['', ''],
    ['vm.example', ''],
  ])('by range, of %j, is %j: the widest that holds it', (address, expected) => {
    expect(new NetworkLookup(ranges, 'east', '').networkOf(address, {})).toBe(expected);
  });
});

test('of several networks that claim a cluster, the first by name counts', () => {
  const both = networks({
    b: [{ fromRegistry: 'east' }],
    a: [{ fromRegistry: 'west' }, { fromRegistry: 'east' }],
  });
  expect(networksOfRegistry(both, 'east')).toEqual(['a', 'b']);
  expect(new NetworkLookup(both, 'east', '').networkOf('10.0.0.1', {})).toBe('a');
});
