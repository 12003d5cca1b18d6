/**
 * The virtual hosts of a listener's port: what a proxy may ask for there, and where it goes (Istio reference 7.6).
 * VirtualServices come first; services that none of them is for have a route of their own.
 */
import { bracketed, joinHostPort } from '../../base/host-port.js';
import type { Piecewise } from '../../base/piecewise.js';
import type { HttpRetry } from '../../config/kinds/virtual-service.js';
import type { ConfigObject } from '../../config/object.js';
import type { RouteShape, VirtualHostShape } from '../../envoy/messages.js';
import { meshGateway } from '../../mesh/virtual-service-names.js';
import { isHttp } from '../../model/protocol.js';
import { portByNumber, type Service, type ServicePort } from '../../model/service.js';
import type { Memo } from '../memo.js';
import { serviceRoutes } from './default-route.js';
import { destinationCluster } from './destination-cluster.js';
import { DomainTable } from './domain-table.js';
import { destinationHash, serviceHash } from './hash-policy.js';
import type { HashRules } from './hash-rules.js';
import type { RouteSource } from './route-settings.js';
import { DomainClients, serviceHost, serviceOnPort } from './service-host.js';
import type { DomainClient, ServiceDomains } from './virtual-host-domains.js';
import {
  closestVirtualServices,
  virtualServiceHosts,
  virtualServicesFor,
  type ClosestVirtualServices,
  type ServicesByHost,
} from './virtual-service-hosts.js';
import { virtualServiceRoutes } from './virtual-service-routes.js';

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
  /** What the listener imports; services without the port count for nothing. */
  readonly services: readonly Service[];
  readonly virtualServices: readonly ConfigObject<'VirtualService'>[];
  readonly hashRules: HashRules;
  readonly defaultRetries: HttpRetry | undefined;
  readonly client: RouteClient;
}

/**
 * The virtual hosts in the order of Istiod, made a service at a time; those without a domain of their own are left out.
 *
 * @param memo keeps virtual hosts that other proxies have as well, and those that do not change
 */
export function* outboundVirtualHosts(
  input: VirtualHostsInput,
  memo: Memo,
): Piecewise<readonly VirtualHostShape[]> {
  const { listenerPort, client } = input;
  const clients = new DomainClients(client, memo);
  const groups = yield* routeGroups(input, yield* servicesOnPort(input, clients, memo), memo);
  const table = new DomainTable(knownNames(groups));
  const hosts: VirtualHostShape[] = [];
  for (const group of groups) {
    const { port } = group;
    const made = virtualHostsOf(group, input, { table, clients, memo });
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

function knownNames(groups: readonly RouteGroup[]): ReadonlySet<string> {
  return new Set(
    groups.flatMap(({ port, services }) =>
      services.flatMap(({ hostname }) => [hostname, joinHostPort(hostname, port)]),
    ),
  );
}

/** The services that the listener imports, as they are on its port. */
function* servicesOnPort(
  { services: imported, listenerPort }: VirtualHostsInput,
  clients: DomainClients,
  memo: Memo,
): Piecewise<ServicesByHost> {
  if (listenerPort === 0) return new Map(imported.map((service) => [service.hostname, service]));
  const services = new Map<string, Service>();
  for (const service of imported) {
    const port = portByNumber(service, listenerPort);
    if (port === undefined) continue;
    const onPort = serviceOnPort(service, port, clients.of(service), memo);
    services.set(onPort.hostname, onPort);
    yield;
  }
  return services;
}

function* routeGroups(
  input: VirtualHostsInput,
  services: ServicesByHost,
  memo: Memo,
): Piecewise<readonly RouteGroup[]> {
  const { listenerPort, hashRules, defaultRetries } = input;
  // On port 80, and only there, VirtualServices are for hosts that no registry knows.
  const virtualServices =
    listenerPort === 80 ? input.virtualServices : virtualServicesFor(input.virtualServices, services);
  const closest = closestVirtualServices(input.virtualServices, input.services);
  const groups: RouteGroup[] = [];
  for (const object of virtualServices) {
    const routes = routesOf(object, input, services, memo);
    if (routes.length > 0)
      groups.push(...virtualServiceGroups(object, routes, listenerPort, services, closest));
    yield;
  }
  const taken = new Set(groups.flatMap((group) => group.services.map(({ hostname }) => hostname)));
  for (const service of services.values()) {
    if (service.resolution === 'Alias' || taken.has(service.hostname)) continue;
    const { hostname } = service;
    for (const { port } of httpPorts(service)) {
      const hash = serviceHash(hashRules.get(hostname), port);
      const routes = serviceRoutes({ hostname, port, hash, defaultRetries }, memo);
      groups.push({ port, services: [service], otherHosts: [], routes });
    }
    yield;
  }
  return groups;
}

function routesOf(
  object: ConfigObject<'VirtualService'>,
  { listenerPort, client, defaultRetries, hashRules }: VirtualHostsInput,
  services: ServicesByHost,
  memo: Memo,
): readonly RouteShape[] {
  const { appendForwardedHost } = client;
  return virtualServiceRoutes(
    object,
    { listenerPort, isTls: false, gateway: meshGateway, client, defaultRetries, appendForwardedHost },
    {
      cluster: (destination) => destinationCluster(destination, services.get(destination.host), listenerPort),
      hash: (destination) => destinationHash(hashRules.get(destination.host), destination),
    },
    memo,
  );
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

const noneDerived: ReadonlySet<string> = new Set();

/** What the virtual hosts of a listener share while they are made. */
interface HostsInMaking {
  readonly table: DomainTable;
  readonly clients: DomainClients;
  readonly memo: Memo;
}

function virtualHostsOf(
  { port, routes, otherHosts, services }: RouteGroup,
  { client, listenerPort }: VirtualHostsInput,
  { table, clients, memo }: HostsInMaking,
): VirtualHostShape[] {
  const { countsAttempts } = client;
  const hosts: VirtualHostShape[] = [];
  const add = (shape: VirtualHostShape, all: ServiceDomains): void => {
    const domains = table.takeDomains(all);
    if (domains.length > 0) hosts.push(domains === all.domains ? shape : { ...shape, domains });
  };
  for (const written of otherHosts) {
    const host = written.toLowerCase();
    const name = joinHostPort(host, port);
    if (!table.takeName(name)) continue;
    const domains = client.proxyless ? [bracketed(host), name] : [bracketed(host)];
    const shape = { name, domains, routes, includeRequestAttemptCount: countsAttempts };
    add(shape, { domains, derived: noneDerived });
  }
  // Envoy is told to leave the port out of account where a listener has only one; gRPC cannot be told.
  const withPort = client.proxyless || listenerPort === 0;
  for (const service of services) {
    if (!table.takeName(joinHostPort(service.hostname, port))) continue;
    const namedBy = clients.of(service);
    const made = serviceHost({ service, port, routes, withPort, countsAttempts, client: namedBy }, memo);
    add(made.shape, made);
  }
  return hosts;
}

/** On a listener of all ports, a domain without a port means port 80. */
function withPortsOnly(hosts: readonly VirtualHostShape[]): readonly VirtualHostShape[] {
  return hosts
    .map((host) => ({ ...host, domains: (host.domains ?? []).filter((domain) => domain.includes(':')) }))
    .filter(({ domains }) => domains.length > 0);
}
