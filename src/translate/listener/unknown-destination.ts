/** What becomes of connections to what no service is known for (Istio reference 7.2). */
import type { FilterShape } from '../../envoy/messages.js';
import { blackHoleCluster } from '../names.js';
import { passedTo } from '../route/catch-all.js';
import type { ListenerExtras } from './extras.js';
import type { ListenerView } from './listener-view.js';
import { tcpProxyTo } from './network-filters.js';

type UnknownView = Pick<ListenerView, 'outboundTrafficPolicy' | 'http'>;

/** The cluster of such connections: where they were going, an egress proxy, or nowhere. */
function unknownDestinationCluster({ outboundTrafficPolicy }: UnknownView): string {
  return outboundTrafficPolicy.mode === 'REGISTRY_ONLY' ? blackHoleCluster : passedTo(outboundTrafficPolicy);
}

/** The filters that send them there. */
export function unknownDestinationFilters(
  view: UnknownView,
  { telemetry }: ListenerExtras,
): readonly FilterShape[] {
  const cluster = unknownDestinationCluster(view);
  const settings = { idleTimeout: view.http.idleTimeout, accessLog: telemetry.tcpLogs };
  return [...telemetry.networkFilters, tcpProxyTo(cluster, cluster, settings)];
}
