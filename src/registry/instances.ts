/** Services of a registry by what they select and by host, and its endpoints by address: what questions about proxies are answered from. */
import { labelsMatch, noLabels, type Labels } from '../model/labels.js';
import type { Service } from '../model/service.js';
import { orderedServices } from './aggregate-services.js';
import type { Instance } from './instance-index.js';
import type { RegistryHosts } from './registry-hosts.js';
import type { RegistryView } from './view.js';

/** The endpoints of a registry whose first address is this one, by namespace and host, then in their services' order. */
export function instancesAt({ hosts, instances }: RegistryHosts, address: string): readonly Instance[] {
  return instances.at(hosts, address);
}

/** A service that selects workloads, and its place in the registry's order. */
interface Selecting {
  readonly service: Service;
  readonly selector: Labels;
  readonly place: number;
}

const bySelector = new WeakMap<RegistryView['services'], ReadonlyMap<string, readonly Selecting[]>>();

/** The services of one namespace of a registry whose selector matches labels, in order; an empty selector matches none. */
export function selectingServices(
  registry: RegistryView,
  namespace: string,
  labels: Labels,
): readonly Service[] {
  let index = bySelector.get(registry.services);
  if (index === undefined) {
    index = indexSelectors(registry);
    bySelector.set(registry.services, index);
  }
  const found: Selecting[] = [];
  for (const [name, value] of Object.entries(labels)) {
    for (const candidate of index.get(labelKey(namespace, name, value)) ?? [])
      if (labelsMatch(candidate.selector, labels)) found.push(candidate);
  }
  return found.sort((a, b) => a.place - b.place).map(({ service }) => service);
}

/** Each service by the first label that it selects by. */
function indexSelectors(registry: RegistryView): ReadonlyMap<string, readonly Selecting[]> {
  const index = new Map<string, Selecting[]>();
  for (const [place, service] of orderedServices(registry).entries()) {
    const { namespace, labelSelectors: selector = noLabels } = service.attributes;
    const [first] = Object.entries(selector);
    if (first === undefined) continue;
    const key = labelKey(namespace, ...first);
    const others = index.get(key);
    if (others === undefined) index.set(key, [{ service, selector, place }]);
    else others.push({ service, selector, place });
  }
  return index;
}

/** No part of a label, and no namespace, has a line break in it. */
function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace}\n${name}\n${value}`;
}

const byHostname = new WeakMap<RegistryView['services'], ReadonlyMap<string, readonly Service[]>>();

/** The services of one host of a registry. */
export function servicesOf(registry: RegistryView, hostname: string): readonly Service[] {
  let index = byHostname.get(registry.services);
  if (index === undefined) {
    index = groupByHostname(orderedServices(registry));
    byHostname.set(registry.services, index);
  }
  return index.get(hostname) ?? [];
}

function groupByHostname(services: readonly Service[]): ReadonlyMap<string, readonly Service[]> {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const group = groups.get(service.hostname);
    if (group === undefined) groups.set(service.hostname, [service]);
    else group.push(service);
  }
  return groups;
}
