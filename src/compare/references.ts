/** What one type of resource says about which resources of another type belong to it. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';
import { resourceName } from './resources.js';

/** The names of the assignments that EDS clusters ask for: the service name, or the cluster's own. */
export function assignmentNames(clusters: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(
    clusters
      .filter((cluster) => cluster['type'] === 'EDS')
      .map((cluster) => {
        const config = cluster['eds_cluster_config'];
        const service = isJsonObject(config) ? config['service_name'] : undefined;
        return typeof service === 'string' && service !== '' ? service : resourceName(cluster);
      }),
  );
}

/** The names of the route configurations that the HTTP connection managers of listeners ask for. */
export function routeNames(listeners: readonly JsonObject[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (value: Json): void => {
    if (isJsonArray(value)) value.forEach(visit);
    if (!isJsonObject(value)) return;
    const rds = value['rds'];
    const name = isJsonObject(rds) ? rds['route_config_name'] : undefined;
    if (typeof name === 'string' && name !== '') names.add(name);
    Object.values(value).forEach(visit);
  };
  listeners.forEach(visit);
  return names;
}

/** The names of the secrets that listeners and clusters ask for over ADS. */
export function secretNames(resources: readonly JsonObject[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (value: Json): void => {
    if (isJsonArray(value)) value.forEach(visit);
    if (!isJsonObject(value)) return;
    const { name, sds_config: source } = value;
    const overAds = isJsonObject(source) && source['ads'] !== undefined;
    if (overAds && typeof name === 'string' && name !== '') names.add(name);
    Object.values(value).forEach(visit);
  };
  resources.forEach(visit);
  return names;
}

/** The names of the clusters that a gRPC client takes from route configurations. It knows no mirrors. */
export function clusterNames(configurations: readonly JsonObject[]): ReadonlySet<string> {
  const actions = configurations
    .flatMap((configuration) => objectsIn(configuration['virtual_hosts']))
    .flatMap((host) => objectsIn(host['routes']))
    .flatMap(({ route }) => (isJsonObject(route) ? [route] : []));
  const names = actions.flatMap(({ cluster, weighted_clusters: weighted }) => [
    cluster,
    ...(isJsonObject(weighted) ? objectsIn(weighted['clusters']) : []).map(({ name }) => name),
  ]);
  return new Set(names.filter((name): name is string => typeof name === 'string' && name !== ''));
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}
