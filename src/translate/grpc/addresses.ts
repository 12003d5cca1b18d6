/** Addresses of listeners. */
import type { AddressShape, ListenerShape } from '../../envoy/messages.js';

/** An address with a port. */
export function socketAddress(address: string, port: number): AddressShape {
  return { socketAddress: { address, portValue: port } };
}

/** The addresses of a listener beside its own. */
export function additionalAddresses(
  addresses: readonly string[],
  port: number,
): Pick<ListenerShape, 'additionalAddresses'> {
  return {
    additionalAddresses: addresses
      .filter((address) => address !== '')
      .map((address) => ({ address: socketAddress(address, port) })),
  };
}
