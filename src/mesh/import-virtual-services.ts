/** The VirtualServices that one egress listener imports, and where their routes lead (Istio reference 4.3, 4.4). */
import type { Destination, HttpRoute, VirtualService } from '../config/kinds/virtual-service.js';
import type { ConfigObject } from '../config/object.js';
import { reuseList } from '../registry/changes.js';
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

/**
 * The hosts that routes lead to, in the order in which they are named. HTTP routes that are only for sources in other
 * namespaces do not count.
 */
export function virtualServiceDestinations(
  spec: VirtualService,
  namespace: string,
): ReadonlyMap<string, DestinationPorts> {
  const ports = new Map<string, Set<number> | 'all'>();
  for (const { host, port } of destinations(spec, namespace)) {
    const known = ports.get(host);
    if (known === 'all') continue;
    if (port === undefined || port.number === 0) ports.set(host, 'all');
    else if (known === undefined) ports.set(host, new Set([port.number]));
    else known.add(port.number);
  }
  return ports;
}

function destinations(spec: VirtualService, namespace: string): readonly Destination[] {
  const http = spec.http
    .filter((route) => isForSourceIn(route, namespace))
    .flatMap((route) => [
      ...(route.route ?? []).map(({ destination }) => destination),
      route.mirror,
      ...(route.mirrors ?? []).map(({ destination }) => destination),
    ]);
  const l4 = [...spec.tcp, ...spec.tls].flatMap(({ route }) => route.map(({ destination }) => destination));
  return [...http, ...l4].filter((destination) => destination !== undefined);
}

/** A route is left out only if conditions of it name namespaces and none is this one. */
function isForSourceIn({ match = [] }: HttpRoute, namespace: string): boolean {
  const named = match.map(({ sourceNamespace = '' }) => sourceNamespace).filter((source) => source !== '');
  return named.length === 0 || named.includes(namespace);
}
