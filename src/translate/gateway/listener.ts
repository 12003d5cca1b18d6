/** A listener of a router, of the chains of its servers (Istio reference 7.8). */
import { parseRange, type IpPrefix } from '../../base/ip.js';
import { ForwardClientCertDetails, TrafficDirection } from '../../envoy/enums.js';
import {
  Listener,
  type FilterChainShape,
  type FilterShape,
  type ListenerFilterShape,
  type ListenerShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue, uint32 } from '../../envoy/well-known.js';
import { addressFields, listenerName } from '../listener/bind.js';
import { chainMatch } from '../listener/chain-match.js';
import {
  encodedSettings,
  managerFilter,
  type ConnectionManagerFields,
} from '../listener/connection-manager.js';
import { proxyProtocol, tlsInspector } from '../listener/listener-filters.js';
import { connectionsPerEvent, exactBalance, transportConnectTimeout } from '../listener/outbound-listener.js';
import { serverHeaderFields } from '../listener/server-header.js';
import type { GatewayChain, GatewayHttpChain } from './chains.js';
import type { GatewayContext } from './gateway-view.js';

type ListenerContext = Pick<GatewayContext, 'view' | 'extras' | 'mesh' | 'ranges'>;

/** An address and the chains of all servers on it. */
export interface GatewayAddress {
  readonly bind: string;
  readonly port: number;
  readonly chains: readonly GatewayChain[];
}

/** The listener of an address. */
export function gatewayListener(
  { bind, port, chains }: GatewayAddress,
  context: ListenerContext,
): EncodedResource {
  const { view, extras } = context;
  const name = listenerName(bind, port);
  const { listenerBufferLimit } = view.http.connection;
  const httpFilter = httpFilters(name, context);
  const listener: ListenerShape = {
    name,
    ...addressFields([bind], port),
    trafficDirection: TrafficDirection.OUTBOUND,
    maxConnectionsToAcceptPerSocketEvent: connectionsPerEvent,
    ...exactBalance(view.exactBalance.outbound),
    ...(listenerBufferLimit !== undefined && { perConnectionBufferLimitBytes: uint32(listenerBufferLimit) }),
    accessLog: extras.telemetry.listenerLogs,
    listenerFilters: listenerFilters(chains, context),
    filterChains: chains.map((chain) => filterChain(chain, httpFilter)),
  };
  return encodedResource(name, Listener.typeUrl, Listener.encode(listener));
}

/** TLS is looked at for server names and protocols. */
function listenerFilters(
  chains: readonly GatewayChain[],
  { view }: ListenerContext,
): readonly ListenerFilterShape[] {
  const tls = chains.some(
    ({ serverNames, transportSocket }) => serverNames.length > 0 || transportSocket !== undefined,
  );
  return [...(view.topology.proxyProtocol ? [proxyProtocol] : []), ...(tls ? [tlsInspector] : [])];
}

function filterChain(
  chain: GatewayChain,
  httpFilter: (chain: GatewayHttpChain) => FilterShape,
): FilterChainShape {
  const match = chainMatch(chain);
  const { transportSocket } = chain;
  return {
    ...(match !== undefined && { filterChainMatch: match }),
    ...(transportSocket !== undefined && { transportSocket }),
    transportSocketConnectTimeout: transportConnectTimeout,
    filters: chain.kind === 'tcp' ? chain.filters : [httpFilter(chain)],
  };
}

/** The settings of the chains of a listener are encoded once. */
function httpFilters(listener: string, context: ListenerContext): (chain: GatewayHttpChain) => FilterShape {
  const { view, mesh, extras } = context;
  const known = new Map<boolean, Uint8Array>();
  return ({ serverName, routeName, grpcWeb }) => {
    const settings =
      known.get(grpcWeb) ??
      encodedSettings({
        listenerClass: 'gateway',
        view,
        mesh,
        extras,
        base: gatewayHttpFields(context),
        useRemoteAddress: true,
        grpcWeb,
      });
    known.set(grpcWeb, settings);
    const counted = serverName === '' ? { statPrefix: `outbound_${listener}` } : named(serverName);
    return managerFilter({ ...counted, routes: routeName }, settings);
  };
}

function named(serverName: string) {
  return { statPrefix: serverName, statPrefixAsIs: true };
}

/** What connection managers of gateways have of their own: nobody is known yet who comes from outside. */
function gatewayHttpFields({ view, ranges }: ListenerContext): ConnectionManagerFields {
  const { http, topology } = view;
  const mode = topology.clientCertificates === 'UNDEFINED' ? 'SANITIZE_SET' : topology.clientCertificates;
  const shown = { subject: boolValue(true), cert: true, dns: true, uri: true };
  const internal = internalRanges(ranges);
  return {
    ...serverHeaderFields(http, 'istio-envoy'),
    xffNumTrustedHops: topology.trustedProxies,
    forwardClientCertDetails: ForwardClientCertDetails[mode],
    ...((mode === 'SANITIZE_SET' || mode === 'APPEND_FORWARD') && { setCurrentClientCertDetails: shown }),
    httpProtocolOptions: http.acceptsHttp10 ? { acceptHttp10: true } : {},
    ...(internal.length > 0 && { internalAddressConfig: { cidrRanges: internal } }),
  };
}

/** Whose headers are believed: without any, nobody's. */
function internalRanges(ranges: readonly string[]) {
  return ranges
    .flatMap((text) => parseRange(text) ?? [])
    .sort(comparePrefixes)
    .map(({ address, bits }) => ({ addressPrefix: address.toString(), prefixLen: uint32(bits) }));
}

function comparePrefixes(a: IpPrefix, b: IpPrefix): number {
  const [left, right] = [a.address.toByteArray(), b.address.toByteArray()];
  return (
    left.length - right.length || Buffer.compare(Buffer.from(left), Buffer.from(right)) || a.bits - b.bits
  );
}
