/**
 * LDS: all listeners of a sidecar (Istio reference 7.1 to 7.5) or a router (7.8). Listeners that several proxies share are made and
 * encoded once.
 */
import type { Piecewise } from '../../base/piecewise.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { gatewayView } from '../gateway/gateway-view.js';
import { translateGatewayListeners } from '../gateway/listeners.js';
import { clientContext, patchListeners } from '../envoy-filter/patched-resources.js';
import type { Memo } from '../memo.js';
import { listenerPolicies } from '../security/listener-policies.js';
import type { Translation } from '../translation.js';
import { inboundListeners } from './inbound-listeners.js';
import { outboundContext, outboundView, type OutboundView } from './outbound-context.js';
import { outboundListener } from './outbound-listener.js';
import { outboundEntries } from './outbound.js';
import { fixedOutboundListeners } from './virtual-outbound.js';

/**
 * Translates the listeners of a sidecar or a router, a service or a port at a time. Other proxies have none here.
 *
 * @param names the listeners that are asked for; absent for all of them
 */
export function* translateListeners(
  context: ProxyContext,
  memo: Memo,
  names?: ReadonlySet<string>,
): Piecewise<Translation> {
  const { resources, problems } = yield* allListeners(context, memo);
  return {
    resources: names === undefined ? resources : resources.filter(({ name }) => names.has(name)),
    problems,
  };
}

function* allListeners(context: ProxyContext, memo: Memo): Piecewise<Translation> {
  if (context.proxy.type === 'router')
    return yield* translateGatewayListeners(context, gatewayView(context, memo), memo);
  if (!hasListeners(context)) return { resources: [], problems: [] };
  const outbound = yield* translateOutboundListeners(
    context,
    outboundView(context, memo),
    memo,
    context.proxy.ipAddresses[0],
  );
  const own = translateOwnListeners(context, memo);
  return {
    resources: [...outbound.resources, ...own.resources],
    problems: [...outbound.problems, ...own.problems],
  };
}

/** Whether a sidecar has listeners at all: a mesh whose port for intercepted connections is 0 has none. */
export function hasListeners({ proxy, snapshot }: ProxyContext): boolean {
  return proxy.type === 'sidecar' && snapshot.mesh.proxyListenPort > 0;
}

/** Listeners towards services. */
export interface OutboundListeners extends Translation {
  /** First addresses of endpoints that have listeners of their own: a proxy that has one itself has none for it. */
  readonly headless: ReadonlySet<string>;
}

/**
 * The listeners by which proxies reach services: all that see the same services in the same way have the same ones.
 *
 * @param ownAddress the address of a proxy that is an endpoint itself, for its own listeners; undefined for those of all
 */
export function* translateOutboundListeners(
  context: ProxyContext,
  view: OutboundView,
  memo: Memo,
  ownAddress: string | undefined,
): Piecewise<OutboundListeners> {
  const outbound = outboundContext(context, view);
  const { entries, headless, problems } = yield* outboundEntries(outbound, ownAddress, memo);
  const resources: EncodedResource[] = [];
  for (const [name, entry] of entries) {
    resources.push(outboundListener(name, entry, outbound, memo));
    yield;
  }
  resources.push(...fixedOutboundListeners(outbound, memo));
  const patched = patchListeners(context, { resources, problems }, clientContext(context), memo);
  return { ...patched, headless };
}

/** The listeners of a proxy that depend on its own workload. */
export function translateOwnListeners(context: ProxyContext, memo: Memo): Translation {
  const { resources, problems } = inboundListeners(context, memo);
  const policies = listenerPolicies(context, memo);
  const listeners = { resources, problems: [...problems, ...policies.problems] };
  return patchListeners(context, listeners, 'SIDECAR_INBOUND', memo);
}
