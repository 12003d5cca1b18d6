/** Which services, and which hosts that are none, a VirtualService is for (Istio reference 7.6). */
import type { ConfigObject } from '../../config/object.js';
import { hostsMatch, isWildcard, mostSpecificHost } from '../../model/host.js';
import type { Service } from '../../model/service.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** The services of a listener's port by host name in lower case. */
export type ServicesByHost = ReadonlyMap<string, Service>;

/** The VirtualServices of which any host is that of a service, or covers one, or is covered by one. */
export function virtualServicesFor(
  virtualServices: readonly VirtualServiceObject[],
  services: ServicesByHost,
): readonly VirtualServiceObject[] {
  const hosts = [...services.keys()];
  const wildcards = hosts.filter(isWildcard);
  return virtualServices.filter(({ spec }) =>
    spec.hosts.some((written) => {
      const host = written.toLowerCase();
      if (services.has(host)) return true;
      return (isWildcard(host) ? hosts : wildcards).some((candidate) => hostsMatch(candidate, host));
    }),
  );
}

/** For each service the VirtualService whose host fits its name best; of equal hosts the first one counts. */
export type ClosestVirtualServices = ReadonlyMap<string, VirtualServiceObject>;

/** Finds the closest VirtualService of each service that has one. */
export function closestVirtualServices(
  virtualServices: readonly VirtualServiceObject[],
  services: readonly Service[],
): ClosestVirtualServices {
  const exact = new Map<string, VirtualServiceObject>();
  const wildcards = new Map<string, VirtualServiceObject>();
  for (const object of virtualServices) {
    for (const host of object.spec.hosts) {
      const hosts = isWildcard(host) ? wildcards : exact;
      if (!hosts.has(host)) hosts.set(host, object);
    }
  }
  const closest = new Map<string, VirtualServiceObject>();
  if (wildcards.size === 0) return closest;
  for (const { hostname } of services) {
    const object = exact.get(hostname) ?? wildcards.get(mostSpecificHost(hostname, wildcards.keys()) ?? '');
    if (object !== undefined) closest.set(hostname, object);
  }
  return closest;
}

/** What a VirtualService is for on a port. */
export interface VirtualServiceHosts {
  readonly services: readonly Service[];
  /** Hosts that are no service's. */
  readonly otherHosts: readonly string[];
}

/** Tells hosts of services from others. A wildcard is for the services whose closest VirtualService this one is. */
export function virtualServiceHosts(
  object: VirtualServiceObject,
  services: ServicesByHost,
  closest: ClosestVirtualServices,
): VirtualServiceHosts {
  const found: Service[] = [];
  const otherHosts: string[] = [];
  const hosts = object.spec.hosts;
  for (const host of hosts.filter((written) => !isWildcard(written))) {
    const service = services.get(host.toLowerCase());
    if (service === undefined) otherHosts.push(host);
    else found.push(service);
  }
  for (const written of hosts.filter(isWildcard)) {
    const host = written.toLowerCase();
    const covered = [...services].filter(([candidate]) => hostsMatch(candidate, host));
    if (covered.length === 0) otherHosts.push(host);
    found.push(
      ...covered.filter(([candidate]) => closest.get(candidate) === object).map(([, service]) => service),
    );
  }
  return { services: found, otherHosts };
}
