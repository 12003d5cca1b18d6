/** How a proxy looks up the hosts of requests that no service is known for (Istio reference 5.10). */
import type { DnsLookupFamily } from '../../envoy/enums.js';
import { ipFamilies, type Proxy } from '../../model/proxy.js';
import { dnsLookupFamily } from './discovery.js';

/** A DNS server. */
export interface DnsResolver {
  readonly address: string;
  readonly port: number;
}

/** Which addresses are looked up, and where. Plain JSON, so that equal ones can be made one. */
export interface HostLookup {
  readonly lookupFamily: DnsLookupFamily;
  /** Absent for whom Envoy asks by itself. */
  readonly resolver?: DnsResolver;
}

/**
 * The lookups of a proxy: only addresses that its metadata lists tell the family, and an agent that captures DNS is
 * asked itself.
 */
export function hostLookup({
  metadata,
  ipAddresses,
  dnsCapture,
}: Pick<Proxy, 'metadata' | 'ipAddresses' | 'dnsCapture'>): HostLookup {
  const listed = metadata['INSTANCE_IPS'] === undefined ? [] : ipAddresses;
  const lookupFamily = dnsLookupFamily({ families: ipFamilies(listed) });
  return dnsCapture
    ? { lookupFamily, resolver: agentResolver(metadata['DNS_PROXY_ADDR']) }
    : { lookupFamily };
}

const agentAddress = '127.0.0.1';
const agentPort = 15053;

/** The agent's DNS server by `host:port`; text of another form counts as none. */
function agentResolver(value: unknown): DnsResolver {
  const parts = typeof value === 'string' ? /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(value) : null;
  if (parts === null) return { address: agentAddress, port: agentPort };
  const [, bracketed, plain = '', port = ''] = parts;
  const host = bracketed ?? plain;
  return {
    address: host === 'localhost' ? agentAddress : host,
    port: /^\d{1,9}$/.test(port) ? Number(port) : agentPort,
  };
}
