/** Clusters of one fixed address. */
import { DiscoveryType } from '../../envoy/enums.js';
import type { AddressShape, ClusterShape } from '../../envoy/messages.js';
import { embeddedEndpoints } from './discovery.js';

/** Fields of a cluster whose only endpoint is this address. */
export function staticEndpoint(clusterName: string, address: AddressShape) {
  return {
    type: DiscoveryType.STATIC,
    ...embeddedEndpoints(clusterName, [{ lbEndpoints: [{ endpoint: { address } }] }]),
  } satisfies Partial<ClusterShape>;
}

/** A TCP address. */
export function socketAddress(address: string, portValue: number): AddressShape {
  return { socketAddress: { address, portValue } };
}

/** A Unix socket. */
export function pipeAddress(path: string): AddressShape {
  return { pipe: { path } };
}
