/** The listener that a connection comes to: an intercepted one as a sidecar finds it, else the one that listens there. */
import { canonicalIp, parseIp } from '../../base/ip.js';
import { joinHostPort } from '../../base/host-port.js';
import type { JsonObject } from '../../envoy/json-value.js';
import type { ListenerChoice } from './explanation.js';
import { outboundClusterName } from '../../translate/names.js';
import { field, number, objects, text, texts } from './fields.js';
import type { RouteRequest } from './request.js';

/** A listener with why it was chosen. */
export interface FoundListener extends ListenerChoice {
  readonly listener: JsonObject;
  /** The address that the client is taken to connect to. */
  readonly address?: string;
}

/** What is looked through. */
export interface ListenerSources {
  readonly listeners: readonly JsonObject[];
  readonly routes: readonly JsonObject[];
  /** Names that the host may be short for, itself first. */
  readonly hosts: readonly string[];
}

/** The listener of a request; undefined if none takes it. */
export function findListener(request: RouteRequest, sources: ListenerSources): FoundListener | undefined {
  const { listeners } = sources;
  if (request.listener !== undefined) {
    const listener = listeners.find((candidate) => text(candidate, 'name') === request.listener);
    return listener && found(listener, request, request.address, 'it was asked for');
  }
  const known = request.address ?? addressOf(request, sources);
  const why = request.address === undefined && known !== undefined ? `, which is the host's address` : '';
  const outbound = listeners.filter((listener) => text(listener, 'traffic_direction') !== 'INBOUND');
  const onPort = outbound.filter((listener) => !isCatchAll(listener) && portOf(listener) === request.port);
  const exact = known === undefined ? undefined : onPort.find((listener) => addressIs(listener, known));
  if (exact !== undefined)
    return found(exact, request, known, `it is for ${joinHostPort(known ?? '', request.port)}${why}`);
  const wild = onPort.find((listener) => ['0.0.0.0', '::'].some((address) => addressIs(listener, address)));
  if (wild !== undefined)
    return found(wild, request, known, `it is for port ${request.port} of every address`);
  const catchAll = outbound.find(isCatchAll);
  if (catchAll === undefined) return loopbackListener(onPort, request);
  const asked = known === undefined ? `port ${request.port}` : joinHostPort(known, request.port);
  return found(catchAll, request, known, `no other listener is for ${asked}`);
}

/** Where nothing is intercepted, listeners are on the loopback address and wait for clients that know of them. */
function loopbackListener(onPort: readonly JsonObject[], request: RouteRequest): FoundListener | undefined {
  for (const address of request.address === undefined ? ['127.0.0.1', '::1'] : []) {
    const listener = onPort.find((candidate) => addressIs(candidate, address));
    const itself = joinHostPort(address, request.port);
    if (listener !== undefined)
      return found(
        listener,
        request,
        address,
        `nothing is intercepted, so the client has to connect to ${itself} itself`,
      );
  }
  return undefined;
}

function found(
  listener: JsonObject,
  { port }: RouteRequest,
  address: string | undefined,
  why: string,
): FoundListener {
  const destination = address === undefined ? `*:${port}` : joinHostPort(address, port);
  return {
    listener,
    name: text(listener, 'name'),
    destination,
    why,
    ...(address !== undefined && { address }),
  };
}

/** The listener that takes what was intercepted and hands it to the others. */
function isCatchAll(listener: JsonObject): boolean {
  return field(listener, 'use_original_dst') === true;
}

function portOf(listener: JsonObject): number | undefined {
  return number(listener, 'address', 'socket_address', 'port_value');
}

function addressIs(listener: JsonObject, address: string): boolean {
  return text(listener, 'address', 'socket_address', 'address') === (canonicalIp(address) ?? address);
}

/** The address of a host: among the domains that it shares with a virtual host, or of the listener that is its own. */
function addressOf(
  { port }: RouteRequest,
  { listeners, routes, hosts }: ListenerSources,
): string | undefined {
  const names = new Set(hosts);
  for (const configuration of routes) {
    for (const host of objects(configuration, 'virtual_hosts')) {
      const domains = texts(host, 'domains');
      if (!domains.some((domain) => names.has(domain))) continue;
      const address = domains.find((domain) => parseIp(domain.replace(/^\[|\]$/g, '')) !== undefined);
      if (address !== undefined) return address.replace(/^\[|\]$/g, '');
    }
  }
  const own = new Set(
    hosts.flatMap((host) => [joinHostPort(host, port), outboundClusterName(port, '', host)]),
  );
  const listener = listeners.find((candidate) => leadsTo(candidate, own));
  return listener && text(listener, 'address', 'socket_address', 'address');
}

/** Whether a listener names any of these routes or clusters. */
function leadsTo(listener: JsonObject, names: ReadonlySet<string>): boolean {
  return objects(listener, 'filter_chains')
    .flatMap((chain) => objects(chain, 'filters'))
    .map((filter) => field(filter, 'typed_config'))
    .some(
      (config) => names.has(text(config, 'rds', 'route_config_name')) || names.has(text(config, 'cluster')),
    );
}
