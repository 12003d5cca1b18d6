/** The names of the routes that a sidecar asks for (Istio reference 7.6). Its listeners name them. */
import { joinHostPort, splitHostPort } from '../../base/host-port.js';
import { unixPrefix } from '../../model/unix-address.js';

/** The routes of the listener that is an HTTP proxy for every service. */
export const httpProxyRoutes = 'http_proxy';

/** The routes of one service, whose port may carry anything. */
export function serviceRoutes(hostname: string, port: number): string {
  return joinHostPort(hostname, port);
}

/** What the name of a sidecar's routes says. */
export interface RouteName {
  readonly name: string;
  /** 0 for an HTTP proxy and for a socket, to which requests for any port come. */
  readonly port: number;
  /** The routes are for this host alone; undefined where they are for all. */
  readonly hostname?: string;
}

/** Reads a name; undefined for one that no listener gives. */
export function parseRouteName(name: string): RouteName | undefined {
  if (name === httpProxyRoutes || name.startsWith(unixPrefix)) return { name, port: 0 };
  const port = portOf(name.slice(name.indexOf(':') + 1));
  if (port === undefined) return undefined;
  return name.includes(':') ? { name, port, hostname: splitHostPort(name)?.host ?? '' } : { name, port };
}

function portOf(text: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
