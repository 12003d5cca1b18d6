import { describe, expect, it } from 'vitest';
import {
  addressForProxy,
  allAddressesForProxy,
  extraAddressesForProxy,
  type AddressClient,
} from '../../../src/mesh/addresses.js';
import { entryService, kubernetesService } from './builders.js';

const ipv4: AddressClient = {
  clusterId: 'here',
  ipAddresses: ['10.0.0.1'],
  dnsCapture: false,
  type: 'sidecar',
};
const ipv6: AddressClient = { ...ipv4, ipAddresses: ['fd00::1'] };
const both: AddressClient = { ...ipv4, ipAddresses: ['10.0.0.1', 'fd00::1'] };
const nowhere: AddressClient = { ...ipv4, clusterId: '' };

const dual = kubernetesService('a.shop', {
  clusterVIPs: { here: ['fd00::a', '10.96.0.1', '10.96.0.2'] },
  defaultAddress: '10.96.0.9',
});
const there = kubernetesService('a.shop', {
  clusterVIPs: { there: ['10.97.0.1'] },
  defaultAddress: '10.97.0.1',
});
const thereV6 = kubernetesService('a.shop', {
  clusterVIPs: { there: ['fd00::b'] },
  defaultAddress: 'fd00::b',
});
const allocated = entryService('a.example.com', 'shop', {
  autoAllocatedIPv4: '240.240.0.1',
  autoAllocatedIPv6: '2001:2::1',
});
const fixed = entryService('a.example.com', 'shop', {
  defaultAddress: '10.1.1.1',
  autoAllocatedIPv4: '240.240.0.1',
});
const range = entryService('a.example.com', 'shop', { defaultAddress: '10.1.0.0/16' });
const looksUp = (client: AddressClient): AddressClient => ({ ...client, dnsCapture: true });

describe('the addresses of a service for a proxy', () => {
  it.each([
    ['the first of the proxy’s cluster and family', dual, ipv4, ['10.96.0.1', '10.96.0.2']],
    ['of the other family', dual, ipv6, ['fd00::a']],
    ['of the family of the first address for a proxy of both', dual, both, ['fd00::a']],
    ['the default one without a cluster', dual, nowhere, ['10.96.0.9']],
    ['the default one when there is none in the cluster', there, ipv4, ['10.97.0.1']],
    ['the default one of an entry, whatever its family', fixed, ipv6, ['10.1.1.1']],
    ['a range', range, ipv4, ['10.1.0.0/16']],
    ['unspecified when nothing is looked up', allocated, ipv4, ['0.0.0.0']],
    ['the allocated one when names are looked up', allocated, looksUp(ipv4), ['240.240.0.1']],
    ['the allocated one of the other family', allocated, looksUp(ipv6), ['2001:2::1']],
    ['the allocated one for a waypoint', allocated, { ...ipv4, type: 'waypoint' as const }, ['240.240.0.1']],
    [
      'the unspecified one of a headless service',
      kubernetesService('h.shop', { clusterVIPs: { here: ['0.0.0.0'] } }),
      ipv4,
      ['0.0.0.0'],
    ],
  ])('are %s', (_which, service, client, expected) => {
    expect(allAddressesForProxy(service, client)).toEqual(expected);
    expect(addressForProxy(service, client)).toBe(expected[0]);
    expect(extraAddressesForProxy(service, client)).toEqual(expected.slice(1));
  });

  it('are none when the only one is in another cluster and of another family, but the first is still named', () => {
    expect(allAddressesForProxy(thereV6, ipv4)).toEqual([]);
    expect(addressForProxy(thereV6, ipv4)).toBe('fd00::b');
  });

  it('prefer the allocated one to a fixed one only where there is no first choice to make', () => {
    expect(addressForProxy(fixed, looksUp(ipv4))).toBe('10.1.1.1');
    expect(allAddressesForProxy(fixed, looksUp(ipv4))).toEqual(['240.240.0.1']);
  });
});
