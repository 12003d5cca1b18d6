/** LDS of gRPC clients and servers without a proxy, by name (Istio reference 8.10). */
import type { Piecewise } from '../../base/piecewise.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import type { Translation } from '../translation.js';
import { inboundListeners } from './inbound-listeners.js';
import { readListenerNames } from './listener-names.js';
import { outboundListeners } from './outbound-listeners.js';

/**
 * The listeners of these names: `host:port` for each service that a client calls, and a server's own, by their
 * address. A name that stands for nothing has none.
 *
 * @param names absent for the listeners of every service
 */
export function* translateGrpcListeners(
  context: ProxyContext,
  memo: Memo,
  names?: ReadonlySet<string>,
): Piecewise<Translation> {
  const { hosts, servers } = readListenerNames(names ?? [], context.proxy);
  const inbound = inboundListeners(context, memo, servers);
  // Two services may go by one short name, and two ports of a service by one number: the first counts.
  const byName = new Map<string, EncodedResource>();
  for (const resource of outboundListeners(context, memo, names && hosts)) {
    if (!byName.has(resource.name)) byName.set(resource.name, resource);
    yield;
  }
  return { resources: [...byName.values(), ...inbound.resources], problems: inbound.problems };
}
