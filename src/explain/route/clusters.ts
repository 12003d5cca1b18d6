/** The clusters that a route or a TCP proxy sends to, with their endpoints. */
import { joinHostPort } from '../../base/host-port.js';
import type { Json, JsonObject } from '../../envoy/json-value.js';
import type { ClusterTaken, EndpointTaken } from './explanation.js';
import { field, number, objects, text } from './fields.js';

/** What a proxy is served of clusters. */
export interface ClusterSources {
  readonly clusters: readonly JsonObject[];
  /** Absent where nobody knows of assignments. */
  readonly assignments: readonly JsonObject[] | undefined;
  /** `address:port` that the client connects to, for clusters that go there. */
  readonly destination: string;
}

/** The clusters of a route's action, or of a TCP proxy: one, or several by their weights. */
export function takenClusters(action: Json | undefined, sources: ClusterSources): readonly ClusterTaken[] {
  const name = text(action, 'cluster');
  if (name !== '') return [takenCluster(name, 100, sources)];
  const weighted = objects(action, 'weighted_clusters', 'clusters');
  const total = weighted.reduce((sum, cluster) => sum + (number(cluster, 'weight') ?? 0), 0);
  return weighted.map((cluster) => {
    const share = total === 0 ? 0 : ((number(cluster, 'weight') ?? 0) * 100) / total;
    return takenCluster(text(cluster, 'name'), Math.round(share * 100) / 100, sources);
  });
}

/** Whether a cluster has an endpoint that requests may go to. */
export function takesRequests({ endpoints }: ClusterTaken): boolean {
  return endpoints.some(
    ({ health }) => health === 'HEALTHY' || health === 'UNKNOWN' || health === 'DEGRADED',
  );
}

function takenCluster(name: string, share: number, sources: ClusterSources): ClusterTaken {
  const cluster = sources.clusters.find((candidate) => text(candidate, 'name') === name);
  if (cluster === undefined)
    return {
      name,
      share,
      endpoints: [],
      notes: ['the proxy is served no such cluster, so it answers with 503'],
    };
  const type = text(cluster, 'cluster_type', 'name') || text(cluster, 'type') || 'STATIC';
  const base = { name, share, type };
  switch (type) {
    case 'ORIGINAL_DST':
      return {
        ...base,
        endpoints: [endpointAt(sources.destination)],
        notes: ['it goes to where the client connects to'],
      };
    case 'EDS':
      return assigned(base, cluster, sources);
    default:
      return text(cluster, 'cluster_type', 'name') === ''
        ? withEndpoints(base, field(cluster, 'load_assignment'))
        : {
            ...base,
            endpoints: [endpointAt('(as DNS says)')],
            notes: ['it goes to where DNS says that the host is'],
          };
  }
}

type ClusterBase = Pick<ClusterTaken, 'name' | 'share' | 'type'>;

function assigned(base: ClusterBase, cluster: JsonObject, { assignments }: ClusterSources): ClusterTaken {
  if (assignments === undefined)
    return { ...base, endpoints: [], notes: ['its endpoints are not known here'] };
  const wanted = text(cluster, 'eds_cluster_config', 'service_name') || base.name;
  return withEndpoints(
    base,
    assignments.find((assignment) => text(assignment, 'cluster_name') === wanted),
  );
}

function withEndpoints(base: ClusterBase, assignment: Json | undefined): ClusterTaken {
  const endpoints = objects(assignment, 'endpoints')
    .flatMap((group) => objects(group, 'lb_endpoints').map((endpoint) => endpointOf(endpoint, group)))
    .sort((a, b) => a.priority - b.priority);
  const usable = takesRequests({ ...base, endpoints, notes: [] });
  const none = endpoints.length === 0 ? 'it has no endpoints' : 'none of its endpoints is healthy';
  return { ...base, endpoints, notes: usable ? [] : [`${none}, so the proxy answers with 503`] };
}

function endpointOf(endpoint: JsonObject, group: JsonObject): EndpointTaken {
  const address = field(endpoint, 'endpoint', 'address');
  const socket = field(address, 'socket_address');
  const locality = ['region', 'zone', 'sub_zone'].map((part) => text(group, 'locality', part));
  return {
    address:
      socket === undefined
        ? text(address, 'pipe', 'path') || text(address, 'envoy_internal_address', 'server_listener_name')
        : joinHostPort(text(socket, 'address'), text(socket, 'port_value')),
    health: text(endpoint, 'health_status') || 'UNKNOWN',
    weight: number(endpoint, 'load_balancing_weight') ?? 1,
    priority: number(group, 'priority') ?? 0,
    locality: locality.join('/').replace(/\/+$/, ''),
  };
}

function endpointAt(address: string): EndpointTaken {
  return { address, health: 'UNKNOWN', weight: 1, priority: 0, locality: '' };
}
