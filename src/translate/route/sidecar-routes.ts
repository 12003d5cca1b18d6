/** The routes that a sidecar's listeners name (Istio reference 7.6). */
import { finish, SharedWork, type Piecewise } from '../../base/piecewise.js';
import type { VirtualHostShape } from '../../envoy/messages.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { proxyHeader } from '../proxy-headers.js';
import { catchAllVirtualHost, type CatchAllInput } from './catch-all.js';
import { egressListener } from './listener-routes.js';
import { listenerVirtualHosts, withDomain } from './listener-virtual-hosts.js';
import { noRoutes, routeConfiguration, sortedByName } from './route-configuration.js';
import { parseRouteName } from './route-name.js';

/** The routes of a name. */
export function* sidecarRoutes(context: ProxyContext, memo: Memo, name: string): Piecewise<EncodedResource> {
  const parsed = parseRouteName(name);
  if (parsed === undefined) return noRoutes(name);
  const listener = egressListener(context.scope, parsed.port, name);
  const virtualHosts = listener === undefined ? [] : yield* listenerVirtualHosts(context, memo, listener);
  return parsed.hostname === undefined
    ? yield* routesOfPort(context, memo, name, virtualHosts)
    : yield* routesOfHost(memo, { name, hostname: parsed.hostname, virtualHosts });
}

interface PortInput {
  readonly name: string;
  readonly virtualHosts: readonly VirtualHostShape[];
  readonly catchAll: CatchAllInput;
}

/** The virtual hosts of a listener that is for many services, and last the one for everything else. */
function* routesOfPort(
  { scope, proxy, snapshot }: ProxyContext,
  memo: Memo,
  name: string,
  virtualHosts: readonly VirtualHostShape[],
): Piecewise<EncodedResource> {
  const catchAll = memo.intern<CatchAllInput>({
    policy: scope.outboundTrafficPolicy,
    countsAttempts: proxyHeader(proxy, snapshot.mesh, 'attemptCount', 'disabled') !== true,
    appendForwardedHost: proxyHeader(proxy, snapshot.mesh, 'xForwardedHost', 'enabled') === true,
  });
  const input: PortInput = { name, virtualHosts, catchAll };
  if (virtualHosts.length === 0) return yield* encodePort(input);
  const work = memo
    .group('routes of ports')
    .compute(name, input, (made: PortInput) => new SharedWork(encodePort(made)));
  return yield* work.result();
}

function encodePort({ name, virtualHosts, catchAll }: PortInput): Piecewise<EncodedResource> {
  return routeConfiguration(name, [...sortedByName(virtualHosts), catchAllVirtualHost(catchAll)]);
}

interface HostInput {
  readonly name: string;
  readonly hostname: string;
  readonly virtualHosts: readonly VirtualHostShape[];
}

/**
 * The virtual host of a service that has a listener of its own, since its port may carry anything. Whatever host is
 * asked for there, it is for this service.
 */
function* routesOfHost(memo: Memo, input: HostInput): Piecewise<EncodedResource> {
  const { name, hostname, virtualHosts } = input;
  if (withDomain(virtualHosts, [name, hostname]).length === 0) return yield* routeConfiguration(name, []);
  yield;
  return memo.group('routes of hosts').compute(name, input, encodeHost);
}

function encodeHost({ name, hostname, virtualHosts }: HostInput): EncodedResource {
  const found = withDomain(virtualHosts, [name, hostname]);
  const hosts = found.length === 1 ? found.map((host) => ({ ...host, domains: ['*'] })) : found;
  return finish(routeConfiguration(name, sortedByName(hosts)));
}
