/** Where listeners listen, and what they are called by that (Istio reference 7.2, 7.3). */
import { parseIp } from '../../base/ip.js';
import type { AddressShape, ListenerShape } from '../../envoy/messages.js';
import type { IpFamilies } from '../../model/proxy.js';
import { unixPath } from '../../model/unix-address.js';

/** By the families of a proxy: always the same lists, so that listeners can be compared by them. */
interface ByFamilies {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly both: readonly string[];
}

const wildcards: ByFamilies = { ipv4: ['0.0.0.0'], ipv6: ['::'], both: ['0.0.0.0', '::'] };
const loopbacks: ByFamilies = { ipv4: ['127.0.0.1'], ipv6: ['::1'], both: ['127.0.0.1', '::1'] };

/** The addresses that stand for all of a proxy's own, the first one counts. */
export function wildcardAddresses(families: IpFamilies): readonly string[] {
  return wildcards[familyOf(families)];
}

/** The proxy's addresses on its own machine. */
export function loopbackAddresses(families: IpFamilies): readonly string[] {
  return loopbacks[familyOf(families)];
}

function familyOf({ ipv4, ipv6 }: IpFamilies): keyof ByFamilies {
  if (!ipv6) return 'ipv4';
  return ipv4 ? 'both' : 'ipv6';
}

/** The wildcard address that decides names: that of IPv4 where the proxy has any. */
export function mainWildcard(families: IpFamilies): string {
  return wildcardAddresses(families)[0] ?? '0.0.0.0';
}

/** `<address>_<port>`; a socket's port is 0. */
export function listenerName(bind: string, port: number): string {
  return `${bind}_${port}`;
}

/** The address of a listener: a socket where there is no port. */
export function listenerAddress(bind: string, port: number): AddressShape {
  if (port !== 0) return { socketAddress: { address: bind, portValue: port } };
  return { pipe: { path: unixPath(bind) } };
}

/** The first address of several, and the others beside it. */
export function addressFields(
  binds: readonly string[],
  port: number,
): Pick<ListenerShape, 'address' | 'additionalAddresses'> {
  const [first = '', ...others] = binds;
  return {
    address: listenerAddress(first, port),
    additionalAddresses: others
      .filter((bind) => bind !== '')
      .map((bind) => ({ address: listenerAddress(bind, port) })),
  };
}

/** Ranges of addresses that are not of one machine in a network, as Go tells them. */
const notUnicast: ReadonlySet<string> = new Set([
  'unspecified',
  'broadcast',
  'multicast',
  'linkLocal',
  'loopback',
]);

/** The first address of a proxy that others can reach it by. */
export function unicastAddress(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => {
    const parsed = parseIp(address);
    return parsed !== undefined && !notUnicast.has(parsed.range());
  });
}
