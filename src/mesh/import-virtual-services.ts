/** The VirtualServices that one egress listener imports, and where their routes lead (Istio reference 4.3, 4.4). */
import type { Destination, HttpRoute, VirtualService } from '../config/kinds/virtual-service.js';
import type { ConfigObject } from '../config/object.js';
import { reuseList } from '../base/changes.js';
import type { EgressHosts } from './egress-hosts.js';
import type { VirtualServiceIndex } from './snapshot.js';
import { meshGateway } from './virtual-service-names.js';

/** Those of the sidecars' gateway that are visible to a namespace and are for a host that is imported and not excluded. */
export function importVirtualServices(
  virtualServices: VirtualServiceIndex,
  hosts: EgressHosts,
  configNamespace: string,
): readonly ConfigObject<'VirtualService'>[] {
  const visible = virtualServices.visibleTo(configNamespace, meshGateway);
  if (hosts.everything) return visible;
  return reuseList(
    visible,
    visible.filter(({ metadata, spec }) => {
      const concerning = hosts.concerning(metadata.namespace);
      return spec.hosts.some(
        (host) =>
          concerning.some((imported) => imported.importsRoutes(host)) &&
          !concerning.some((imported) => imported.excludes(host)),
      );
    }),
  );
}

/** Ports of a host that routes lead to; `all` when a route names no port. */
export type DestinationPorts = ReadonlySet<number> | 'all';

/** Hosts with their ports, in the order in which routes name them. */
export type Destinations = ReadonlyMap<string, DestinationPorts>;

/** The destinations of VirtualServices that are the same for every namespace. */
const forEveryNamespace = new WeakMap<VirtualService, Destinations>();

/** Where routes lead to. HTTP routes that are only for sources in other namespaces do not count. */
export function virtualServiceDestinations(spec: VirtualService, namespace: string): Destinations {
  const known = forEveryNamespace.get(spec);
  if (known !== undefined) return known;
  const routes = spec.http.filter((route) => isForSourceIn(route, namespace));
  const destinations = destinationsOf(spec, routes);
  if (!spec.http.some(namesSource)) forEveryNamespace.set(spec, destinations);
  return destinations;
}

function destinationsOf({ tcp, tls }: VirtualService, http: readonly HttpRoute[]): Destinations {
  const ports = new Map<string, Set<number> | 'all'>();
  const add = (destination: Destination | undefined): void => {
    if (destination === undefined) return;
    const number = destination.port?.number ?? 0;
    const known = ports.get(destination.host);
    if (number === 0) ports.set(destination.host, 'all');
    else if (known === undefined) ports.set(destination.host, new Set([number]));
    else if (known !== 'all') known.add(number);
  };
  for (const { route = [], mirror, mirrors = [] } of http) {
    for (const { destination } of route) add(destination);
    add(mirror);
    for (const { destination } of mirrors) add(destination);
  }
  for (const { route } of [...tcp, ...tls]) for (const { destination } of route) add(destination);
  return ports;
}

/** A route is left out only if conditions of it name namespaces and none is this one. */
function isForSourceIn(route: HttpRoute, namespace: string): boolean {
  return (
    !namesSource(route) || (route.match ?? []).some(({ sourceNamespace }) => sourceNamespace === namespace)
  );
}

function namesSource({ match = [] }: HttpRoute): boolean {
  return match.some(({ sourceNamespace = '' }) => sourceNamespace !== '');
}
