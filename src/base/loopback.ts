/** Loopback: the addresses over which only this machine reaches itself. */
import { parseIp } from './ip.js';

/**
 * Whether a host means this machine alone: an address of 127.0.0.0/8, `::1`, one of these written as IPv6, or the name
 * `localhost`. Any other name counts as not, since who answers to it can change; so does `0.0.0.0`, which is everyone.
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const address = parseIp(name);
  if (address === undefined) return false;
  const plain =
    'isIPv4MappedAddress' in address && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  return plain.range() === 'loopback';
}
