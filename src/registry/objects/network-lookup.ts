/** On which network an address of a cluster is (Istio reference 2.5, "Network"). */
import type { IpPrefix } from '../../base/ip.js';
import { parseIp, parsePrefix, prefixContains } from '../../base/ip.js';
import { compareStrings } from '../../base/compare.js';
import type { MeshNetworks } from '../../config/mesh-config.js';
import type { Labels } from '../../model/labels.js';
import { networkLabel } from '../../model/workload-labels.js';

interface NetworkRange {
  readonly network: string;
  readonly prefix: IpPrefix;
}

/** Answers for one cluster which network a workload is on. */
export class NetworkLookup {
  /** Network of the cluster by MeshNetworks; empty when none claims it. */
  readonly #ofCluster: string;
  /** Widest range first. */
  readonly #ranges: readonly NetworkRange[];
  readonly #systemNetwork: string;

  /**
   * `systemNetwork` is the network label of the cluster's root namespace, empty without one. Of several networks
   * that claim the cluster, the first by name counts.
   */
  constructor(networks: MeshNetworks, cluster: string, systemNetwork: string) {
    this.#ofCluster = networksOfRegistry(networks, cluster)[0] ?? '';
    this.#ranges = networkRanges(networks);
    this.#systemNetwork = systemNetwork;
  }

  /**
   * The network that the labels name, else that of the root namespace, else the one that claims the cluster, else
   * the widest range that holds the address, else empty.
   */
  networkOf(address: string, labels: Labels): string {
    return labels[networkLabel] || this.#systemNetwork || this.#ofCluster || this.#networkOfRange(address);
  }

  #networkOfRange(address: string): string {
    if (this.#ranges.length === 0) return '';
    const ip = parseIp(address);
    if (ip === undefined) return '';
    return this.#ranges.find((range) => prefixContains(range.prefix, ip))?.network ?? '';
  }
}

/** Networks whose `fromRegistry` names a cluster, sorted by name. */
export function networksOfRegistry(networks: MeshNetworks, cluster: string): readonly string[] {
  return Object.entries(networks.networks)
    .filter(([, network]) => network.endpoints.some((endpoint) => endpoint.fromRegistry === cluster))
    .map(([name]) => name)
    .sort(compareStrings);
}

function networkRanges(networks: MeshNetworks): readonly NetworkRange[] {
  const ranges: NetworkRange[] = [];
  for (const [network, { endpoints }] of Object.entries(networks.networks)) {
    for (const { fromCidr } of endpoints) {
      const prefix = fromCidr === undefined ? undefined : parsePrefix(fromCidr);
      if (prefix !== undefined) ranges.push({ network, prefix });
    }
  }
  return ranges.sort((a, b) => a.prefix.bits - b.prefix.bits || compareStrings(a.network, b.network));
}
