/**
 * The virtual hosts of a listener's port: what a proxy may ask for there, and where it goes (Istio reference 7.6).
 * VirtualServices come first; services that none of them is for have a route of their own.
 */
import { bracketed, joinHostPort } from '../../base/host-port.js';
import type { Piecewise } from '../../base/piecewise.js';
import type { HttpRetry } from '../../config/kinds/virtual-service.js';
import type { ConfigObject } from '../../config/object.js';
import type { RouteShape, VirtualHostShape } from '../../envoy/messages.js';
import { addressForProxy } from '../../mesh/addresses.js';
import type {
  DestinationRuleIndex,
  EgressScope,
  MergedDestinationRule,
  SidecarScope,
} from '../../mesh/snapshot.js';
import { meshGateway } from '../../mesh/virtual-service-names.js';
import { isHttp } from '../../model/protocol.js';
import { portByNumber, type Service, type ServicePort } from '../../model/service.js';
import { defaultRoute } from './default-route.js';
import { destinationHash, serviceHash } from './hash-policy.js';
import { httpRoutes } from './http-route.js';
import type { RouteSettings, RouteSource } from './route-settings.js';
import { serviceDomains, type DomainClient, type ServiceDomains } from './virtual-host-domains.js';
import {
  closestVirtualServices,
  virtualServiceHosts,
  virtualServicesFor,
  type ClosestVirtualServices,
  type ServicesByHost,
} from './virtual-service-hosts.js';

/** Who the virtual hosts are for. */
export interface RouteClient extends RouteSource, DomainClient {
  /** Requests are counted as attempts in a header. */
  readonly countsAttempts: boolean;
  readonly appendForwardedHost: boolean;
}

/** All that the virtual hosts of a port depend on. */
export interface VirtualHostsInput {
  /** 0 for a listener of all ports, such as an HTTP proxy. */
  readonly listenerPort: number;
  /** What the listener imports. */
  readonly egress: EgressScope;
  /** What the proxy sees, on all listeners. */
  readonly scope: Pick<SidecarScope, 'service'>;
  readonly destinationRules: Pick<DestinationRuleIndex, 'forOutbound'>;
  readonly defaultRetries: HttpRetry | undefined;
  readonly client: RouteClient;
}

/** The virtual hosts in the order of Istiod, made a service at a time; those without a domain of their own are left out. */
export function* outboundVirtualHosts(input: VirtualHostsInput): Piecewise<readonly VirtualHostShape[]> {
  const { listenerPort } = input;
  const groups = yield* routeGroups(input, yield* servicesOnPort(input));
  const table = new DomainTable(groups);
  const hosts: VirtualHostShape[] = [];
  for (const group of groups) {
    const { port } = group;
    const made = virtualHostsOf(group, input, table);
    if (port === listenerPort || (listenerPort === 0 && port === 80)) hosts.push(...made);
    else if (listenerPort === 0) hosts.push(...withPortsOnly(made));
    yield;
  }
  return hosts;
}

/** Virtual hosts that have the same routes. */
interface RouteGroup {
  readonly port: number;
  readonly services: readonly Service[];
  /** Hosts that are no service's. */
  readonly otherHosts: readonly string[];
  readonly routes: readonly RouteShape[];
}

/** The services that the listener imports, as they are on its port. */
function* servicesOnPort({ egress, listenerPort, client }: VirtualHostsInput): Piecewise<ServicesByHost> {
  if (listenerPort === 0) return new Map(egress.services.map((service) => [service.hostname, service]));
  const services = new Map<string, Service>();
  for (const service of egress.services) {
    const port = portByNumber(service, listenerPort);
    if (port === undefined) continue;
    const hostname = service.hostname.toLowerCase();
    services.set(hostname, onPort({ ...service, hostname }, port, client));
    yield;
  }
  return services;
}

/** Of allocated addresses only the first is left, as the service's own. */
function onPort(service: Service, port: ServicePort, client: RouteClient): Service {
  const { autoAllocatedIPv4: _4, autoAllocatedIPv6: _6, ...rest } = service;
  return { ...rest, ports: [port], defaultAddress: addressForProxy(service, client) };
}

function* routeGroups(input: VirtualHostsInput, services: ServicesByHost): Piecewise<readonly RouteGroup[]> {
  const { egress, listenerPort } = input;
  // On port 80, and only there, VirtualServices are for hosts that no registry knows.
  const virtualServices =
    listenerPort === 80 ? egress.virtualServices : virtualServicesFor(egress.virtualServices, services);
  const closest = closestVirtualServices(egress.virtualServices, egress.services);
  const ruleOf = rulesOf(input);
  const settings = routeSettings(input, services, ruleOf);
  const groups: RouteGroup[] = [];
  for (const object of virtualServices) {
    const routes = httpRoutes(object, settings);
    if (routes.length > 0)
      groups.push(...virtualServiceGroups(object, routes, listenerPort, services, closest));
    yield;
  }
  const taken = new Set(groups.flatMap((group) => group.services.map(({ hostname }) => hostname)));
  for (const service of services.values()) {
    if (service.resolution === 'Alias' || taken.has(service.hostname)) continue;
    for (const { port } of httpPorts(service)) {
      const hash = serviceHash(ruleOf(service.hostname), port);
      const routes = [defaultRoute(service.hostname, port, hash, input.defaultRetries)];
      groups.push({ port, services: [service], otherHosts: [], routes });
    }
    yield;
  }
  return groups;
}

