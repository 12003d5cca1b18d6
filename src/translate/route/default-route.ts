/** The route to a service that no VirtualService is for (Istio reference 7.6). */
import { joinHostPort } from '../../base/host-port.js';
import type { ConsistentHashLb } from '../../config/kinds/traffic-policy.js';
import type { HttpRetry } from '../../config/kinds/virtual-service.js';
import type { RouteShape } from '../../envoy/messages.js';
import type { Memo } from '../memo.js';
import { outboundClusterName } from '../names.js';
import { hashPolicies } from './hash-policy.js';
import { retryPolicy } from './retry-policy.js';
import { anyPath } from './route-match.js';
import { timeoutFields } from './timeout.js';

/** What the route to a service depends on. */
export interface DefaultRouteInput {
  readonly hostname: string;
  readonly port: number;
  readonly hash: ConsistentHashLb | undefined;
  readonly defaultRetries: HttpRetry | undefined;
}

/** The only route of a service's port: the same array for all clients that are alike. */
export function serviceRoutes(input: DefaultRouteInput, memo: Memo): readonly RouteShape[] {
  return memo.group('routes of services').compute(input.hostname, input, (made) => [defaultRoute(made)]);
}

/** Sends every request to a port of a service. The hash of its rule does not keep retries from other hosts. */
function defaultRoute({ hostname, port, hash, defaultRetries }: DefaultRouteInput): RouteShape {
  const retry = retryPolicy(defaultRetries, false);
  return {
    name: 'default',
    match: anyPath,
    decorator: { operation: `${joinHostPort(hostname, port)}/*` },
    route: {
      cluster: outboundClusterName(port, '', hostname),
      ...timeoutFields(undefined, false),
      hashPolicy: hashPolicies(hash),
      ...(retry !== undefined && { retryPolicy: retry }),
    },
  };
}
