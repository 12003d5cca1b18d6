/** What becomes of requests that no virtual host of a sidecar is for (Istio reference 7.6). */
import type { OutboundTrafficPolicy } from '../../config/kinds/networking.js';
import type { RouteActionShape, RouteShape, VirtualHostShape } from '../../envoy/messages.js';
import { allowAnyDynamicDnsCluster, passthroughCluster } from '../names.js';
import { destinationCluster } from './destination-cluster.js';
import { anyPath } from './route-match.js';
import { timeoutFields } from './timeout.js';

/** What the last virtual host depends on. */
export interface CatchAllInput {
  readonly policy: OutboundTrafficPolicy;
  readonly countsAttempts: boolean;
  readonly appendForwardedHost: boolean;
}

/** The virtual host of every host: it passes requests on, or refuses them. */
export function catchAllVirtualHost(input: CatchAllInput): VirtualHostShape {
  const route = catchAllRoute(input);
  return {
    name: route.name,
    domains: ['*'],
    routes: [route],
    includeRequestAttemptCount: input.countsAttempts,
  };
}

function catchAllRoute({ policy, appendForwardedHost }: CatchAllInput): RouteShape {
  const to = (cluster: string): RouteActionShape => ({
    cluster,
    ...timeoutFields(undefined, false),
    appendXForwardedHost: appendForwardedHost,
  });
  switch (policy.mode) {
    case 'ALLOW_ANY_DYNAMIC_DNS':
      return { name: 'allow_any_dynamic_dns', match: anyPath, route: to(allowAnyDynamicDnsCluster) };
    case 'ALLOW_ANY':
      return { name: 'allow_any', match: anyPath, route: to(passedTo(policy)) };
    case 'REGISTRY_ONLY':
      return { name: 'block_all', match: anyPath, directResponse: { status: 502 } };
  }
}

/** A Sidecar may name a proxy for all that is not known. */
export function passedTo({ egressProxy }: OutboundTrafficPolicy): string {
  if (egressProxy === undefined) return passthroughCluster;
  const { host, subset, port } = egressProxy;
  return destinationCluster(
    { host, ...(subset !== undefined && { subset }), ...(port !== undefined && { port: { number: port } }) },
    undefined,
    0,
  );
}
