/** Gateways between networks: of MeshNetworks and of registries (Istio reference 2.13, 6.7). */
import { reuseList } from '../base/changes.js';
import { compareStrings, deepEqual } from '../base/compare.js';
import { parseIp } from '../base/ip.js';
import type { MeshNetworks } from '../config/mesh-config.js';
import type { NetworkGateway } from '../model/network.js';
import { isKubernetesService, type Service } from '../model/service.js';
import { networksOfRegistry } from '../registry/objects/network-lookup.js';
import type { NetworkIndex } from './snapshot.js';

/** What gateways are gathered from. */
export interface GatewaySources {
  readonly networks: MeshNetworks;
  /** What registries contribute. */
  readonly gateways: readonly NetworkGateway[];
  /** Where the Services are looked up that MeshNetworks name as gateways. */
  readonly services: readonly Service[];
  /** The addresses of a host; without it, gateways that are host names count for DNS clusters only. */
  readonly resolveHost: HostResolver | undefined;
}

/** Gives the IP addresses that a host has at present; none when they are not known. */
export type HostResolver = (host: string) => readonly string[];

/** Gathers all gateways. `previous` itself if nothing changed. */
export function buildNetworkIndex(sources: GatewaySources, previous?: NetworkIndex): NetworkIndex {
  const all = distinct([...configured(sources.networks), ...ofNamedServices(sources), ...sources.gateways]);
  const resolved = distinct(all.flatMap((gateway) => resolve(gateway, sources.resolveHost)));
  const ranges = reuseList(previous?.ranges, rangesOf(sources.networks));
  if (previous instanceof NetworkTable && previous.ranges === ranges && previous.holds(all, resolved))
    return previous;
  return new NetworkTable(all, resolved, ranges);
}

function rangesOf({ networks }: MeshNetworks): readonly string[] {
  return Object.values(networks).flatMap(({ endpoints }) =>
    endpoints.flatMap(({ fromCidr = '' }) => (fromCidr === '' ? [] : [fromCidr])),
  );
}

class NetworkTable implements NetworkIndex {
  readonly all: readonly NetworkGateway[];
  readonly ranges: readonly string[];
  readonly #named: Gateways;
  readonly #resolved: Gateways;

  constructor(
    all: readonly NetworkGateway[],
    resolved: readonly NetworkGateway[],
    ranges: readonly string[],
  ) {
    this.all = all;
    this.ranges = ranges;
    this.#named = new Gateways(all);
    this.#resolved = new Gateways(resolved);
  }

  get multiNetwork(): boolean {
    return this.#resolved.all.length > 0;
  }

  get scale(): number {
    return this.#resolved.scale;
  }

  get unresolved(): { readonly multiNetwork: boolean; readonly scale: number } {
    return { multiNetwork: this.all.length > 0, scale: this.#named.scale };
  }

  gatewaysFor(network: string, cluster: string, resolved: boolean): readonly NetworkGateway[] {
    return (resolved ? this.#resolved : this.#named).of(network, cluster);
  }

  holds(all: readonly NetworkGateway[], resolved: readonly NetworkGateway[]): boolean {
    return deepEqual(this.all, all) && deepEqual(this.#resolved.all, resolved);
  }
}

const none: readonly NetworkGateway[] = Object.freeze([]);

/** Gateways by network and cluster. */
class Gateways {
  readonly all: readonly NetworkGateway[];
  /** By which weights can be multiplied and then be split over the gateways of any network or cluster. */
  readonly scale: number;
  readonly #byNetwork = new Map<string, NetworkGateway[]>();
  readonly #byCluster = new Map<string, NetworkGateway[]>();

  constructor(all: readonly NetworkGateway[]) {
    this.all = all;
    for (const gateway of all) {
      append(this.#byNetwork, gateway.network, gateway);
      append(this.#byCluster, clusterKey(gateway.network, gateway.cluster), gateway);
    }
    const counts = [...this.#byNetwork.values(), ...this.#byCluster.values()].map(({ length }) => length);
    this.scale = counts.reduce(leastCommonMultiple, 1);
  }

  of(network: string, cluster: string): readonly NetworkGateway[] {
    return this.#byCluster.get(clusterKey(network, cluster)) ?? this.#byNetwork.get(network) ?? none;
  }
}

/** Gateways that MeshNetworks give by address. */
function configured({ networks }: MeshNetworks): readonly NetworkGateway[] {
  return Object.entries(networks).flatMap(([network, { gateways }]) =>
    gateways.flatMap(({ address = '', port }) =>
      address === '' ? [] : [{ network, cluster: '', address, port }],
    ),
  );
}

/**
 * Gateways that MeshNetworks give by the name of a service: its external addresses in each cluster of the network. A
 * Kubernetes registry finds those of its own Services, where a network label wins over the name (Istio reference 2.13).
 */
function ofNamedServices({ networks, services }: GatewaySources): readonly NetworkGateway[] {
  const ports = new Map<string, { readonly network: string; readonly port: number }[]>();
  for (const [network, { gateways }] of Object.entries(networks.networks)) {
    for (const { registryServiceName = '', port } of gateways) {
      if (registryServiceName !== '') append(ports, registryServiceName, { network, port });
    }
  }
  if (ports.size === 0) return [];
  return services.flatMap((service) => {
    const { hostname, attributes } = service;
    const named = ports.get(hostname);
    if (named === undefined || isKubernetesService(service)) return [];
    return Object.entries(attributes.clusterExternalAddresses ?? {}).flatMap(([cluster, addresses]) => {
      const ofCluster = networksOfRegistry(networks, cluster);
      const nodePorts = attributes.clusterExternalPorts?.[cluster] ?? {};
      return named
        .filter(({ network }) => ofCluster.includes(network))
        .flatMap(({ network, port }) =>
          addresses.map((address) => ({ network, cluster, address, port: nodePorts[port] ?? port })),
        );
    });
  });
}

function resolve(gateway: NetworkGateway, resolveHost: HostResolver | undefined): readonly NetworkGateway[] {
  if (parseIp(gateway.address) !== undefined) return [gateway];
  return (resolveHost?.(gateway.address) ?? []).map((address) => ({ ...gateway, address }));
}

/** Each gateway once, sorted by address, then port. */
function distinct(gateways: readonly NetworkGateway[]): readonly NetworkGateway[] {
  const byText = new Map(
    gateways.map((gateway) => [
      [gateway.network, gateway.cluster, gateway.address, gateway.port].join(' '),
      gateway,
    ]),
  );
  return [...byText.values()].sort(
    (a, b) =>
      compareStrings(a.address, b.address) ||
      a.port - b.port ||
      compareStrings(a.network, b.network) ||
      compareStrings(a.cluster, b.cluster),
  );
}

function clusterKey(network: string, cluster: string): string {
  return `${network}\n${cluster}`;
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
