/** Where an ingress listener of a Sidecar sends requests (Istio reference 5.9). */
import { ipFamilies } from '../../model/proxy.js';
import { unixPath, unixPrefix } from '../../model/unix-address.js';

/** A place within the workload: a socket, an address, or wherever the connection was going. */
export type InboundEndpoint =
  | { readonly kind: 'original' }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'address'; readonly address: string; readonly port: number };

const loopbackIpv4 = '127.0.0.1';
const loopbackIpv6 = '::1';

/**
 * The place that `defaultEndpoint` names for a proxy of these addresses: `0.0.0.0` and `[::]` stand for the
 * proxy's own address of that family, and loopback is of the other family if the proxy has none of its own.
 * Undefined for text that cannot be understood.
 */
export function ingressEndpoint(
  defaultEndpoint: string,
  ipAddresses: readonly string[],
): InboundEndpoint | undefined {
  if (defaultEndpoint === '') return { kind: 'original' };
  if (defaultEndpoint.startsWith(unixPrefix)) return { kind: 'pipe', path: unixPath(defaultEndpoint) };
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(defaultEndpoint);
  if (parts === null) return undefined;
  const address = addressOf(parts[1] ?? parts[2] ?? '', ipAddresses);
  return address === undefined ? { kind: 'original' } : { kind: 'address', address, port: Number(parts[3]) };
}

function addressOf(host: string, ipAddresses: readonly string[]): string | undefined {
  const ipv4 = ipAddresses.find((address) => ipFamilies([address]).ipv4);
  const ipv6 = ipAddresses.find((address) => ipFamilies([address]).ipv6);
  switch (host) {
    case '0.0.0.0':
      return ipv4 ?? loopbackIpv4;
    case '::':
      return ipv6 ?? loopbackIpv6;
    case loopbackIpv4:
      return ipv4 === undefined && ipv6 !== undefined ? loopbackIpv6 : loopbackIpv4;
    case loopbackIpv6:
      return ipv6 === undefined && ipv4 !== undefined ? loopbackIpv4 : loopbackIpv6;
    default:
      return undefined;
  }
}

/** Whether connections to this place need no source address of their own to be told from the workload's. */
export function isLoopback(endpoint: InboundEndpoint): boolean {
  return (
    endpoint.kind === 'address' && (endpoint.address === loopbackIpv4 || endpoint.address === loopbackIpv6)
  );
}

/** Loopback of a proxy that has addresses of one family only. */
export function loopbackAddress(ipv6Only: boolean): string {
  return ipv6Only ? loopbackIpv6 : loopbackIpv4;
}
