/** Endpoints on other networks are reached through those networks' gateways (Istio reference 6.7). */
import { compareStrings } from '../../base/compare.js';
import { parseIp } from '../../base/ip.js';
import type { NetworkIndex } from '../../mesh/snapshot.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { NetworkGateway } from '../../model/network.js';
import type { IpFamilies } from '../../model/proxy.js';
import { noLabels } from '../../model/labels.js';
import { augmentLabels } from '../../model/workload-labels.js';
import {
  maxWeight,
  regrouped,
  weightMessage,
  type EndpointGroup,
  type PlacedEndpoint,
} from './endpoint-group.js';
import { inNetwork } from './filters.js';
import {
  addressMessage,
  endpointMetadata,
  istioTlsMode,
  withWeight,
  type SourcedEndpoint,
} from './lb-endpoint.js';
import type { GatewayClient } from './proxy-view.js';
import { gatewayWorkloadText } from './workload-text.js';

/** What endpoints are for: an assignment over EDS, or one in a cluster whose hosts are looked up in DNS. */
export type EndpointUse = 'eds' | 'dns';

/** Gateways as one kind of cluster knows them. */
interface Gateways {
  /** Whether there are any; without, networks do not matter. */
  readonly multiNetwork: boolean;
  /** What weights are multiplied by, so that they can be split over gateways. */
  readonly scale: number;
  to(network: string, cluster: string): readonly NetworkGateway[];
}

/**
 * The gateways that a kind of cluster knows. DNS clusters could use gateways that are host names. But Istio renews
 * the list for them only when the list of addresses stays as it is, so that in a mesh which has a gateway with an
 * address that list is empty: the endpoints of DNS clusters are reached directly.
 */
function gatewaysOf(networks: NetworkIndex, use: EndpointUse): Gateways {
  const resolved = use === 'eds';
  return {
    multiNetwork: networksMatter(networks, use),
    scale: resolved ? networks.scale : networks.unresolved.scale,
    to: (network, cluster) => networks.gatewaysFor(network, cluster, resolved),
  };
}

/** Whether it matters for endpoints on which networks they and the proxy are. */
export function networksMatter(networks: NetworkIndex, use: EndpointUse): boolean {
  return use === 'eds' ? networks.multiNetwork : !networks.multiNetwork && networks.unresolved.multiNetwork;
}

/**
 * Puts gateways in the place of endpoints that a proxy cannot reach directly. Weights are scaled, so that what an
 * endpoint weighs can be split over the gateways to it. Groups that lose their endpoints stay.
 */
export function routeThroughGateways(
  groups: readonly EndpointGroup<SourcedEndpoint>[],
  networks: NetworkIndex,
  use: EndpointUse,
  client: GatewayClient | undefined,
): readonly EndpointGroup[] {
  const gateways = gatewaysOf(networks, use);
  if (!gateways.multiNetwork || client === undefined) return groups;
  const routes = new Routes(gateways, client);
  return groups.map((group) => regrouped(group, routeGroup(group, routes, gateways.scale)));
}

/** Direct endpoints in their order, then gateways in the order of their addresses and ports. */
function routeGroup(
  group: EndpointGroup<SourcedEndpoint>,
  routes: Routes,
  scale: number,
): readonly PlacedEndpoint[] {
  const direct: PlacedEndpoint[] = [];
  const shares = new Map<NetworkGateway, number>();
  for (const endpoint of group.endpoints) {
    const weight = scaledWeight(endpoint.weight, scale);
    const way = wayTo(endpoint.source, endpoint.mutualTls, routes);
    if (way === 'direct') direct.push(withWeight(endpoint, weight));
    if (typeof way === 'string') continue;
    const share = Math.floor(weight / way.length);
    for (const gateway of way) shares.set(gateway, ((shares.get(gateway) ?? 0) + share) >>> 0);
  }
  const used = [...shares].sort(([a], [b]) => compareGateways(a, b));
  return [...direct, ...used.map(([gateway, weight]) => gatewayEndpoint(gateway, Math.max(weight, 1)))];
}

