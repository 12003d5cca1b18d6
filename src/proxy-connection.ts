/** Who a proxy is by its connection: what decides which secrets it may have. */
import { isLoopback } from './base/loopback.js';
import type { ProxyConnection } from './model/proxy.js';
import { parseSpiffe } from './xds/peer-identity.js';
import type { ClientPeer } from './xds/source.js';

/** By its certificate, if it has shown one that is trusted; else by whether it comes from this machine. */
export function proxyConnection(peer: ClientPeer | undefined): ProxyConnection | undefined {
  if (peer === undefined) return undefined;
  const { address, identity } = peer;
  if (identity !== undefined) {
    const identities = identity.uris.flatMap((uri) => parseSpiffe(uri) ?? []);
    return identities.length === 0 ? undefined : { kind: 'certified', identities };
  }
  return isLoopback(hostOf(address)) ? { kind: 'local' } : undefined;
}

/** The address without its port; IPv6 addresses stand in no brackets. */
function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon < 0 ? address : address.slice(0, colon);
}
