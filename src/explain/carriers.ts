/** Which listeners and routes lead to a cluster: read off what the proxy is served. */
import { finish } from '../base/piecewise.js';
import { decodeToJson } from '../envoy/json.js';
import type { Json, JsonObject } from '../envoy/json-value.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import { translateGrpcListeners } from '../translate/grpc/listeners.js';
import { translateGrpcRoutes } from '../translate/grpc/routes.js';
import { translateListeners } from '../translate/listener/listeners.js';
import { Memo } from '../translate/memo.js';
import { translateRoutes } from '../translate/route/routes.js';
import type { Translation } from '../translate/translation.js';
import { field, objects, text } from './route/fields.js';

/** What leads to some clusters, by names and without repetition. */
export interface Carriers {
  readonly listeners: readonly string[];
  /** `ROUTES (VIRTUAL HOST)` each. */
  readonly routes: readonly string[];
}

interface ServedWays {
  readonly lds: readonly JsonObject[];
  readonly rds: readonly JsonObject[];
}

const served = new WeakMap<ProxyContext, ServedWays>();

/** The listeners and routes by which a proxy sends anything to one of the clusters, mirrored requests too. */
export function explainCarriers(context: ProxyContext, clusters: ReadonlySet<string>): Carriers {
  if (clusters.size === 0) return { listeners: [], routes: [] };
  const { lds, rds } = waysOf(context);
  const leads = (names: readonly string[]): boolean => names.some((name) => clusters.has(name));
  const hosts = rds.flatMap((configuration) =>
    virtualHosts(configuration)
      .filter((host) => leads(hostClusters(host)))
      .map((host) => ({ routes: text(configuration, 'name'), host: text(host, 'name') })),
  );
  const carried = new Set(hosts.map(({ routes }) => routes));
  const listeners = lds.filter(
    (listener) => routeNames(listener).some((name) => carried.has(name)) || leads(listenerClusters(listener)),
  );
  return {
    listeners: listeners.map((listener) => text(listener, 'name')),
    routes: [...new Set(hosts.map(({ routes, host }) => `${routes} (${host})`))],
  };
}

/** Made once for a proxy and a state of the mesh. */
function waysOf(context: ProxyContext): ServedWays {
  const known = served.get(context);
  if (known !== undefined) return known;
  const memo = new Memo();
  const isGrpc = context.proxy.dialect === 'grpc';
  const lds = json(
    finish(isGrpc ? translateGrpcListeners(context, memo, undefined) : translateListeners(context, memo)),
  );
  const names = new Set(lds.flatMap(routeNames));
  const rds = json(
    finish(isGrpc ? translateGrpcRoutes(context, memo, names) : translateRoutes(context, memo, names)),
  );
  const ways = { lds, rds };
  served.set(context, ways);
  return ways;
}

function json({ resources }: Translation): readonly JsonObject[] {
  return resources.map(({ typeUrl, body }) => decodeToJson(typeUrl, body));
}

function virtualHosts(configuration: Json | undefined): readonly JsonObject[] {
  return objects(configuration, 'virtual_hosts');
}

function hostClusters(host: JsonObject): string[] {
  return objects(host, 'routes').flatMap((route) => [
    ...actionClusters(field(route, 'route')),
    ...objects(route, 'route', 'request_mirror_policies').map((policy) => text(policy, 'cluster')),
  ]);
}

/** Routes that a listener asks for by name. */
function routeNames(listener: JsonObject): string[] {
  return filterConfigs(listener)
    .map((config) => text(config, 'rds', 'route_config_name'))
    .filter((name) => name !== '');
}

/** Clusters of TCP proxies, and of routes that stand in the listener itself. */
function listenerClusters(listener: JsonObject): string[] {
  return filterConfigs(listener).flatMap((config) => [
    ...actionClusters(config),
    ...virtualHosts(field(config, 'route_config')).flatMap(hostClusters),
  ]);
}

/** What the filters of a listener are told; a gRPC client has a connection manager alone. */
function filterConfigs(listener: JsonObject): readonly (Json | undefined)[] {
  const chains = [...objects(listener, 'filter_chains'), field(listener, 'default_filter_chain')];
  return [
    field(listener, 'api_listener', 'api_listener'),
    ...chains.flatMap((chain) => objects(chain, 'filters')).map((filter) => field(filter, 'typed_config')),
  ];
}

function actionClusters(action: Json | undefined): string[] {
  return [
    text(action, 'cluster'),
    ...objects(action, 'weighted_clusters', 'clusters').map((each) => text(each, 'name')),
  ];
}