/**
 * Why an endpoint cannot be reached: it has no address and no gateway stands in; its network's gateways pass mutual TLS
 * only, and it has none; or the proxy can connect to none of them.
 */
export type RouteFault = 'no-address' | 'no-mutual-tls' | 'no-usable-gateway';

/** How a proxy reaches an endpoint. */
export type Way = 'direct' | readonly NetworkGateway[] | RouteFault;

/** How a proxy reaches an endpoint, as `routeThroughGateways` decides it. */
export function wayToEndpoint(
  endpoint: Endpoint,
  mutualTls: boolean,
  networks: NetworkIndex,
  use: EndpointUse,
  client: GatewayClient | undefined,
): Way {
  const gateways = gatewaysOf(networks, use);
  if (!gateways.multiNetwork || client === undefined) return 'direct';
  return wayTo(endpoint, mutualTls, new Routes(gateways, client));
}

function wayTo(endpoint: Endpoint, mutualTls: boolean, routes: Routes): Way {
  const via = routes.to(endpoint.network, endpoint.cluster);
  if (via === 'direct') return hasHost(endpoint) ? 'direct' : 'no-address';
  if (via.length === 0) return 'no-usable-gateway';
  return mutualTls ? via : 'no-mutual-tls';
}

/** How a proxy reaches each network and cluster, found once for each. */
class Routes {
  readonly #gateways: Gateways;
  readonly #client: GatewayClient;
  readonly #found = new Map<string, 'direct' | readonly NetworkGateway[]>();

  constructor(gateways: Gateways, client: GatewayClient) {
    this.#gateways = gateways;
    this.#client = client;
  }

  /** Directly, or through gateways: none of them if the proxy can use none. */
  to(network: string, cluster: string): 'direct' | readonly NetworkGateway[] {
    const key = `${network}/${cluster}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const route = this.#find(network, cluster);
    this.#found.set(key, route);
    return route;
  }

  /** A proxy without a network goes through a gateway to every endpoint that has one. */
  #find(network: string, cluster: string): 'direct' | readonly NetworkGateway[] {
    const client = this.#client;
    const gateways = this.#gateways.to(network, cluster).filter(({ port }) => !client.sidecar || port !== 0);
    if (gateways.length === 0) return 'direct';
    const elsewhere = client.network === '' ? network !== '' : !inNetwork(client.network, network);
    return elsewhere ? gateways.filter(({ address }) => speaks(client.families, address)) : 'direct';
  }
}

/** Whether a proxy can connect to an address; one of both families, or of none that is known, to every address. */
function speaks({ ipv4, ipv6 }: IpFamilies, address: string): boolean {
  if (ipv4 === ipv6) return true;
  const parsed = parseIp(address);
  if (parsed === undefined) return false;
  const isIpv4 =
    parsed.kind() === 'ipv4' || ('isIPv4MappedAddress' in parsed && parsed.isIPv4MappedAddress());
  return isIpv4 === ipv4;
}

function scaledWeight(weight: number, scale: number): number {
  return weight < Math.floor(maxWeight / scale) ? weight * scale : maxWeight;
}

/** Sockets have no host, and count as not reachable once there are gateways. */
function hasHost({ addresses, port }: Endpoint): boolean {
  return port !== 0 && (addresses[0] ?? '') !== '';
}

function compareGateways(a: NetworkGateway, b: NetworkGateway): number {
  return (
    compareStrings(a.address, b.address) ||
    a.port - b.port ||
    compareStrings(a.network, b.network) ||
    compareStrings(a.cluster, b.cluster)
  );
}

function gatewayEndpoint(gateway: NetworkGateway, weight: number): PlacedEndpoint {
  const { address, port, network, cluster } = gateway;
  return {
    message: {
      endpoint: { address: addressMessage(address, port) },
      metadata: endpointMetadata(istioTlsMode, gatewayWorkloadText(cluster)),
      loadBalancingWeight: weightMessage(weight),
    },
    weight,
    labels: augmentLabels(noLabels, { cluster, network, locality: '', nodeName: '' }),
    mutualTls: true,
    gateway,
  };
}
