/** IP addresses, ranges of them, and Unix domain sockets (Istio reference 10.5). */
import { parseIp, parsePrefix } from '../../base/ip.js';
import { unixPrefix } from '../../model/unix-address.js';
import { quote } from './finding.js';

/** Whether a text is an IPv4 or IPv6 address. */
export function isIpAddress(text: string): boolean {
  return parseIp(text) !== undefined;
}

/** What keeps a text from being an IP address. */
export function ipAddressProblem(text: string): string | undefined {
  return isIpAddress(text) ? undefined : `${quote(text)} is not an IP address`;
}

/** What keeps a text from being an IP address or a CIDR range. */
export function subnetProblem(text: string): string | undefined {
  if (text.split('/').length !== 2) return ipAddressProblem(text);
  return parsePrefix(text) === undefined
    ? `${quote(text)} is not a CIDR range such as 10.0.0.0/16`
    : undefined;
}

/** What keeps an address that begins with `unix://` from naming a socket: a file's absolute path, or `@` and a name. */
export function unixAddressProblem(address: string): string | undefined {
  const path = address.slice(unixPrefix.length);
  if (path.startsWith('@') || (path.startsWith('/') && !path.endsWith('/'))) return undefined;
  return `address ${quote(address)} names no socket: after ${unixPrefix} it needs the absolute path of a file, or "@" and a name`;
}
