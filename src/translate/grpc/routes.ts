/** RDS of gRPC clients without a proxy: the routes to one port of one service (Istio reference 8.10). */
import { errorMessage } from '../../base/errors.js';
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import { RouteConfiguration, type VirtualHostShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { parseClusterName } from '../names.js';
import { egressListener } from '../route/listener-routes.js';
import { listenerVirtualHosts } from '../route/listener-virtual-hosts.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { PortVirtualHosts } from './port-virtual-hosts.js';

/**
 * The routes of these names, each the name of a service's cluster. A name that is none of a cluster has no routes;
 * routes to a service that is not known have no virtual host. What cannot be translated is a problem and has none, so
 * that a client keeps what it has.
 */
export function* translateGrpcRoutes(
  context: ProxyContext,
  memo: Memo,
  names: ReadonlySet<string>,
): Piecewise<Translation> {
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const name of names) {
    const { hostname, port } = parseClusterName(name) ?? { hostname: '', port: 0 };
    if (hostname === '' || port === 0) continue;
    try {
      resources.push(yield* routesOf(context, memo, { name, hostname, port }));
    } catch (error) {
      problems.push({ subject: name, message: `its routes cannot be translated: ${errorMessage(error)}` });
    }
    yield;
  }
  return { resources, problems };
}

interface RouteName {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

interface RoutesInput extends RouteName {
  readonly virtualHosts: PortVirtualHosts;
}

/** Clients may ask for any number of names that do not exist: nothing is kept of them. */
function* routesOf(context: ProxyContext, memo: Memo, route: RouteName): Piecewise<EncodedResource> {
  const virtualHosts = yield* portVirtualHosts(context, memo, route.port);
  if (virtualHosts === undefined || virtualHosts.for(route).length === 0) return encodeRoutes(route.name, []);
  return memo
    .group('grpc routes')
    .compute(route.name, { ...route, virtualHosts }, (input: RoutesInput) =>
      encodeRoutes(input.name, input.virtualHosts.for(input)),
    );
}

function encodeRoutes(name: string, virtualHosts: readonly VirtualHostShape[]): EncodedResource {
  return encodedResource(name, RouteConfiguration.typeUrl, RouteConfiguration.encode({ name, virtualHosts }));
}

/** The virtual hosts of a port, made once for all names; undefined for a port that nothing is served on. */
function* portVirtualHosts(
  context: ProxyContext,
  memo: Memo,
  port: number,
): Piecewise<PortVirtualHosts | undefined> {
  const listener = egressListener(context.scope, port);
  const virtualHosts = listener === undefined ? [] : yield* listenerVirtualHosts(context, memo, listener);
  if (virtualHosts.length === 0) return undefined;
  const work = memo
    .group('grpc virtual hosts')
    .compute(String(port), { virtualHosts }, (made) => new SharedWork(indexed(made.virtualHosts)));
  return yield* work.result();
}

function* indexed(virtualHosts: readonly VirtualHostShape[]): Piecewise<PortVirtualHosts> {
  const index = new PortVirtualHosts();
  for (const host of virtualHosts) {
    index.add(host);
    yield;
  }
  return index;
}
