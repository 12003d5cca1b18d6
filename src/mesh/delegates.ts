/** Routes that one VirtualService leaves to another (Istio reference 4.4). */
import type { HttpRoute } from '../config/kinds/virtual-service.js';
import { withFields } from './map-same.js';
import { joinNames, mergeHttpMatches } from './merge-http-matches.js';

/** Names another VirtualService, whose namespace defaults to that of the one that names it. */
export type DelegateReference = NonNullable<HttpRoute['delegate']>;

/**
 * Routes with those of delegates in the place of the routes that name them. A route whose delegate cannot be found is
 * left out, and so is a route of a delegate whose conditions cannot hold together with those of the root.
 *
 * @param find the routes of a delegate, undefined when there is none that may be used.
 */
export function resolveDelegates(
  routes: readonly HttpRoute[],
  find: (delegate: DelegateReference) => readonly HttpRoute[] | undefined,
): readonly HttpRoute[] {
  return routes.flatMap((route) => {
    if (route.delegate === undefined) return [route];
    return (find(route.delegate) ?? []).flatMap((delegate) => mergeHttpRoutes(route, delegate) ?? []);
  });
}

/** A delegate's route, with what it does not say itself taken from the root's route. */
export function mergeHttpRoutes(root: HttpRoute, delegate: HttpRoute): HttpRoute | undefined {
  const match = mergeHttpMatches(root.match ?? [], delegate.match ?? []);
  if (match === undefined) return undefined;
  return withFields(delegate, {
    ...(match.length > 0 && { match }),
    ...joinNames(root.name, delegate.name),
    rewrite: delegate.rewrite ?? root.rewrite,
    directResponse: delegate.directResponse ?? root.directResponse,
    timeout: delegate.timeout ?? root.timeout,
    retries: delegate.retries ?? root.retries,
    fault: delegate.fault ?? root.fault,
    mirror: delegate.mirror ?? root.mirror,
    mirrors: hasSome(delegate.mirrors) ? delegate.mirrors : root.mirrors,
    mirrorPercent: delegate.mirrorPercent ?? root.mirrorPercent,
    mirrorPercentage: delegate.mirrorPercentage ?? root.mirrorPercentage,
    corsPolicy: delegate.corsPolicy ?? root.corsPolicy,
    headers: delegate.headers ?? root.headers,
  });
}

function hasSome(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}
