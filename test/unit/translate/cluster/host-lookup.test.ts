import { describe, expect, it } from 'vitest';
import { DnsLookupFamily } from '../../../../src/envoy/enums.js';
import { hostLookup } from '../../../../src/translate/cluster/host-lookup.js';

const ipv6 = ['2001:db8::1'];

describe('the lookup of unknown hosts', () => {
  it('is of IPv6 only for a proxy whose metadata lists nothing else', () => {
    const listed = { metadata: { INSTANCE_IPS: '2001:db8::1' }, ipAddresses: ipv6, dnsCapture: false };
    expect(hostLookup(listed)).toEqual({ lookupFamily: DnsLookupFamily.V6_ONLY });
    expect(hostLookup({ ...listed, metadata: {} })).toEqual({ lookupFamily: DnsLookupFamily.V4_ONLY });
  });

  it.each([
    [undefined, '127.0.0.1', 15053],
    ['localhost:5353', '127.0.0.1', 5353],
    ['10.0.0.1:99', '10.0.0.1', 99],
    ['[::1]:53', '::1', 53],
    ['10.0.0.1:dns', '10.0.0.1', 15053],
    ['10.0.0.1', '127.0.0.1', 15053],
    ['::1:53', '127.0.0.1', 15053],
  ])('asks the agent that captures DNS, at %j', (address, host, port) => {
    const metadata = { DNS_PROXY_ADDR: address };
    const { resolver } = hostLookup({ metadata, ipAddresses: ipv6, dnsCapture: true });
    expect(resolver).toEqual({ address: host, port });
  });
});
