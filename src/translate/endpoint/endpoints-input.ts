/** From what a proxy sees to all that the endpoints of one cluster depend on. */
import { isClusterLocal } from '../../mesh/cluster-local.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { ClusterEndpoints, EndpointsInput } from './build-endpoints.js';
import type { LocalityLbAction } from './locality-lb/settings.js';
import { proxyView } from './proxy-view.js';

/**
 * The input for the endpoints of a cluster. `action` is what locality load balancing does to them: it decides
 * whether it matters where the proxy is.
 */
export function endpointsInput(
  context: ProxyContext,
  cluster: ClusterEndpoints,
  action: LocalityLbAction | undefined,
): EndpointsInput {
  const { mesh, endpoints, networks, peerAuthentications } = context.snapshot;
  const { use, service, port, subset, rule, mutualTlsOnly, self } = cluster;
  const clusterLocal = isClusterLocal(mesh, service.hostname);
  return {
    use,
    service,
    port,
    subset,
    rule,
    mutualTlsOnly,
    self,
    shards: endpoints.shards(service.hostname, service.attributes.namespace),
    networks,
    peerAuthentications,
    clusterLocal,
    proxy: proxyView(context, { service, clusterLocal, networks, use, action, self }),
  };
}
