/** An outbound listener of what services want of its address and port (Istio reference 7.3). */
import type { MeshConfig } from '../../config/mesh-config.js';
import { TrafficDirection } from '../../envoy/enums.js';
import {
  Listener,
  type FilterChainMatchShape,
  type FilterChainShape,
  type FilterShape,
  type HttpFilterShape,
  type ListenerFilterShape,
  type ListenerShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue, duration, uint32 } from '../../envoy/well-known.js';
import { dnsLookupFamily } from '../cluster/discovery.js';
import { hostCacheName } from '../cluster/dynamic-forward-proxy.js';
import { allowAnyDnsCache } from '../cluster/fixed.js';
import { listFields, listOf, type ListFields } from '../list-fields.js';
import type { Memo } from '../memo.js';
import { addressFields, listenerName } from './bind.js';
import { chainMatch, matchesAll } from './chain-match.js';
import {
  encodedSettings,
  managerFilter,
  type ConnectionManagerFields,
  type ManagerSettings,
} from './connection-manager.js';
import { distinctChains } from './distinct-chains.js';
import type { ListenerExtras } from './extras.js';
import { forwardProxyFilter } from './http-filters.js';
import { httpInspector, tlsInspector } from './listener-filters.js';
import type { ListenerView } from './listener-view.js';
import type { HttpChain, OutboundChain } from './outbound-chains.js';
import type { OutboundContext } from './outbound-context.js';
import type { OutboundEntry } from './outbound-entries.js';
import { serverHeaderFields } from './server-header.js';
import { serverNameLookupFilter } from './tcp-routes.js';
import { unknownDestinationFilters } from './unknown-destination.js';

/** How many connections a listener takes at once, so that all threads get their share. */
export const connectionsPerEvent = uint32(1);
/** How long a client may take for what comes before its first byte: TLS, for one. */
export const transportConnectTimeout = duration(15_000);

/** What the message of a listener depends on. */
export interface ListenerContext extends Pick<OutboundContext, 'view' | 'extras'> {
  readonly mesh: MeshConfig;
}

interface EntryInput extends ListenerContext, ListFields<OutboundChain> {
  readonly port: number;
  readonly binds: readonly string[];
  readonly bindToPort: boolean;
}

/** The listener of an entry, made and encoded once for equal ones. */
export function outboundListener(
  name: string,
  { port, binds, bindToPort, chains }: OutboundEntry,
  { view, extras, mesh }: ListenerContext,
  memo: Memo,
): EncodedResource {
  const input: EntryInput = { view, extras, mesh, port, binds, bindToPort, ...listFields(chains) };
  return memo.group('outbound listeners').compute(name, input, encodeEntry);
}

function encodeEntry({
  view,
  extras,
  mesh,
  port,
  binds,
  bindToPort,
  ...chains
}: EntryInput): EncodedResource {
  const entry: OutboundEntry = { port, binds, bindToPort, chains: listOf(chains) };
  const listener = outboundListenerShape(entry, { view, extras, mesh });
  return encodedResource(listener.name ?? '', Listener.typeUrl, Listener.encode(listener));
}

/** A listener for the chains of an entry. */
export function outboundListenerShape(entry: OutboundEntry, context: ListenerContext): ListenerShape {
  const { binds, port, bindToPort } = entry;
  const chains = context.view.istioFilters ? entry.chains : distinctChains(entry.chains);
  const name = listenerName(binds[0] ?? '', port);
  const filterOf = (chain: OutboundChain): FilterChainShape => filterChain(chain, name, context);
  const inspectors = inspectorsFor(chains);
  return {
    name,
    ...addressFields(binds, port),
    trafficDirection: TrafficDirection.OUTBOUND,
    continueOnListenerFiltersTimeout: true,
    ...exactBalance(context.view.exactBalance.outbound),
    ...(bindToPort
      ? { maxConnectionsToAcceptPerSocketEvent: connectionsPerEvent }
      : { bindToPort: boolValue(false) }),
    listenerFilters: inspectors,
    listenerFiltersTimeout: duration(
      inspectors.includes(httpInspector) ? context.mesh.protocolDetectionTimeout : 0,
    ),
    ...chainFields(chains, filterOf, () => unknownDestinationFilters(context.view, context.extras)),
  };
}

/** Connections are spread evenly over the threads of the proxy, where it asks for that. */
export function exactBalance(asked: boolean): Pick<ListenerShape, 'connectionBalanceConfig'> {
  return asked ? { connectionBalanceConfig: { exactBalance: {} } } : {};
}

/** TLS is looked at for server names, HTTP for its being HTTP. */
function inspectorsFor(chains: readonly OutboundChain[]): readonly ListenerFilterShape[] {
  const tls = chains.some(
    (chain) =>
      chain.serverNames.length > 0 ||
      (chain.kind === 'tcp' && chain.filters.some(({ name }) => name === serverNameLookupFilter)),
  );
  const http = chains.some(({ applicationProtocols }) => applicationProtocols.length > 0);
  return [...(tls ? [tlsInspector] : []), ...(http ? [httpInspector] : [])];
}

