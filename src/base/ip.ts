/** IP addresses and prefixes in their text forms, read as strictly as Go's netip does. */
import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A parsed address of either family. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses. */
export interface IpPrefix {
  readonly address: IpAddress;
  /** Length of the prefix, 0 to the number of bits of the family. */
  readonly bits: number;
}

/** Parses an IPv4 or IPv6 address; undefined for anything else. */
export function parseIp(text: string): IpAddress | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.parse(text);
}

/** The number of bits of an address's family. */
export function bitLength(address: IpAddress): number {
  return address.toByteArray().length * 8;
}

/** Parses `address/bits`; undefined for anything else. The address need not be the first of the range. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const match = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIp(match[1]);
  const bits = Number(match?.[2]);
  return address === undefined || bits > bitLength(address) ? undefined : { address, bits };
}

/** Parses `address/bits` or a single address, as a range; undefined for anything else. */
export function parseRange(text: string): IpPrefix | undefined {
  if (text.includes('/')) return parsePrefix(text);
  const address = parseIp(text);
  return address && { address, bits: bitLength(address) };
}

/** Whether an address is in a range; never for another family. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  return prefix.address.kind() === address.kind() && address.match(prefix.address, prefix.bits);
}

/** The canonical text of an address, as Go and Envoy write it; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  return isIPv4(text) ? text : parseIp(text)?.toString();
}