function rulesOf({
  scope,
  destinationRules,
  client,
}: VirtualHostsInput): (hostname: string) => MergedDestinationRule | undefined {
  return (hostname) => {
    const service = scope.service(hostname);
    return service && destinationRules.forOutbound(service, client.namespace, client.labels);
  };
}

const meshOnly: ReadonlySet<string> = new Set([meshGateway]);

function routeSettings(
  { listenerPort, client, defaultRetries }: VirtualHostsInput,
  services: ServicesByHost,
  ruleOf: (hostname: string) => MergedDestinationRule | undefined,
): RouteSettings {
  return {
    listenerPort,
    isTls: false,
    gateways: meshOnly,
    client,
    defaultRetries,
    appendForwardedHost: client.appendForwardedHost,
    service: (host) => services.get(host),
    hash: (destination) => destinationHash(ruleOf(destination.host), destination),
  };
}

/** One group for each port on which the VirtualService is for a service; its other hosts are in each. */
function virtualServiceGroups(
  object: ConfigObject<'VirtualService'>,
  routes: readonly RouteShape[],
  listenerPort: number,
  services: ServicesByHost,
  closest: ClosestVirtualServices,
): readonly RouteGroup[] {
  const { services: found, otherHosts } = virtualServiceHosts(object, services, closest);
  const byPort = new Map<number, Service[]>();
  for (const service of found) {
    for (const { port } of httpPorts(service)) byPort.set(port, [...(byPort.get(port) ?? []), service]);
  }
  if (byPort.size === 0 && listenerPort === 80) byPort.set(80, []);
  return [...byPort].map(([port, onIt]) => ({ port, services: onIt, otherHosts, routes }));
}

/** Ports on which HTTP is spoken, or may be. */
function httpPorts({ ports }: Service): readonly ServicePort[] {
  return ports.filter(({ protocol }) => isHttp(protocol) || protocol === 'UnsupportedProtocol');
}

/** Which domains are taken: no two virtual hosts of a port may have a name or a domain in common. */
class DomainTable {
  readonly #names = new Set<string>();
  readonly #domains = new Set<string>();
  /** Names of services in full, with and without their port. */
  readonly #known: ReadonlySet<string>;

  constructor(groups: readonly RouteGroup[]) {
    this.#known = new Set(
      groups.flatMap(({ port, services }) =>
        services.flatMap(({ hostname }) => [hostname, joinHostPort(hostname, port)]),
      ),
    );
  }

  /** Takes a virtual host's name; false if it is taken. */
  takeName(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }

  /** Takes the domains that are free. What is the name of a service in full is no other service's short name. */
  takeDomains({ domains, derived }: ServiceDomains): readonly string[] {
    return domains.filter((domain) => {
      const key = domain.toLowerCase();
      if (this.#domains.has(key) || (derived.has(domain) && this.#known.has(domain))) return false;
      this.#domains.add(key);
      return true;
    });
  }
}

const noneDerived: ReadonlySet<string> = new Set();

function virtualHostsOf(group: RouteGroup, input: VirtualHostsInput, table: DomainTable): VirtualHostShape[] {
  const { client, listenerPort } = input;
  // Envoy is told to leave the port out of account where a listener has only one; gRPC cannot be told.
  const needsPort = client.proxyless || listenerPort === 0;
  const hosts: VirtualHostShape[] = [];
  const add = (hostname: string, domainsOf: () => ServiceDomains): void => {
    const name = joinHostPort(hostname, group.port);
    if (!table.takeName(name)) return;
    const domains = table.takeDomains(domainsOf());
    if (domains.length === 0) return;
    hosts.push({ name, domains, routes: group.routes, includeRequestAttemptCount: client.countsAttempts });
  };
  for (const written of group.otherHosts) {
    const host = written.toLowerCase();
    const withPort = client.proxyless ? [joinHostPort(host, group.port)] : [];
    add(host, () => ({ domains: [bracketed(host), ...withPort], derived: noneDerived }));
  }
  for (const service of group.services) {
    add(service.hostname, () => serviceDomains(service, needsPort ? group.port : undefined, client));
  }
  return hosts;
}

/** On a listener of all ports, a domain without a port means port 80. */
function withPortsOnly(hosts: readonly VirtualHostShape[]): readonly VirtualHostShape[] {
  return hosts
    .map((host) => ({ ...host, domains: (host.domains ?? []).filter((domain) => domain.includes(':')) }))
    .filter(({ domains }) => domains.length > 0);
}
