/** The endpoints of a registry by address: what questions about proxies are answered from. */
import { compareStrings } from '../base/compare.js';
import type { Endpoint } from '../model/endpoint.js';
import { serviceKey, type Service } from '../model/service.js';
import { changedKeys } from '../base/changes.js';

/** One endpoint with its service (Istio's service instance). */
export interface Instance {
  readonly service: Service;
  readonly endpoint: Endpoint;
}

/** Services with their endpoints by `serviceKey`, as far as instances are made of them. */
export type InstanceHosts = ReadonlyMap<
  string,
  {
    readonly parts: readonly {
      readonly service: Service | undefined;
      readonly endpoints: readonly Endpoint[];
    }[];
  }
>;

const noHosts: InstanceHosts = new Map();
const noInstances: readonly Instance[] = Object.freeze([]);

/**
 * Instances by their first address. It is of the hosts that it was last asked about, and goes from those to others by
 * what differs, so that asking about two states of one registry in turn costs little.
 */
export class InstanceIndex {
  #hosts = noHosts;
  readonly #byAddress = new Map<string, readonly Instance[]>();

  /** The instances at an address, by namespace and host, then in their services' order. */
  at(hosts: InstanceHosts, address: string): readonly Instance[] {
    this.#goTo(hosts);
    return this.#byAddress.get(address) ?? noInstances;
  }

  #goTo(hosts: InstanceHosts): void {
    if (hosts === this.#hosts) return;
    for (const key of changedKeys(this.#hosts, hosts)) {
      const gone = instancesOf(this.#hosts, key);
      for (const address of gone.keys()) this.#leave(address, key);
      for (const [address, instances] of instancesOf(hosts, key)) this.#enter(address, instances);
    }
    this.#hosts = hosts;
  }

  #leave(address: string, key: string): void {
    const others = (this.#byAddress.get(address) ?? noInstances).filter(
      ({ service }) => serviceKey(service.hostname, service.attributes.namespace) !== key,
    );
    if (others.length === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, others);
  }

  #enter(address: string, instances: readonly Instance[]): void {
    const others = this.#byAddress.get(address);
    this.#byAddress.set(
      address,
      others === undefined ? instances : [...others, ...instances].sort(compareInstances),
    );
  }
}

/** The instances of one host by their first address. */
function instancesOf(hosts: InstanceHosts, key: string): ReadonlyMap<string, readonly Instance[]> {
  const byAddress = new Map<string, Instance[]>();
  for (const { service, endpoints } of hosts.get(key)?.parts ?? []) {
    if (service === undefined) continue;
    for (const endpoint of endpoints) {
      const [address] = endpoint.addresses;
      if (address === undefined) continue;
      const others = byAddress.get(address);
      if (others === undefined) byAddress.set(address, [{ service, endpoint }]);
      else others.push({ service, endpoint });
    }
  }
  return byAddress;
}

/** The order within a service is left as it is. */
function compareInstances({ service: a }: Instance, { service: b }: Instance): number {
  return (
    compareStrings(a.attributes.namespace, b.attributes.namespace) || compareStrings(a.hostname, b.hostname)
  );
}
