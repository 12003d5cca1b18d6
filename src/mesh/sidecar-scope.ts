/** What a proxy can see, worked out for a Sidecar (or none) and a namespace (Istio reference 4.3). */
import { deepEqual } from '../base/compare.js';
import type { IstioEgressListener, OutboundTrafficPolicy } from '../config/kinds/networking.js';
import type { ConfigObject } from '../config/object.js';
import { parseProtocol } from '../model/protocol.js';
import { isKubernetesService, type Service } from '../model/service.js';
import { reuseList, sameElements } from '../base/changes.js';
import { EgressHosts } from './egress-hosts.js';
import { importServices, withOnePort } from './import-services.js';
import {
  importVirtualServices,
  virtualServiceDestinations,
  type DestinationPorts,
} from './import-virtual-services.js';
import { ScopeServices } from './scope-services.js';
import { withPorts } from './service-copies.js';
import type { ServiceTable } from './service-index.js';
import { serviceOfHost } from './service-list.js';
import type { EgressScope, SidecarScope, VirtualServiceIndex } from './snapshot.js';
import { meshGateway } from './virtual-service-names.js';

/** What scopes are made of. */
export interface ScopeSources {
  readonly services: ServiceTable;
  readonly virtualServices: VirtualServiceIndex;
  /** The mesh's, for Sidecars that have none. */
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
}

type EgressListener = Pick<IstioEgressListener, 'hosts' | 'port'>;

/** The egress of proxies that no Sidecar says anything about. */
const everything: readonly EgressListener[] = [{ hosts: ['*/*'] }];

/** The scope of sidecar proxies of a namespace to which this Sidecar applies, or none does. */
export function sidecarScope(
  sources: ScopeSources,
  sidecar: ConfigObject<'Sidecar'> | undefined,
  namespace: string,
): SidecarScope {
  const listeners =
    sidecar === undefined || sidecar.spec.egress.length === 0 ? everything : sidecar.spec.egress;
  const egress = listeners.map((listener) => egressScope(sources, listener, namespace));
  const collected = new ScopeServices();
  for (const [index, scope] of egress.entries()) {
    collected.add(scope.services);
    const port = matchedPort(listeners[index]);
    collected.add(destinationServices(sources.services, scope, port, namespace));
  }
  return new Scope({
    namespace,
    sidecar,
    egress,
    services: reuseList(egress[0]?.services, collected.list),
    outboundTrafficPolicy: sidecar?.spec.outboundTrafficPolicy ?? sources.outboundTrafficPolicy,
  });
}

/**
 * The scope of routers and waypoints of a namespace: all that is exported to it, whatever Sidecars say. Of a host in
 * several namespaces the first counts, be it in the own one or not. (Istiod gives them the scope of sidecars without a
 * Sidecar instead if one of the namespace has asked for it before; what a proxy gets here does not depend on others.)
 */
export function gatewayScope(sources: ScopeSources, namespace: string): SidecarScope {
  const visible = sources.services.visibleTo(namespace);
  const collected = new ScopeServices();
  collected.add(visible);
  const services = reuseList(visible, collected.list);
  const virtualServices = sources.virtualServices.visibleTo(namespace, meshGateway);
  return new Scope({
    namespace,
    sidecar: undefined,
    egress: [{ hosts: ['*/*'], services, virtualServices }],
    services,
    outboundTrafficPolicy: sources.outboundTrafficPolicy,
  });
}

/** `before` when it holds the very same things, so that its identity says so. */
export function reuseScope(before: SidecarScope | undefined, scope: SidecarScope): SidecarScope {
  const same =
    before !== undefined &&
    before.sidecar === scope.sidecar &&
    deepEqual(before.outboundTrafficPolicy, scope.outboundTrafficPolicy) &&
    sameElements(before.services, scope.services) &&
    before.egress.length === scope.egress.length &&
    before.egress.every((egress, index) => sameEgress(egress, scope.egress[index]));
  return same ? before : scope;
}

function sameEgress(a: EgressScope, b: EgressScope | undefined): boolean {
  return (
    b !== undefined &&
    a.port === b.port &&
    sameElements(a.hosts, b.hosts) &&
    sameElements(a.services, b.services) &&
    sameElements(a.virtualServices, b.virtualServices)
  );
}

function egressScope(sources: ScopeSources, listener: EgressListener, namespace: string): EgressScope {
  const hosts = new EgressHosts(listener.hosts, namespace);
  return {
    hosts: listener.hosts,
    ...(listener.port !== undefined && { port: listener.port.number }),
    services: importServices(sources.services, hosts, matchedPort(listener), namespace),
    virtualServices: importVirtualServices(sources.virtualServices, hosts, namespace),
  };
}

/** The port that services must have: none for a socket, or for a listener that is an HTTP proxy for all ports. */
export function matchedPort(listener: EgressListener | undefined): number | undefined {
  const port = listener?.port;
  if (port === undefined || port.number === 0 || parseProtocol(port.protocol) === 'HTTP_PROXY')
    return undefined;
  return port.number;
}

/** Services that are not imported themselves, but that the imported VirtualServices lead to. */
function destinationServices(
  services: ServiceTable,
  { virtualServices }: EgressScope,
  port: number | undefined,
  namespace: string,
): readonly Service[] {
  const found: Service[] = [];
  for (const { spec } of virtualServices) {
    for (const [host, ports] of virtualServiceDestinations(spec, namespace)) {
      const service = destinationService(services, host, namespace);
      const trimmed =
        service && (port === undefined ? withDestinationPorts(service, ports) : withOnePort(service, port));
      if (trimmed !== undefined) found.push(trimmed);
    }
  }
  return found;
}

/** The own namespace's service; else, of those that are visible, Kubernetes' or the oldest. */
function destinationService(services: ServiceTable, host: string, namespace: string): Service | undefined {
  const byNamespace = services.namespacesOf(host);
  const own = byNamespace.get(namespace);
  if (own !== undefined) return own;
  let best: Service | undefined;
  for (const service of byNamespace.values()) {
    if (!services.isVisible(service, namespace)) continue;
    if (isKubernetesService(service)) return service;
    if (best === undefined || service.creationTime < best.creationTime) best = service;
  }
  return best;
}

function withDestinationPorts(service: Service, ports: DestinationPorts): Service | undefined {
  if (ports === 'all') return service;
  const named = service.ports.filter(({ port }) => ports.has(port));
  return named.length === 0 && service.ports.length > 0 ? undefined : withPorts(service, named);
}

interface ScopeFields {
  readonly namespace: string;
  readonly sidecar: ConfigObject<'Sidecar'> | undefined;
  readonly egress: readonly EgressScope[];
  readonly services: readonly Service[];
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
}

class Scope implements SidecarScope {
  readonly namespace: string;
  declare readonly sidecar?: ConfigObject<'Sidecar'>;
  readonly egress: readonly EgressScope[];
  readonly services: readonly Service[];
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;

  constructor({ namespace, sidecar, egress, services, outboundTrafficPolicy }: ScopeFields) {
    this.namespace = namespace;
    if (sidecar !== undefined) this.sidecar = sidecar;
    this.egress = egress;
    this.services = services;
    this.outboundTrafficPolicy = outboundTrafficPolicy;
  }

  service(hostname: string): Service | undefined {
    return serviceOfHost(this.services, hostname);
  }
}
