/** Listeners, routes and names as rows of tables, with the columns that istioctl's proxy-config shows. */
import { isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';
import { resourceName } from '../compare/resources.js';
import { conditionsText } from '../explain/route/conditions.js';
import { field, objects, text, texts } from '../explain/route/fields.js';

/** Headings of `listenerRows`. */
export const listenerHeadings = ['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'] as const;

/** A row for each filter chain of a listener, the default one last. */
export function listenerRows(listener: JsonObject): string[][] {
  const addresses = [
    field(listener, 'address'),
    ...objects(listener, 'additional_addresses').map(({ address }) => address),
  ];
  const hosts = addresses.map(
    (address) => text(address, 'socket_address', 'address') || text(address, 'pipe', 'path'),
  );
  const where = [
    hosts.filter((host) => host !== '').join(',') || resourceName(listener),
    portOf(addresses[0]),
  ];
  const fallback = field(listener, 'default_filter_chain');
  const rows = objects(listener, 'filter_chains').map((chain) => [
    ...where,
    matchOf(chain),
    destination(chain),
  ]);
  if (isJsonObject(fallback)) rows.push([...where, 'ALL', destination(fallback)]);
  if (rows.length > 0) return rows;
  // A gRPC client asks for a listener by its name, and has its connection manager in the listener itself.
  const api = field(listener, 'api_listener', 'api_listener');
  if (api === undefined) return [[...where, 'ALL', '']];
  return [[resourceName(listener), portOf(addresses[0]), 'ALL', ofManager(api)]];
}

function portOf(address: Json | undefined): string {
  return text(address, 'socket_address', 'port_value') || '0';
}

/** What a filter chain is for, in istioctl's words. */
function matchOf(chain: JsonObject): string {
  const match = field(chain, 'filter_chain_match');
  const named = [
    ['SNI', texts(match, 'server_names').join(',')],
    ['Trans', text(match, 'transport_protocol')],
    ['App', texts(match, 'application_protocols').join(',')],
    ['Addr', addressText(match)],
  ].filter(([, value]) => value !== '');
  return named.length === 0 ? 'ALL' : named.map(([name, value]) => `${name}: ${value}`).join('; ');
}

function addressText(match: Json | undefined): string {
  const port = text(match, 'destination_port');
  const ranges = objects(match, 'prefix_ranges').map(
    (range) => `${text(range, 'address_prefix')}/${text(range, 'prefix_len') || '0'}`,
  );
  if (port === '') return ranges.join(',');
  return `${ranges.length === 0 ? '*' : ranges.join(',')}:${port}`;
}

function destination(chain: JsonObject): string {
  const configs = objects(chain, 'filters').map((filter) => field(filter, 'typed_config'));
  const manager = configs.find((config) => text(config, '@type').endsWith('.HttpConnectionManager'));
  if (manager !== undefined) return ofManager(manager);
  const proxy = configs.find((config) => text(config, '@type').endsWith('.TcpProxy'));
  if (proxy === undefined) return 'Non-HTTP/Non-TCP';
  return clustersText(proxy);
}

function ofManager(manager: Json): string {
  const route = text(manager, 'rds', 'route_config_name');
  if (route !== '') return `Route: ${route}`;
  const inline = text(manager, 'route_config', 'name');
  return inline === '' ? 'Inline Route' : `Inline Route: ${inline}`;
}

function clustersText(action: Json | undefined): string {
  const cluster = text(action, 'cluster');
  if (cluster !== '') return `Cluster: ${cluster}`;
  const weighted = objects(action, 'weighted_clusters', 'clusters');
  return `Cluster: ${weighted.map((each) => `${text(each, 'name')} (${text(each, 'weight')})`).join(', ')}`;
}

/** Headings of `routeRows`. */
export const routeHeadings = ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'] as const;

/** So many domains of a virtual host are shown. */
const shownDomains = 2;

/** A row for each route of a configuration. */
export function routeRows(configuration: JsonObject): string[][] {
  const name = resourceName(configuration);
  const rows = objects(configuration, 'virtual_hosts').flatMap((host) => {
    const domains = texts(host, 'domains').toSorted((a, b) => a.length - b.length);
    const more = domains.length > shownDomains ? ` + ${domains.length - shownDomains} more...` : '';
    const start = [name, text(host, 'name'), `${domains.slice(0, shownDomains).join(', ')}${more}`];
    const routes = objects(host, 'routes');
    if (routes.length === 0) return [[...start, '(none)', '']];
    return routes.map((route) => [...start, conditionsText(field(route, 'match')), virtualServiceOf(route)]);
  });
  return rows.length > 0 ? rows : [[name, '(none)', '', '', '']];
}

/** `name.namespace` of the VirtualService that a route was made of. */
function virtualServiceOf(route: JsonObject): string {
  const path = text(route, 'metadata', 'filter_metadata', 'istio', 'config');
  const match = /\/namespaces\/([^/]+)\/virtual-service\/(.+)$/.exec(path);
  return match === null ? '' : `${match[2]}.${match[1]}`;
}

/** Headings of `nameRows`. */
export const nameHeadings = ['HOST', 'ADDRESSES', 'REGISTRY', 'NAMESPACE'] as const;

/** A row for each name of a name table. */
export function nameRows(table: JsonObject): string[][] {
  const names = field(table, 'table');
  return Object.entries(isJsonObject(names) ? names : {}).map(([host, info]) => [
    host,
    texts(info, 'ips').join(', '),
    text(info, 'registry'),
    text(info, 'namespace'),
  ]);
}
