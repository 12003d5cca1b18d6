/**
 * Which way a request takes through an Envoy: listener, filter chain, virtual host, route, cluster and endpoints, found
 * in what the Envoy is served by the rules by which it finds them. A pure function.
 */
import { joinHostPort } from '../../base/host-port.js';
import { isJsonObject, type JsonObject } from '../../envoy/json-value.js';
import { takenClusters, takesRequests, type ClusterSources } from './clusters.js';
import { conditionsText, unmetConditions } from './conditions.js';
import { routeEffects } from './effects.js';
import type { ClusterTaken, RouteExplanation, RouteTried } from './explanation.js';
import { field, number, objects, text } from './fields.js';
import { findFilterChain } from './filter-chain.js';
import { findListener } from './listener.js';
import { matchedPath } from './path.js';
import { redirectText } from './redirect.js';
import type { RouteRequest } from './request.js';
import { findVirtualHost } from './virtual-host.js';

/** Resources by type, as canonical JSON of protobuf. */
export interface ServedResources {
  readonly cds?: readonly JsonObject[];
  /** Absent where nobody knows of assignments. */
  readonly eds?: readonly JsonObject[];
  readonly lds?: readonly JsonObject[];
  readonly rds?: readonly JsonObject[];
}

/** What is known of the proxy beside its resources. */
export interface AskedProxy {
  /** In which short names of hosts are completed, such as `shop.svc.cluster.local`. */
  readonly dnsDomain: string;
}

type Found = Omit<RouteExplanation, 'request'>;

const nothing = { routes: [], effects: [], clusters: [] } as const;

/** Explains the way of a request. */
export function explainRoute(
  served: ServedResources,
  request: RouteRequest,
  proxy: AskedProxy,
): RouteExplanation {
  return { request, ...atListener(served, request, proxy) };
}

function atListener(served: ServedResources, request: RouteRequest, { dnsDomain }: AskedProxy): Found {
  const { lds = [], rds = [], cds = [], eds } = served;
  const hosts = hostForms(request.host, dnsDomain);
  const found = findListener(request, { listeners: lds, routes: rds, hosts });
  if (found === undefined) {
    const summary =
      request.listener === undefined
        ? 'no listener takes the connection: it does not go through the proxy'
        : `the proxy has no listener ${request.listener}`;
    return { ...nothing, outcome: 'not-taken', summary };
  }
  const { listener, address, ...choice } = found;
  const connection = {
    port: request.port,
    ...(address !== undefined && { address }),
    ...(request.scheme === 'https' && { serverName: request.host }),
  };
  const chosen = findFilterChain(listener, connection);
  if (chosen === undefined) {
    const summary = 'no filter chain of the listener takes the connection, which is closed';
    return { ...nothing, listener: choice, outcome: 'not-taken', summary };
  }
  const { chain, ...filterChain } = chosen;
  const destination = joinHostPort(address ?? request.host, request.port);
  const sources: ClusterSources = { clusters: cds, assignments: eds, destination };
  return { listener: choice, filterChain, ...inChain(chain, request, rds, sources) };
}

/** Names that a host may be short for, as DNS would try them. */
function hostForms(host: string, dnsDomain: string): readonly string[] {
  const labels = dnsDomain.split('.');
  const domains = labels.map((_, place) => labels.slice(place).join('.')).filter((domain) => domain !== '');
  return [host.toLowerCase(), ...domains.map((domain) => `${host.toLowerCase()}.${domain}`)];
}

