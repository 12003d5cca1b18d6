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
