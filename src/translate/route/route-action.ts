/** Where a route sends requests, and what it does to them on the way (Istio reference 7.7). */
import type {
  Destination,
  HttpRewrite,
  HttpRoute,
  HttpRouteDestination,
} from '../../config/kinds/virtual-service.js';
import type { RouteActionShape, WeightedClusterShape } from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';
import { hashPolicies } from './hash-policy.js';
import { changedAuthority, headerChanges, noHeaderChanges, type HeaderChanges } from './header-changes.js';
import { mirrorPolicies } from './mirror.js';
import { retryPolicy } from './retry-policy.js';
import type { RouteSettings } from './route-settings.js';
import { timeoutFields } from './timeout.js';

type ClusterWeightShape = NonNullable<WeightedClusterShape['clusters']>[number];

/** The action of a route, and the changes of headers that its only destination adds to those of the route. */
export interface RoutedAction {
  readonly action: RouteActionShape;
  readonly headers: HeaderChanges;
}

/** The action of a route that neither redirects nor answers by itself. */
export function routeAction(route: HttpRoute, settings: RouteSettings): RoutedAction {
  const destinations = route.route ?? [];
  const only = destinations.length === 1 ? destinations[0] : undefined;
  const clusterOf = (destination: Destination): string => settings.cluster(destination);
  const weighted = only === undefined ? destinations.filter(({ weight = 0 }) => weight !== 0) : [];
  const targets = only === undefined ? weighted : [only];
  // A hash of several destinations is that of each, and none of them keeps retries from other hosts.
  const hashes = targets.map(({ destination }) => destination && settings.hash(destination));
  const sticky = only !== undefined && hashes[0] !== undefined;
  const retry = retryPolicy(route.retries ?? settings.defaultRetries, sticky);
  const action: RouteActionShape = {
    ...(only === undefined
      ? { weightedClusters: { clusters: weighted.map((target) => clusterWeight(target, clusterOf)) } }
      : { cluster: clusterOf(destinationOf(only)) }),
    ...timeoutFields(route.timeout, settings.client.proxyless),
    ...rewriteFields(route.rewrite, settings),
    ...hostRewrite(authorityOf(route, only)),
    requestMirrorPolicies: mirrorPolicies(route, clusterOf),
    hashPolicy: hashes.flatMap(hashPolicies),
    ...(retry !== undefined && { retryPolicy: retry }),
  };
  return { action, headers: only?.headers === undefined ? noHeaderChanges : headerChanges(only.headers) };
}

function destinationOf({ destination = { host: '' } }: HttpRouteDestination): Destination {
  return destination;
}

function clusterWeight(
  target: HttpRouteDestination,
  clusterOf: (destination: Destination) => string,
): ClusterWeightShape {
  const { weight = 0, headers } = target;
  return {
    name: clusterOf(destinationOf(target)),
    weight: uint32(weight),
    ...(headers !== undefined && { ...headerChanges(headers), ...hostRewrite(changedAuthority(headers)) }),
  };
}

function rewriteFields(
  rewrite: HttpRewrite | undefined,
  { appendForwardedHost }: RouteSettings,
): Pick<RouteActionShape, 'appendXForwardedHost' | 'regexRewrite' | 'prefixRewrite'> {
  if (rewrite === undefined) return {};
  const { uriRegexRewrite: regex, uri = '' } = rewrite;
  return {
    appendXForwardedHost: appendForwardedHost,
    ...(regex === undefined
      ? { prefixRewrite: uri }
      : { regexRewrite: { pattern: { regex: regex.match }, substitution: regex.rewrite } }),
  };
}

/** The rewrite's authority, else that of the route's headers, else that of the headers of its only destination. */
function authorityOf({ rewrite, headers }: HttpRoute, only: HttpRouteDestination | undefined): string {
  return rewrite?.authority || changedAuthority(headers) || changedAuthority(only?.headers);
}

function hostRewrite(authority: string): { readonly hostRewriteLiteral?: string } {
  return authority === '' ? {} : { hostRewriteLiteral: authority };
}
