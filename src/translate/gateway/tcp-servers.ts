/** Where the connections of servers go that speak no HTTP: by the TCP and TLS routes of VirtualServices (Istio reference 7.8). */
import type { L4MatchAttributes } from '../../config/kinds/virtual-service.js';
import type { ConfigObject } from '../../config/object.js';
import type { FilterShape } from '../../envoy/messages.js';
import { hostsMatch } from '../../model/host.js';
import { parseProtocol } from '../../model/protocol.js';
import { metadataExchangeFilter } from '../listener/network-filters.js';
import {
  destinationFilters,
  type ListenerPort,
  type TcpContext,
  type TcpDestinations,
} from '../listener/tcp-routes.js';
import type { GatewayContext } from './gateway-view.js';
import type { RouterServer } from './server.js';
import { hostsForNamespace } from './server-hosts.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** The filters of a server's connections, by the first TCP route that is for it; undefined without one. */
export function tcpServerFilters(
  server: RouterServer,
  context: GatewayContext,
): readonly FilterShape[] | undefined {
  for (const { metadata, spec } of virtualServicesOf(server, context)) {
    for (const { match = [], route } of spec.tcp) {
      const isFor = match.length === 0 || match.some((each) => isForServer(each, server));
      if (!isFor || route.length === 0) continue;
      return destinationFilters(
        route,
        portOf(server),
        metadata,
        gatewayDestinations(context),
        tcpContext(context, server.server.tls?.mode === 'ISTIO_MUTUAL'),
      );
    }
  }
  return undefined;
}

/** A match of a TLS route that is for a server. */
export interface TlsRouteFilters {
  readonly object: VirtualServiceObject;
  /** The server names of the match. */
  readonly names: readonly string[];
  /** Makes the filters to the destinations of the route. */
  readonly filters: () => readonly FilterShape[];
}

/** All matches of TLS routes that are for a server. */
export function tlsRouteFilters(server: RouterServer, context: GatewayContext): readonly TlsRouteFilters[] {
  const destinations = gatewayDestinations(context);
  const tcp = tcpContext(context);
  return virtualServicesOf(server, context).flatMap((object) =>
    object.spec.tls
      .filter(({ route }) => route.length > 0)
      .flatMap(({ match, route }) =>
        match
          .filter((each) => isForServer(each, server))
          .map(({ sniHosts }) => ({
            object,
            names: sniHosts,
            filters: () => destinationFilters(route, portOf(server), object.metadata, destinations, tcp),
          })),
      ),
  );
}

/** What the filters of a router depend on. @param exchanges whether clients are of the mesh and say who they are */
function tcpContext({ mesh, view, extras }: GatewayContext, exchanges = false): TcpContext {
  return {
    mesh,
    families: view.families,
    idleTimeout: view.http.idleTimeout,
    extras,
    ...(exchanges && view.istioFilters && { firstFilters: [metadataExchangeFilter] }),
  };
}

/** What a router knows of destinations. */
export function gatewayDestinations({ scope, destinationRules, view }: GatewayContext): TcpDestinations {
  return {
    service: (hostname) => scope.service(hostname),
    rule: (service) => destinationRules.forOutbound(service, view.namespace, view.labels),
  };
}

/** The VirtualServices of a server's Gateway that have a host in common with it. */
function virtualServicesOf(
  { server, gateway }: RouterServer,
  { virtualServices, view }: GatewayContext,
): readonly VirtualServiceObject[] {
  return virtualServices.visibleTo(view.namespace, gateway).filter(({ metadata, spec }) => {
    const hosts = hostsForNamespace(server.hosts, metadata.namespace);
    return spec.hosts.some((host) => hosts.some((ofServer) => hostsMatch(ofServer, host)));
  });
}

/** Of a match only the port, as Gateways name it, and the gateways count. */
function isForServer(
  { port = 0, gateways = [] }: Pick<L4MatchAttributes, 'port' | 'gateways'>,
  { server, gateway }: RouterServer,
): boolean {
  return (port === 0 || port === server.port.number) && (gateways.length === 0 || gateways.includes(gateway));
}

function portOf({ server }: RouterServer): ListenerPort {
  const { name, number, protocol } = server.port;
  return { name, port: number, protocol: parseProtocol(protocol) };
}
