/** Which connections a filter chain is for, and when two chains are for the same ones (Istio reference 7.3). */
import { compareStrings } from '../../base/compare.js';
import { parseRange, type IpPrefix } from '../../base/ip.js';
import type { CidrRangeShape, FilterChainMatchShape } from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';

/** Conditions of a chain; an empty one does not count. */
export interface ChainConditions {
  /** `*` is any. */
  readonly serverNames: readonly string[];
  /** Addresses and ranges of them. */
  readonly destinations: readonly string[];
  readonly applicationProtocols: readonly string[];
  readonly transportProtocol: '' | 'tls' | 'raw_buffer';
}

/** No condition at all. */
export const anyConnection: ChainConditions = {
  serverNames: [],
  destinations: [],
  applicationProtocols: [],
  transportProtocol: '',
};

/** What an HTTP inspector says of HTTP in plain text. */
export const plainHttpProtocols = ['http/1.1', 'h2c'] as const;

/** HTTP in plain text. */
export const plainHttp: ChainConditions = {
  ...anyConnection,
  applicationProtocols: plainHttpProtocols,
  transportProtocol: 'raw_buffer',
};

/** Whether a chain takes every connection. */
export function matchesAll(chain: ChainConditions): boolean {
  const { serverNames, destinations, applicationProtocols, transportProtocol } = chain;
  return (
    (serverNames.length === 0 || serverNames.includes('*')) &&
    destinations.length === 0 &&
    applicationProtocols.length === 0 &&
    transportProtocol === ''
  );
}

/** Whether Envoy could not tell for which of two chains a connection is. */
export function sameConditions(a: ChainConditions, b: ChainConditions): boolean {
  return (
    a.transportProtocol === b.transportProtocol &&
    a.applicationProtocols.join() === b.applicationProtocols.join() &&
    sameSets(namedServers(a), namedServers(b)) &&
    sameSets(ranges(a), ranges(b))
  );
}

function sameSets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}

function namedServers({ serverNames }: ChainConditions): ReadonlySet<string> {
  return new Set(serverNames.filter((name) => name !== '*'));
}

/** The ranges themselves, however they are written. */
function ranges({ destinations }: ChainConditions): ReadonlySet<string> {
  return new Set(
    destinations.flatMap((destination) => {
      const prefix = parseRange(destination);
      return prefix === undefined || isAnyIpv4(prefix) ? [] : [rangeText(prefix)];
    }),
  );
}

function rangeText({ address, bits }: IpPrefix): string {
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff << Math.max(0, 8 - Math.max(0, bits - index * 8))));
  return `${bytes.join('.')}/${bits}`;
}

/** The conditions as Envoy has them; undefined where there are none. */
export function chainMatch(chain: ChainConditions): FilterChainMatchShape | undefined {
  if (matchesAll(chain)) return undefined;
  const { serverNames, destinations, applicationProtocols, transportProtocol } = chain;
  return {
    applicationProtocols,
    transportProtocol,
    ...(!serverNames.includes('*') && { serverNames: [...serverNames].sort(compareStrings) }),
    prefixRanges: [...destinations].sort(compareStrings).flatMap((destination) => {
      const prefix = parseRange(destination);
      return prefix === undefined || isAnyIpv4(prefix) ? [] : [cidrRange(prefix)];
    }),
  };
}

/** Any address of IPv4 is no condition. */
function isAnyIpv4({ address }: IpPrefix): boolean {
  return address.toString() === '0.0.0.0';
}

function cidrRange({ address, bits }: IpPrefix): CidrRangeShape {
  return { addressPrefix: address.toString(), prefixLen: uint32(bits) };
}
