/** RDS of gRPC clients without a proxy: the routes to one port of one service (Istio reference 8.10). */
import { errorMessage } from '../../base/errors.js';
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import { RouteConfiguration, type VirtualHostShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { EgressScope, ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { parseClusterName } from '../names.js';
import { egressListener, routeClient } from '../route/listener-routes.js';
import { outboundVirtualHosts, type VirtualHostsInput } from '../route/virtual-hosts.js';
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
  const { scope, snapshot } = context;
  const listener = egressListener(scope, port);
  if (listener === undefined || !isServed(listener.egress, listener.listenerPort)) return undefined;
  const input: VirtualHostsInput = {
    ...listener,
    scope,
    destinationRules: snapshot.destinationRules,
    defaultRetries: snapshot.mesh.defaultHttpRetryPolicy,
    client: memo.intern(routeClient(context, listener.egress)),
  };
  const work = memo
    .group('grpc virtual hosts')
    .compute(String(port), input, (made: VirtualHostsInput) => new SharedWork(indexVirtualHosts(made)));
  return yield* work.result();
}

function* indexVirtualHosts(input: VirtualHostsInput): Piecewise<PortVirtualHosts> {
  const index = new PortVirtualHosts();
  for (const host of yield* outboundVirtualHosts(input)) {
    index.add(host);
    yield;
  }
  return index;
}

const portsServed = new WeakMap<EgressScope, ReadonlySet<number>>();

/** Whether there can be a virtual host: VirtualServices without a service count on port 80. */
function isServed(egress: EgressScope, listenerPort: number): boolean {
  if (listenerPort === 0 || listenerPort === 80) return true;
  let ports = portsServed.get(egress);
  if (ports === undefined) {
    ports = new Set(egress.services.flatMap((service) => service.ports.map(({ port }) => port)));
    portsServed.set(egress, ports);
  }
  return ports.has(listenerPort);
}
