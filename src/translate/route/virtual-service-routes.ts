/** The routes of VirtualServices, made once for all requests that are alike. */
import type { ConsistentHashLb } from '../../config/kinds/traffic-policy.js';
import type { Destination, HttpRetry, VirtualService } from '../../config/kinds/virtual-service.js';
import type { ConfigObject } from '../../config/object.js';
import type { RouteShape } from '../../envoy/messages.js';
import { noLabels } from '../../model/labels.js';
import type { Memo } from '../memo.js';
import { destinationCluster } from './destination-cluster.js';
import { httpRoutes } from './http-route.js';
import type { RouteSettings, RouteSource } from './route-settings.js';

/** Where requests come to, and from whom: all settings but those of destinations. */
export interface RouteOrigin {
  readonly listenerPort: number;
  readonly isTls: boolean;
  /** The gateway that the routes are for. */
  readonly gateway: string;
  readonly client: RouteSource;
  readonly defaultRetries: HttpRetry | undefined;
  readonly appendForwardedHost: boolean;
}

/** What routes say of a destination. */
interface Target {
  readonly cluster: string;
  readonly hash?: ConsistentHashLb;
}

interface RoutesInput extends RouteOrigin {
  readonly object: ConfigObject<'VirtualService'>;
  /** Of each destination in its order. One array for equal content. */
  readonly targets: readonly Target[];
}

/** The routes for what comes to an origin: the same array as long as nothing changed that they depend on. */
export function virtualServiceRoutes(
  object: ConfigObject<'VirtualService'>,
  origin: RouteOrigin,
  { cluster, hash }: Pick<RouteSettings, 'cluster' | 'hash'>,
  memo: Memo,
): readonly RouteShape[] {
  const { namespace, name } = object.metadata;
  const targets = [...destinationsOf(object.spec)].map((destination): Target => {
    const settings = hash(destination);
    return { cluster: cluster(destination), ...(settings !== undefined && { hash: settings }) };
  });
  const input: RoutesInput = {
    ...origin,
    object,
    client: memo.intern(whatMatters(object.spec, origin.client)),
    targets: memo.intern(targets),
  };
  return memo.group('virtual service routes').compute(`${namespace}/${name}`, input, makeRoutes);
}

function makeRoutes({ object, gateway, targets, ...origin }: RoutesInput): readonly RouteShape[] {
  const byDestination = new Map<Destination, Target | undefined>();
  for (const [place, destination] of [...destinationsOf(object.spec)].entries())
    byDestination.set(destination, targets[place]);
  return httpRoutes(object, {
    ...origin,
    gateways: new Set([gateway]),
    cluster: (destination) =>
      byDestination.get(destination)?.cluster ??
      destinationCluster(destination, undefined, origin.listenerPort),
    hash: (destination) => byDestination.get(destination)?.hash,
  });
}

/** Every destination that a route names. */
function* destinationsOf({ http }: VirtualService): Generator<Destination> {
  for (const { route = [], mirror, mirrors = [] } of http) {
    if (mirror !== undefined) yield mirror;
    for (const { destination } of [...route, ...mirrors]) if (destination !== undefined) yield destination;
  }
}

/** A client without what no route asks for. */
function whatMatters({ http }: VirtualService, { namespace, labels, proxyless }: RouteSource): RouteSource {
  const matches = http.flatMap(({ match = [] }) => match);
  const asksForLabels = matches.some(({ sourceLabels = {} }) => Object.keys(sourceLabels).length > 0);
  const asksForNamespace = matches.some(({ sourceNamespace = '' }) => sourceNamespace !== '');
  return {
    namespace: asksForNamespace ? namespace : '',
    labels: asksForLabels ? labels : noLabels,
    proxyless,
  };
}
