/** Gateways between networks that a cluster's Services are (Istio reference 2.13). */
import { compareStrings } from '../../base/compare.js';
import type { MeshNetworks } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { Labels } from '../../model/labels.js';
import { labelsMatch } from '../../model/labels.js';
import type { NetworkGateway } from '../../model/network.js';
import type { Service } from '../../model/service.js';
import { portByNumber } from '../../model/service.js';
import { networkLabel } from '../../model/workload-labels.js';
import { networksOfRegistry } from '../objects/network-lookup.js';
import { isNodePortGateway, nodeSelectorAnnotation } from './convert-service.js';

const gatewayPortLabel = 'networking.istio.io/gatewayPort';
const defaultGatewayPort = 15443;
const hbonePort = 15008;

/** What gateways depend on beside the Service. */
export interface GatewaySettings {
  readonly cluster: string;
  readonly networks: MeshNetworks;
  /** All nodes of the cluster. */
  nodes(): Iterable<ConfigObject<'Node'>>;
}

/** A network and the port of a Service that leads into it. */
interface Passage {
  readonly network: string;
  readonly port: number;
}

/**
 * The gateways that a Service is: each of its external addresses, or else of its nodes' ones, for each network that
 * it leads into. `service` is the object's conversion.
 */
export function serviceGateways(
  object: ConfigObject<'Service'>,
  service: Service,
  settings: GatewaySettings,
): readonly NetworkGateway[] {
  const passages = servicePassages(service, settings);
  if (passages.length === 0) return [];
  const { cluster } = settings;
  const nodePorts = service.attributes.clusterExternalPorts?.[cluster] ?? {};
  const external = service.attributes.clusterExternalAddresses?.[cluster];
  const addresses = external ?? (isNodePortGateway(object) ? nodeAddresses(object, settings.nodes()) : []);
  return addresses.flatMap((address) =>
    passages.map(({ network, port }) => ({ network, cluster, address, port: nodePorts[port] ?? port })),
  );
}

function servicePassages(service: Service, { cluster, networks }: GatewaySettings): readonly Passage[] {
  const network = service.attributes.labels[networkLabel] ?? '';
  if (network !== '') return labelledPassages(service, network);
  return networksOfRegistry(networks, cluster).flatMap((name) =>
    (networks.networks[name]?.gateways ?? [])
      .filter((gateway) => gateway.registryServiceName === service.hostname)
      .map((gateway) => ({ network: name, port: gateway.port })),
  );
}

/** A labelled Service leads in by the port for mutual TLS; one that has only the port for HBONE, by port 0. */
function labelledPassages(service: Service, network: string): readonly Passage[] {
  const port = labelledPort(service.attributes.labels);
  if (portByNumber(service, port) !== undefined) return [{ network, port }];
  return portByNumber(service, hbonePort) === undefined ? [] : [{ network, port: 0 }];
}

function labelledPort(labels: Labels): number {
  const text = labels[gatewayPortLabel] ?? '';
  return /^[+-]?\d+$/.test(text) ? Number(text) : defaultGatewayPort;
}

function nodeAddresses(
  object: ConfigObject<'Service'>,
  nodes: Iterable<ConfigObject<'Node'>>,
): readonly string[] {
  const selector = nodeSelector(object.metadata.annotations[nodeSelectorAnnotation] ?? '');
  const addresses: string[] = [];
  for (const { metadata, spec } of nodes) {
    const address = spec.externalIPs.find((candidate) => candidate !== '');
    if (address !== undefined && labelsMatch(selector, metadata.labels)) addresses.push(address);
  }
  return addresses;
}

/** The labels that an annotation asks of nodes. One that cannot be read asks nothing, as in Istio. */
function nodeSelector(annotation: string): Labels {
  let parsed: unknown;
  try {
    parsed = JSON.parse(annotation);
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Gateways of several Services, each once, sorted by address and port as Istio sorts them. */
export function mergeGateways(ofServices: Iterable<readonly NetworkGateway[]>): readonly NetworkGateway[] {
  const byText = new Map<string, NetworkGateway>();
  for (const gateways of ofServices) {
    for (const gateway of gateways)
      byText.set(`${gateway.network} ${gateway.address} ${gateway.port}`, gateway);
  }
  return [...byText.values()].sort(
    (a, b) => compareStrings(a.address, b.address) || a.port - b.port || compareStrings(a.network, b.network),
  );
}
