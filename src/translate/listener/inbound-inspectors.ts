/**
 * What is looked at before the chain of an inbound connection is chosen: TLS and HTTP, but only on the ports that need
 * it, as looking waits for the client's first bytes (Istio reference 7.5).
 */
import type {
  FilterChainShape,
  ListenerFilterPredicateShape,
  ListenerFilterShape,
} from '../../envoy/messages.js';
import { plainHttpProtocols } from './chain-match.js';
import { httpInspector, originalDestination, originalSource, tlsInspector } from './listener-filters.js';

/** How connections come to a listener. */
export interface InboundArrival {
  /** They were redirected to it, and not made to its own port. */
  readonly intercepted: boolean;
  /** They keep the client's address (TPROXY). */
  readonly transparent: boolean;
}

/** The filters of a listener of these chains. */
export function inboundListenerFilters(
  chains: readonly FilterChainShape[],
  { intercepted, transparent }: InboundArrival,
): readonly ListenerFilterShape[] {
  const ports = neededInspectors(chains);
  return [
    ...(intercepted ? [originalDestination] : []),
    ...(intercepted && transparent ? [originalSource] : []),
    ...(some(ports, 'tls') ? [inspectTls(ports)] : []),
    ...(some(ports, 'http') ? [inspectHttp(ports)] : []),
  ];
}

interface Needed {
  tls: boolean;
  http: boolean;
}

/** By port; 0 for what no chain names a port for. */
type NeededByPort = ReadonlyMap<number, Needed>;

function neededInspectors(chains: readonly FilterChainShape[]): NeededByPort {
  const ports = new Map<number, Needed>();
  for (const { filterChainMatch } of chains) {
    const { destinationPort, transportProtocol, applicationProtocols = [] } = filterChainMatch ?? {};
    const port = destinationPort?.value ?? 0;
    const needed = ports.get(port) ?? { tls: false, http: false };
    ports.set(port, needed);
    needed.tls ||= transportProtocol === 'tls';
    needed.http ||= applicationProtocols.some((protocol) => plainText.has(protocol));
  }
  return ports;
}

const plainText: ReadonlySet<string> = new Set(plainHttpProtocols);

function some(ports: NeededByPort, what: keyof Needed): boolean {
  return [...ports.values()].some((needed) => needed[what]);
}

function portsThat(ports: NeededByPort, test: (port: number, needed: Needed) => boolean): readonly number[] {
  return [...ports]
    .filter(([port, needed]) => test(port, needed))
    .map(([port]) => port)
    .sort((a, b) => a - b);
}

/** Ports that are unknown decide whether TLS is looked at by default. */
function inspectTls(ports: NeededByPort): ListenerFilterShape {
  const byDefault = ports.get(0)?.tls === true;
  const exceptions = portsThat(ports, (port, { tls }) => port !== 0 && tls !== byDefault);
  if (exceptions.length === 0) return tlsInspector;
  const onThem = onPorts(exceptions);
  return { ...tlsInspector, filterDisabled: byDefault ? onThem : { notMatch: onThem } };
}

/** Left out on each port that does not need it, as which the unknown ones together count too. */
function inspectHttp(ports: NeededByPort): ListenerFilterShape {
  const without = portsThat(ports, (_, { http }) => !http);
  return without.length === 0 ? httpInspector : { ...httpInspector, filterDisabled: onPorts(without) };
}

function onPorts(ports: readonly number[]): ListenerFilterPredicateShape {
  const rules = ports.map((port): ListenerFilterPredicateShape => ({
    destinationPortRange: { start: port, end: port + 1 },
  }));
  const [only] = rules;
  return rules.length === 1 && only !== undefined ? only : { orMatch: { rules } };
}
