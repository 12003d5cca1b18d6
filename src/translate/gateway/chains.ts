/** The filter chains of the servers that share a port of a router (Istio reference 7.8). */
import type { ConfigObject } from '../../config/object.js';
import type { FilterShape, TransportSocketShape } from '../../envoy/messages.js';
import type { Piecewise } from '../../base/piecewise.js';
import { isHttp, parseProtocol } from '../../model/protocol.js';
import { anyConnection, type ChainConditions } from '../listener/chain-match.js';
import type { Memo } from '../memo.js';
import type { TranslationProblem } from '../translation.js';
import { autoPassthroughChains } from './auto-passthrough.js';
import type { GatewayContext } from './gateway-view.js';
import type { ServerPort } from './merged-servers.js';
import { passesThrough, serverNames, speaksHttp, type RouterServer } from './server.js';
import { tcpServerFilters, tlsRouteFilters } from './tcp-servers.js';
import { gatewayTlsSocket } from './tls.js';

/** A chain that speaks HTTP. */
export interface GatewayHttpChain extends ChainConditions {
  readonly kind: 'http';
  readonly routeName: string;
  /** The name of the server that requests are counted under; empty for that of the listener. */
  readonly serverName: string;
  readonly grpcWeb: boolean;
  readonly transportSocket?: TransportSocketShape;
}

/** A chain that passes on what comes. */
export interface GatewayTcpChain extends ChainConditions {
  readonly kind: 'tcp';
  readonly filters: readonly FilterShape[];
  readonly transportSocket?: TransportSocketShape;
}

export type GatewayChain = GatewayHttpChain | GatewayTcpChain;

/** What is gathered while the chains of the ports of one number are made. */
export interface ChainsInMaking {
  /** The addresses of the server names that are taken: Envoy refuses two chains for the same connections. */
  readonly taken: Map<string, string>;
  readonly problems: TranslationProblem[];
}

/** The chains of a port, in the order of its servers. */
export function* portChains(
  port: ServerPort,
  context: GatewayContext,
  making: ChainsInMaking,
  memo: Memo,
): Piecewise<readonly GatewayChain[]> {
  const protocol = parseProtocol(port.protocol);
  if (isHttp(protocol)) {
    const { routeName } = port;
    return [{ ...anyConnection, kind: 'http', routeName, serverName: '', grpcWeb: protocol === 'GRPC-Web' }];
  }
  const chains: GatewayChain[] = [];
  for (const server of port.servers) {
    chains.push(...(yield* serverChains(server, context, making, memo)));
    yield;
  }
  return chains;
}

function* serverChains(
  routerServer: RouterServer,
  context: GatewayContext,
  making: ChainsInMaking,
  memo: Memo,
): Piecewise<readonly GatewayChain[]> {
  const { server, routeName } = routerServer;
  const { tls, port } = server;
  if (tls === undefined) return tcpChains(routerServer, context, making);
  if (passesThrough(server)) {
    return tls.mode === 'AUTO_PASSTHROUGH'
      ? yield* autoPassthroughChains(serverNames(server), context, memo)
      : passedChains(routerServer, context, making);
  }
  const ended = {
    serverNames: serverNames(server),
    transportSocket: gatewayTlsSocket({ tls, port }, context),
  };
  if (!speaksHttp(server))
    return tcpChains(routerServer, context, making).map((chain) => ({ ...chain, ...ended }));
  return [{ ...anyConnection, kind: 'http', routeName, serverName: server.name, grpcWeb: false, ...ended }];
}

/** The connections of a server go where the first TCP route for them leads. */
function tcpChains(
  server: RouterServer,
  context: GatewayContext,
  { problems }: ChainsInMaking,
): readonly GatewayTcpChain[] {
  const filters = tcpServerFilters(server, context);
  if (filters !== undefined) return [{ ...anyConnection, kind: 'tcp', filters }];
  problems.push(leftOut(server, 'no VirtualService has a TCP route for it'));
  return [];
}

/** TLS that is passed through goes by the server names of TLS routes. */
function passedChains(
  server: RouterServer,
  context: GatewayContext,
  { taken, problems }: ChainsInMaking,
): readonly GatewayTcpChain[] {
  const { bind } = server.server;
  const chains: GatewayTcpChain[] = [];
  for (const { object, names, filters } of tlsRouteFilters(server, context)) {
    const repeated = names.filter((name) => taken.get(name) === bind);
    if (repeated.length > 0) {
      problems.push(repeatedNames(server, object, repeated));
      continue;
    }
    for (const name of names) taken.set(name, bind);
    chains.push({ ...anyConnection, kind: 'tcp', serverNames: names, filters: filters() });
  }
  return chains;
}

function repeatedNames(
  { gateway, server }: RouterServer,
  { metadata }: ConfigObject<'VirtualService'>,
  names: readonly string[],
): TranslationProblem {
  return {
    subject: `VirtualService ${metadata.namespace}/${metadata.name}`,
    message: `a TLS match is left out on port ${server.port.number} of Gateway ${gateway}: another match is for ${names.join(', ')} already`,
  };
}

function leftOut({ gateway, server }: RouterServer, reason: string): TranslationProblem {
  const { number, name } = server.port;
  return {
    subject: `Gateway ${gateway}`,
    message: `its server on port ${number} (${name}) takes no connections: ${reason}`,
  };
}
