/** Services of a registry by namespace, and its endpoints by address: what questions about proxies are answered from. */
import { compareStrings } from '../base/compare.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Service } from '../model/service.js';
import type { RegistryHosts } from './registry-hosts.js';
import { orderedServices } from './aggregate-services.js';
import type { RegistryView } from './view.js';

/** One endpoint with its service (Istio's service instance). */
export interface Instance {
  readonly service: Service;
  readonly endpoint: Endpoint;
}

type Hosts = RegistryHosts['hosts'];

const byAddress = new WeakMap<Hosts, ReadonlyMap<string, readonly Instance[]>>();

/**
 * The endpoints of a registry whose first address is this one, by namespace and host, then in their services' order.
 * The index is made when it is first asked for, and kept as long as the registry's services and endpoints are the same.
 */
export function instancesAt({ hosts }: RegistryHosts, address: string): readonly Instance[] {
  let index = byAddress.get(hosts);
  if (index === undefined) {
    index = indexByAddress(hosts);
    byAddress.set(hosts, index);
  }
  return index.get(address) ?? [];
}

function indexByAddress(hosts: Hosts): ReadonlyMap<string, readonly Instance[]> {
  const index = new Map<string, Instance[]>();
  for (const { parts } of hosts.values()) {
    for (const { service, endpoints } of parts) {
      if (service === undefined) continue;
      for (const endpoint of endpoints) {
        const [address] = endpoint.addresses;
        if (address === undefined) continue;
        const others = index.get(address);
        if (others === undefined) index.set(address, [{ service, endpoint }]);
        else others.push({ service, endpoint });
      }
    }
  }
  for (const instances of index.values()) if (instances.length > 1) instances.sort(compareInstances);
  return index;
}

/** The order within a service is left as it is. */
function compareInstances({ service: a }: Instance, { service: b }: Instance): number {
  return (
    compareStrings(a.attributes.namespace, b.attributes.namespace) || compareStrings(a.hostname, b.hostname)
  );
}

const byNamespace = new WeakMap<RegistryView['services'], ReadonlyMap<string, readonly Service[]>>();

/** The services of one namespace of a registry. */
export function servicesIn(registry: RegistryView, namespace: string): readonly Service[] {
  return lookUp(byNamespace, registry, (service) => service.attributes.namespace, namespace);
}

const byHostname = new WeakMap<RegistryView['services'], ReadonlyMap<string, readonly Service[]>>();

/** The services of one host of a registry. */
export function servicesOf(registry: RegistryView, hostname: string): readonly Service[] {
  return lookUp(byHostname, registry, (service) => service.hostname, hostname);
}

function lookUp(
  indexes: WeakMap<RegistryView['services'], ReadonlyMap<string, readonly Service[]>>,
  registry: RegistryView,
  keyOf: (service: Service) => string,
  key: string,
): readonly Service[] {
  let index = indexes.get(registry.services);
  if (index === undefined) {
    const groups = new Map<string, Service[]>();
    for (const service of orderedServices(registry)) {
      const group = groups.get(keyOf(service));
      if (group === undefined) groups.set(keyOf(service), [service]);
      else group.push(service);
    }
    index = groups;
    indexes.set(registry.services, index);
  }
  return index.get(key) ?? [];
}
