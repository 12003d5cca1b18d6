/** A request as an Envoy sees it. */
import { splitHostPort } from '../../base/host-port.js';
import { parseIp } from '../../base/ip.js';

/** A header; names are in lower case. */
export type Header = readonly [name: string, value: string];

/** What is asked about. */
export interface RouteRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Host of the URL, without brackets. */
  readonly host: string;
  /** Port that the client connects to. */
  readonly port: number;
  /** Address that the client connects to; undefined if nobody said. */
  readonly address?: string;
  /** Value of the Host header, or `:authority`. */
  readonly authority: string;
  /** With the query. */
  readonly path: string;
  /** All but the pseudo headers. */
  readonly headers: readonly Header[];
  /** The listener that the request comes to, if it was said. */
  readonly listener?: string;
}

/** What a person says of a request. */
export interface RequestDescription {
  readonly method: string;
  readonly url: string;
  /** Each as `name: value`. */
  readonly headers: readonly string[];
  /** `address` or `address:port` that the client connects to, whatever the URL says. */
  readonly to?: string;
  readonly listener?: string;
}

/**
 * Reads a request.
 * @throws Error that says what is wrong, as a sentence without a full stop
 */
export function parseRequest({
  method,
  url: written,
  headers,
  to,
  listener,
}: RequestDescription): RouteRequest {
  const url = parseUrl(written);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  const parsed = headers.map(parseHeader);
  const given = parsed.find(([name]) => name === 'host' || name === ':authority')?.[1];
  const connected = to === undefined ? undefined : parseDestination(to, port);
  const address = connected?.address ?? (parseIp(host) === undefined ? undefined : host);
  return {
    method: method.toUpperCase(),
    scheme,
    host,
    port: connected?.port ?? port,
    ...(address !== undefined && { address }),
    authority: given ?? url.host,
    path: `${url.pathname}${url.search}`,
    headers: parsed.filter(([name]) => name !== 'host' && !name.startsWith(':')),
    ...(listener !== undefined && { listener }),
  };
}

function parseUrl(written: string): URL {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    throw new Error(`"${written}" is no URL of a request, such as http://catalog/items?page=2`);
  return url;
}

function parseHeader(line: string): Header {
  const match = /^\s*(:?[^:\s]+)\s*:\s*(.*?)\s*$/.exec(line);
  if (match?.[1] === undefined) throw new Error(`"${line}" is no header; write it as "name: value"`);
  return [match[1].toLowerCase(), match[2] ?? ''];
}

function parseDestination(text: string, port: number): { readonly address: string; readonly port: number } {
  if (parseIp(text) !== undefined) return { address: text, port };
  const parts = splitHostPort(text);
  if (parts === undefined || parseIp(parts.host) === undefined || !/^\d{1,5}$/.test(parts.port))
    throw new Error(`"${text}" is no address to connect to; write an IP address, or one with a port`);
  return { address: parts.host, port: Number(parts.port) };
}
