/** The routes of a VirtualService's HTTP part (Istio reference 7.7). */
import type { HttpMatchRequest, HttpRoute, VirtualService } from '../../config/kinds/virtual-service.js';
import type { ConfigObject, ObjectMeta } from '../../config/object.js';
import { packAny, type PackedAny } from '../../envoy/any.js';
import {
  CorsPolicy,
  HttpFault,
  type MetadataShape,
  type RouteMatchShape,
  type RouteShape,
} from '../../envoy/messages.js';
import { sortedMap } from '../../envoy/well-known.js';
import { labelsMatch } from '../../model/labels.js';
import { corsFilter, corsPolicy } from './cors.js';
import { clusterOperation } from './destination-cluster.js';
import { faultFilter, httpFault } from './fault.js';
import { headerChanges, joinHeaderChanges, noHeaderChanges, type HeaderChanges } from './header-changes.js';
import { directResponseAction, redirectAction } from './redirect.js';
import { routeAction } from './route-action.js';
import { matchesEverything, routeMatch } from './route-match.js';
import type { RouteSettings } from './route-settings.js';

/** The routes of a VirtualService for requests of a client, up to the first that takes every request. */
export function httpRoutes(
  { metadata, spec }: ConfigObject<'VirtualService'>,
  settings: RouteSettings,
): readonly RouteShape[] {
  const routes: RouteShape[] = [];
  for (const { route, match } of alternatives(spec)) {
    if (match !== undefined && !isFor(match, settings)) continue;
    const translated = httpRoute(route, match, metadata, settings);
    routes.push(translated);
    if (match === undefined || matchesEverything(translated.match ?? {})) break;
  }
  return routes;
}

/** Each match of each route; a route without one is for every request. */
function* alternatives({
  http,
}: VirtualService): Generator<{ readonly route: HttpRoute; readonly match: HttpMatchRequest | undefined }> {
  for (const route of http) {
    const { match: matches = [] } = route;
    if (matches.length === 0) yield { route, match: undefined };
    for (const match of matches) yield { route, match };
  }
}

/** Whether a match is for the port, and for the gateway or the client. Of a match with gateways only they count. */
function isFor(match: HttpMatchRequest, { listenerPort, gateways, client }: RouteSettings): boolean {
  const { port = 0, gateways: named = [], sourceLabels = {}, sourceNamespace = '' } = match;
  if (port !== 0 && port !== listenerPort) return false;
  if (named.length > 0) return named.some((gateway) => gateways.has(gateway));
  return (
    labelsMatch(sourceLabels, client.labels) &&
    (sourceNamespace === '' || sourceNamespace === client.namespace)
  );
}

function httpRoute(
  route: HttpRoute,
  match: HttpMatchRequest | undefined,
  metadata: ObjectMeta,
  settings: RouteSettings,
): RouteShape {
  const translatedMatch = routeMatch(match);
  const ofRoute = route.headers === undefined ? noHeaderChanges : headerChanges(route.headers);
  const { headers, ...action } = actionOf(route, settings);
  const operation = routeOperation(action, translatedMatch, metadata.name, settings.listenerPort);
  return {
    name: [route.name ?? '', ...(match?.name === undefined ? [] : [match.name])].join('.'),
    match: translatedMatch,
    metadata: configMetadata(metadata),
    ...(match?.statPrefix !== undefined && { statPrefix: match.statPrefix }),
    ...(headers === undefined ? ofRoute : joinHeaderChanges(ofRoute, headers)),
    ...action,
    decorator: { operation },
    typedPerFilterConfig: filterConfigs(route),
  };
}

type Action = Pick<RouteShape, 'route' | 'redirect' | 'directResponse'>;

function actionOf(
  route: HttpRoute,
  settings: RouteSettings,
): (
  | { readonly route: NonNullable<RouteShape['route']> }
  | { readonly redirect?: NonNullable<RouteShape['redirect']> }
  | { readonly directResponse: NonNullable<RouteShape['directResponse']> }
) & { readonly headers?: HeaderChanges } {
  if (route.redirect !== undefined) {
    const redirect = redirectAction(route.redirect, settings);
    return redirect === undefined ? {} : { redirect };
  }
  if (route.directResponse !== undefined) {
    return { directResponse: directResponseAction(route.directResponse) };
  }
  const { action, headers } = routeAction(route, settings);
  return { route: action, headers };
}

function filterConfigs({ fault, corsPolicy: cors }: HttpRoute): Readonly<Record<string, PackedAny>> {
  const configs: [string, PackedAny][] = [];
  if (fault !== undefined) configs.push([faultFilter, packAny(HttpFault, httpFault(fault))]);
  if (cors !== undefined) configs.push([corsFilter, packAny(CorsPolicy, corsPolicy(cors))]);
  return sortedMap(configs);
}

/** What requests of a route are called in traces: by the only cluster, else by the VirtualService. */
function routeOperation(
  { route }: Action,
  match: RouteMatchShape,
  virtualServiceName: string,
  listenerPort: number,
): string {
  const { prefix, path, safeRegex } = match;
  const pathText = path ?? safeRegex?.regex ?? `${prefix ?? '/'}*`;
  const operation = clusterOperation(route?.cluster ?? '') ?? `${virtualServiceName}:${listenerPort}`;
  return operation + pathText;
}

/** The VirtualService as the path of its object in the Kubernetes API. */
function configMetadata({ namespace, name }: ObjectMeta): MetadataShape {
  const config = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtual-service/${name}`;
  return { filterMetadata: { istio: { fields: { config: { stringValue: config } } } } };
}
