/** The cluster that a destination stands for (Istio reference 7.7). */
import type { Destination } from '../../config/kinds/virtual-service.js';
import type { Service } from '../../model/service.js';
import { outboundClusterName, parseClusterName } from '../names.js';

/**
 * The name of the cluster of a destination: on its port, else on the only port of its service, else on the port of
 * the listener. Nobody looks whether there is such a cluster.
 *
 * @param service the destination's, if it is known on the listener's port
 */
export function destinationCluster(
  { host, subset = '', port }: Destination,
  service: Service | undefined,
  listenerPort: number,
): string {
  if (host === '') return 'UnknownService';
  const { externalName = '' } = service?.attributes ?? {};
  const onlyPort = service?.ports.length === 1 ? service.ports[0]?.port : undefined;
  return outboundClusterName(port?.number ?? onlyPort ?? listenerPort, subset, externalName || host);
}

/** What a cluster is called in traces: `host:port`, or undefined for one that is no service's. */
export function clusterOperation(clusterName: string): string | undefined {
  const cluster = parseClusterName(clusterName);
  return cluster === undefined ? undefined : `${cluster.hostname}:${cluster.port}`;
}
