/** The services that one egress listener imports (Istio reference 4.3). */
import { isKubernetesService, type Service } from '../model/service.js';
import { reuseList } from '../base/changes.js';
import type { EgressHosts, NamespaceHosts } from './egress-hosts.js';
import { withAliases, withPorts } from './service-copies.js';
import { indexList } from './service-list.js';
import { compareServices, type ServiceTable } from './service-index.js';

/**
 * The imported services in the order in which they are visible; with a port, only those that have it, without their
 * other ports. Of a host in several namespaces one namespace is chosen. The list of visible services itself if that
 * is all of it.
 */
export function importServices(
  services: ServiceTable,
  hosts: EgressHosts,
  port: number | undefined,
  configNamespace: string,
): readonly Service[] {
  const candidates = hosts.allExact
    ? namedServices(services, hosts, configNamespace)
    : services.visibleTo(configNamespace);
  const imported =
    hosts.everything && port === undefined ? candidates : matchingServices(candidates, hosts, port);
  return reuseList(candidates, oneNamespaceEach(imported, configNamespace));
}

function matchingServices(
  candidates: readonly Service[],
  hosts: EgressHosts,
  port: number | undefined,
): readonly Service[] {
  const concerning = new Map<string, readonly NamespaceHosts[]>();
  const imported: Service[] = [];
  for (const service of candidates) {
    const { namespace } = service.attributes;
    let hostLists = concerning.get(namespace);
    if (hostLists === undefined) {
      hostLists = hosts.concerning(namespace);
      concerning.set(namespace, hostLists);
    }
    const found = importService(service, hostLists, port);
    if (typeof found !== 'string') imported.push(found);
  }
  return imported;
}

/** The services that hosts name one by one. */
function namedServices(
  services: ServiceTable,
  hosts: EgressHosts,
  configNamespace: string,
): readonly Service[] {
  const named: Service[] = [];
  for (const [namespace, ofNamespace] of hosts.named) {
    for (const host of ofNamespace.exact) {
      const service = services.byHost(host, namespace);
      if (service !== undefined && services.isVisible(service, configNamespace)) named.push(service);
    }
  }
  return named.sort(compareServices);
}

/** Why a service that is visible is not imported: it is kept out, it is not named, or it lacks the listener's port. */
export type ImportFault = 'excluded' | 'not-named' | 'no-such-port';

/**
 * The service as a listener imports it, or why it does not.
 *
 * @param hostLists what the listener's hosts say that concerns the service's namespace.
 */
export function importService(
  service: Service,
  hostLists: readonly NamespaceHosts[],
  port: number | undefined,
): Service | ImportFault {
  if (hostLists.some((hosts) => hosts.excludes(service.hostname))) return 'excluded';
  const hosts = hostLists.find((candidate) => candidate.importsService(service.hostname));
  if (hosts === undefined) return 'not-named';
  const ofPort = port === undefined ? service : withOnePort(service, port);
  return ofPort === undefined ? 'no-such-port' : withImportedAliases(ofPort, hosts);
}

/** The service with its first port of that number alone. */
export function withOnePort(service: Service, number: number): Service | undefined {
  const port = service.ports.find((candidate) => candidate.port === number);
  return port === undefined ? undefined : withPorts(service, [port]);
}

function withImportedAliases(service: Service, hosts: NamespaceHosts): Service {
  const { aliases } = service.attributes;
  if (aliases === undefined) return service;
  return withAliases(
    service,
    aliases.filter(({ hostname }) => hosts.importsService(hostname)),
  );
}

/**
 * Keeps for each host the services of one namespace: the proxy's own, else the first with a Kubernetes service, else
 * the first.
 */
function oneNamespaceEach(services: readonly Service[], configNamespace: string): readonly Service[] {
  if (indexList(services).oneOfEach) return services;
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const known = chosen.get(service.hostname);
    if (known === undefined || preference(service, known, configNamespace) !== undefined)
      chosen.set(service.hostname, service);
  }
  return services.filter(
    (service) => chosen.get(service.hostname)?.attributes.namespace === service.attributes.namespace,
  );
}

/** Why a service comes before another one of its host that was there first; undefined when it does not. */
export function preference(
  service: Service,
  known: Service,
  configNamespace: string,
): 'own-namespace' | 'kubernetes' | undefined {
  if (service.attributes.namespace === configNamespace) return 'own-namespace';
  if (known.attributes.namespace === configNamespace) return undefined;
  return isKubernetesService(service) && !isKubernetesService(known) ? 'kubernetes' : undefined;
}
