/** One server of a Gateway as a router sees it (Istio reference 7.8). */
import type { GatewayServer } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import { isHttp, parseProtocol } from '../../model/protocol.js';

/** A server with what Gateways that are merged have to know of it. */
export interface RouterServer {
  /** Its hosts are `host` for VirtualServices of any namespace, or `namespace/host`. */
  readonly server: GatewayServer;
  /** The Gateway that it stands in, as `namespace/name`. */
  readonly gateway: string;
  /** The port that the router listens on. */
  readonly port: number;
  /** The name of its routes; empty for a server that speaks no HTTP. */
  readonly routeName: string;
}

/** A server of a Gateway that is listened to on a port. */
export function routerServer(
  { metadata }: ConfigObject<'Gateway'>,
  server: GatewayServer,
  port: number,
): RouterServer {
  return {
    server: { ...server, hosts: hostsWithNamespace(server.hosts, metadata.namespace) },
    gateway: `${metadata.namespace}/${metadata.name}`,
    port,
    routeName: routeNameOf(server, port, metadata),
  };
}

/** `./host` is of the Gateway's own namespace, and any namespace need not be said; any host of any is everything. */
function hostsWithNamespace(hosts: readonly string[], namespace: string): readonly string[] {
  if (hosts.includes('*/*')) return ['*'];
  return hosts.map((text) => {
    const [ofNamespace = '', host] = text.split('/');
    if (host === undefined || (ofNamespace !== '.' && ofNamespace !== '*')) return text;
    return ofNamespace === '.' ? `${namespace}/${host}` : host;
  });
}

/**
 * All HTTP servers of a port and an address have their routes in common; each server that ends TLS has routes of its
 * own, which go by the port as it is written.
 */
function routeNameOf(
  server: GatewayServer,
  port: number,
  { namespace, name }: ConfigObject<'Gateway'>['metadata'],
): string {
  const protocol = parseProtocol(server.port.protocol);
  const bind = server.bind === '' ? '' : `.${server.bind}`;
  if (isHttp(protocol)) return `http.${port}${bind}`;
  if (protocol !== 'HTTPS' || passesThrough(server)) return '';
  return `https.${server.port.number}.${server.port.name}.${name}.${namespace}${bind}`;
}

/** Whether a server leaves TLS as it is. */
export function passesThrough({ tls }: Pick<GatewayServer, 'tls'>): boolean {
  return tls?.mode === 'PASSTHROUGH' || tls?.mode === 'AUTO_PASSTHROUGH';
}

/** Whether a server takes TLS. Settings of a server that speaks HTTP can only ask for a redirect to one that does. */
export function takesTls({ tls, port }: Pick<GatewayServer, 'tls' | 'port'>): boolean {
  return tls !== undefined && !isHttp(parseProtocol(port.protocol));
}

/** Whether a server speaks HTTP: in plain text, or in TLS that ends here. */
export function speaksHttp(server: Pick<GatewayServer, 'tls' | 'port'>): boolean {
  const protocol = parseProtocol(server.port.protocol);
  return isHttp(protocol) || (protocol === 'HTTPS' && !passesThrough(server));
}

/** The names that clients of a server ask for in TLS, sorted. */
export function serverNames({ hosts }: Pick<GatewayServer, 'hosts'>): readonly string[] {
  return [...new Set(hosts.map((text) => text.split('/')[1] ?? text))].sort();
}