/**
 * A chain for every connection is what is left when no other is: the default one, or the only one. Without it what no
 * chain takes goes to where it was going, if it may.
 */
function chainFields(
  chains: readonly OutboundChain[],
  filterOf: (chain: OutboundChain) => FilterChainShape,
  unknown: () => readonly FilterShape[],
): Pick<ListenerShape, 'filterChains' | 'defaultFilterChain'> {
  const filterChains = chains.filter((chain) => !matchesAll(chain)).map(filterOf);
  const rest = chains.filter(matchesAll).map(filterOf).at(-1);
  if (rest !== undefined && filterChains.length === 0) return { filterChains: [rest] };
  const everything: FilterChainMatchShape = {};
  const defaultFilterChain = rest ?? {
    name: 'PassthroughFilterChain',
    filterChainMatch: everything,
    filters: unknown(),
  };
  return { filterChains, defaultFilterChain };
}

function filterChain(chain: OutboundChain, listener: string, context: ListenerContext): FilterChainShape {
  const match = chainMatch(chain);
  return {
    ...(match !== undefined && { filterChainMatch: match }),
    transportSocketConnectTimeout: transportConnectTimeout,
    ...(chain.kind === 'tcp'
      ? { ...(chain.metadata !== undefined && { metadata: chain.metadata }), filters: chain.filters }
      : { filters: [httpFilter(chain, listener, context)] }),
  };
}

function httpFilter(chain: HttpChain, listener: string, context: ListenerContext): FilterShape {
  const target = { statPrefix: `outbound_${listener}`, routes: chain.routeName };
  return managerFilter(target, knownSettings(chain, context));
}

const known = new WeakMap<ListenerExtras, WeakMap<ListenerView, Map<string, Uint8Array>>>();

/** The settings that listeners of one kind share, encoded once for what they depend on. */
function knownSettings(chain: HttpChain, context: ListenerContext): Uint8Array {
  const { extras, view, mesh } = context;
  const ofExtras = known.get(extras) ?? new WeakMap<ListenerView, Map<string, Uint8Array>>();
  known.set(extras, ofExtras);
  const ofView = ofExtras.get(view) ?? new Map<string, Uint8Array>();
  ofExtras.set(view, ofView);
  const { grpcWeb, explicitProxy, lookedUpHost } = chain;
  const key = [mesh.pathNormalization, grpcWeb, explicitProxy, lookedUpHost].join(' ');
  const settings = ofView.get(key) ?? encodedSettings(outboundHttp(chain, context));
  ofView.set(key, settings);
  return settings;
}

function outboundHttp(
  { grpcWeb, lookedUpHost, explicitProxy }: HttpChain,
  { view, extras, mesh }: ListenerContext,
): ManagerSettings {
  // Istio does not limit to the mesh what its HTTP proxy says of itself.
  const http = explicitProxy ? { ...view.http, exchangesInMeshOnly: false } : view.http;
  return {
    listenerClass: 'sidecar-outbound',
    view: { istioFilters: view.istioFilters, http },
    mesh,
    extras,
    base: outboundHttpFields(view, explicitProxy),
    grpcWeb,
    lastFilters: [...hostLookupFilters(lookedUpHost, view), ...unknownHostFilters(view)],
  };
}

/** What connection managers towards services have of their own. */
export function outboundHttpFields(
  { http }: Pick<ListenerView, 'http'>,
  explicitProxy = false,
): ConnectionManagerFields {
  const httpProtocolOptions = {
    ...(explicitProxy && { allowAbsoluteUrl: boolValue(true) }),
    ...(http.acceptsHttp10 && { acceptHttp10: true }),
  };
  return {
    ...serverHeaderFields(http, ''),
    ...(Object.keys(httpProtocolOptions).length > 0 && { httpProtocolOptions }),
  };
}

function hostLookupFilters(hostname: string, { families }: ListenerView): readonly HttpFilterShape[] {
  if (hostname === '') return [];
  const cache = { cacheName: hostCacheName(hostname), lookupFamily: dnsLookupFamily({ families }) };
  return [forwardProxyFilter(cache)];
}

/** Requests for unknown hosts may come to every listener, and are looked up if the policy says so. */
export function unknownHostFilters({
  outboundTrafficPolicy,
  hostLookup,
}: Pick<ListenerView, 'outboundTrafficPolicy' | 'hostLookup'>): readonly HttpFilterShape[] {
  return outboundTrafficPolicy.mode === 'ALLOW_ANY_DYNAMIC_DNS'
    ? [forwardProxyFilter(allowAnyDnsCache(hostLookup))]
    : [];
}