function inChain(
  chain: JsonObject,
  request: RouteRequest,
  configurations: readonly JsonObject[],
  sources: ClusterSources,
): Found {
  const filters = objects(chain, 'filters').map((filter) => field(filter, 'typed_config'));
  const manager = filters.find((config) => text(config, '@type').endsWith('.HttpConnectionManager'));
  if (manager === undefined) {
    const proxy = filters.find((config) => text(config, '@type').endsWith('.TcpProxy'));
    return { ...nothing, ...sentTo(takenClusters(proxy, sources), 'passed on as TCP, unread,') };
  }
  const name = text(manager, 'rds', 'route_config_name');
  const inline = field(manager, 'route_config');
  const configuration = isJsonObject(inline)
    ? inline
    : configurations.find((candidate) => text(candidate, 'name') === name);
  if (configuration === undefined) {
    const summary = `the proxy is not served the routes ${name}, so it answers with 404`;
    return { ...nothing, outcome: 'answered', summary };
  }
  const path = matchedPath(request.path, manager);
  if (path === undefined) {
    const summary = 'answered with 400, as slashes are escaped in the path';
    return { ...nothing, outcome: 'answered', summary };
  }
  const why = isJsonObject(inline) ? 'it stands in the filter chain' : 'the filter chain names it';
  return {
    routeConfiguration: { name: text(configuration, 'name'), why },
    ...inRoutes(configuration, { ...request, path }, sources),
  };
}

function inRoutes(configuration: JsonObject, request: RouteRequest, sources: ClusterSources): Found {
  const found = findVirtualHost(configuration, request.authority);
  if (found === undefined) {
    const summary = `no virtual host is for ${request.authority}, so the proxy answers with 404`;
    return { ...nothing, outcome: 'answered', summary };
  }
  const { host, ...virtualHost } = found;
  if (text(host, 'require_tls') === 'ALL' && request.scheme === 'http') {
    const summary = `redirected with 301 to https://${request.authority}${request.path}, as the virtual host requires TLS`;
    return { ...nothing, virtualHost, outcome: 'answered', summary };
  }
  const tried: RouteTried[] = [];
  for (const [index, route] of objects(host, 'routes').entries()) {
    const because = unmetConditions(field(route, 'match'), request);
    tried.push(routeTried(route, index + 1, because));
    if (because.length > 0) continue;
    return { virtualHost, routes: tried, ...taken(route, request, sources) };
  }
  const summary = 'no route of the virtual host takes the request, so the proxy answers with 404';
  return { ...nothing, virtualHost, routes: tried, outcome: 'answered', summary };
}

function routeTried(route: JsonObject, place: number, because: readonly string[]): RouteTried {
  const object = objectName(text(route, 'metadata', 'filter_metadata', 'istio', 'config'));
  return {
    place,
    name: text(route, 'name'),
    ...(object !== undefined && { object }),
    match: conditionsText(field(route, 'match')),
    matched: because.length === 0,
    because,
  };
}

/** `VirtualService namespace/name` of the path of an object in the Kubernetes API. */
function objectName(path: string): string | undefined {
  const match = /\/namespaces\/([^/]+)\/([^/]+)\/(.+)$/.exec(path);
  if (match === null) return undefined;
  const kind = match[2] === 'virtual-service' ? 'VirtualService' : match[2];
  return `${kind} ${match[1]}/${match[3]}`;
}

function taken(route: JsonObject, request: RouteRequest, sources: ClusterSources): Omit<Found, 'routes'> {
  const effects = routeEffects(route);
  const response = field(route, 'direct_response');
  if (response !== undefined) {
    const summary = `answered with ${number(response, 'status') ?? 200}, without being sent on`;
    return { effects, clusters: [], outcome: 'answered', summary };
  }
  const redirect = field(route, 'redirect');
  if (isJsonObject(redirect)) {
    return { effects, clusters: [], outcome: 'answered', summary: redirectText(route, redirect, request) };
  }
  return { effects, ...sentTo(takenClusters(field(route, 'route'), sources), 'sent') };
}

function sentTo(
  clusters: readonly ClusterTaken[],
  how: string,
): Pick<Found, 'clusters' | 'outcome' | 'summary'> {
  if (clusters.length === 0) {
    const summary = 'the route does nothing, so the proxy answers with 404';
    return { clusters, outcome: 'answered', summary };
  }
  const names = clusters.map(({ name, share }) => (clusters.length === 1 ? name : `${name} (${share} %)`));
  const outcome = clusters.some(takesRequests) ? 'sent' : 'no-endpoint';
  const lacks = outcome === 'sent' ? '' : ', which has no endpoint for it';
  return { clusters, outcome, summary: `${how} to ${names.join(', ')}${lacks}` };
}
