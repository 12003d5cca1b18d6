/** Completes the short names in VirtualServices (Istio reference 0.1, 4.4). */
import type {
  Destination,
  HttpMatchRequest,
  HttpRoute,
  L4MatchAttributes,
  RouteDestination,
  VirtualService,
} from '../config/kinds/virtual-service.js';
import { resolveShortName } from '../model/host.js';
import { mapSame, withFields } from './map-same.js';

/** The gateway that stands for all sidecars. */
export const meshGateway = 'mesh';

/** The VirtualService with hosts, destinations and gateways in full; itself if they are so already. */
export function completeNames(spec: VirtualService, namespace: string, domain: string): VirtualService {
  const names = new Names(namespace, domain);
  return withFields(spec, {
    hosts: mapSame(spec.hosts, names.host),
    gateways: mapSame(spec.gateways, names.gateway),
    http: mapSame(spec.http, names.httpRoute),
    tcp: mapSame(spec.tcp, names.l4Route),
    tls: mapSame(spec.tls, names.l4Route),
  });
}

/**
 * The name of a gateway as `namespace/name`: a short name is of the own namespace, as is `./name`; the old form
 * `name.namespace.svc…` names the namespace in its second part.
 */
export function resolveGatewayName(name: string, namespace: string): string {
  if (name === meshGateway) return name;
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0) return first === '.' ? `${namespace}/${rest.join('/')}` : name;
  const [short = '', ofNamespace] = name.split('.');
  return ofNamespace === undefined ? `${namespace}/${name}` : `${ofNamespace}/${short}`;
}

/** Completes names as they are meant in one namespace. */
class Names {
  readonly #namespace: string;
  readonly #domain: string;

  constructor(namespace: string, domain: string) {
    this.#namespace = namespace;
    this.#domain = domain;
  }

  readonly host = (name: string): string => resolveShortName(name, this.#namespace, this.#domain);

  readonly gateway = (name: string): string => resolveGatewayName(name, this.#namespace);

  readonly httpRoute = (route: HttpRoute): HttpRoute =>
    withFields(route, {
      match: route.match && mapSame(route.match, this.#httpMatch),
      route: route.route && mapSame(route.route, this.#optionalDestination),
      mirror: route.mirror && this.#destination(route.mirror),
      mirrors: route.mirrors && mapSame(route.mirrors, this.#optionalDestination),
    });

  readonly l4Route = <
    R extends { readonly match?: readonly L4MatchAttributes[]; readonly route: readonly RouteDestination[] },
  >(
    route: R,
  ): R =>
    withFields<{
      readonly match?: readonly L4MatchAttributes[];
      readonly route: readonly RouteDestination[];
    }>(route, {
      match: route.match && mapSame(route.match, this.#l4Match),
      route: mapSame(route.route, this.#optionalDestination),
    }) as R;

  readonly #httpMatch = (match: HttpMatchRequest): HttpMatchRequest =>
    withFields(match, { gateways: match.gateways && mapSame(match.gateways, this.gateway) });

  readonly #l4Match = (match: L4MatchAttributes): L4MatchAttributes =>
    withFields(match, { gateways: match.gateways && mapSame(match.gateways, this.gateway) });

  readonly #destination = (destination: Destination): Destination =>
    withFields(destination, { host: this.host(destination.host) });

  readonly #optionalDestination = <R extends { readonly destination?: Destination }>(route: R): R =>
    withFields<{ readonly destination?: Destination }>(route, {
      destination: route.destination && this.#destination(route.destination),
    }) as R;
}
