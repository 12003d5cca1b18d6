/** Decoding of MeshNetworks. */
import type { MeshNetworkEndpoint, MeshNetworkGateway, MeshNetworks } from '../mesh-config.js';
import { isIpAddress, subnetProblem } from '../validation/address.js';
import type { FindingSink } from '../validation/finding.js';
import { dnsLabelProblem, fqdnProblem } from '../validation/host.js';
import { portNumberProblem } from '../validation/port.js';
import { list, map, message } from './composites.js';
import { optional, unlessZero } from './decoder.js';
import { decodeWhole, type Decoded } from './decoded.js';
import { string, uint32 } from './scalars.js';

type Network = MeshNetworks['networks'][string];

const endpoint = message<MeshNetworkEndpoint>(
  { fromCidr: optional(string), fromRegistry: optional(string) },
  { oneofs: [['fromCidr', 'fromRegistry']] },
);

const gateway = message<MeshNetworkGateway>(
  {
    registryServiceName: optional(string),
    address: optional(string),
    port: uint32,
    locality: unlessZero(string),
  },
  { oneofs: [['registryServiceName', 'address']] },
);

const networks = message<MeshNetworks>({
  networks: map(message<Network>({ endpoints: list(endpoint), gateways: list(gateway) })),
});

/** Decodes MeshNetworks and checks it by Istio's rules. */
export function decodeMeshNetworks(value: unknown): Decoded<MeshNetworks> {
  return decodeWhole(value, networks, validateMeshNetworks);
}

function validateMeshNetworks({ networks: byName }: MeshNetworks, sink: FindingSink): void {
  for (const [name, network] of Object.entries(byName)) {
    const path = `networks.${name}`;
    for (const [index, { fromCidr, fromRegistry }] of network.endpoints.entries()) {
      const at = `${path}.endpoints[${index}]`;
      if (fromCidr !== undefined) sink.error(`${at}.fromCidr`, subnetProblem(fromCidr));
      if (fromRegistry !== undefined)
        sink.error(`${at}.fromRegistry`, dnsLabelProblem('registry', fromRegistry));
    }
    for (const [index, gatewayOfNetwork] of network.gateways.entries()) {
      validateGateway(gatewayOfNetwork, `${path}.gateways[${index}]`, sink);
    }
  }
}

function validateGateway(
  { registryServiceName, address, port }: MeshNetworkGateway,
  path: string,
  sink: FindingSink,
): void {
  if (registryServiceName !== undefined)
    sink.error(`${path}.registryServiceName`, fqdnProblem(registryServiceName));
  if (address !== undefined && !isIpAddress(address)) sink.error(`${path}.address`, fqdnProblem(address));
  sink.error(`${path}.port`, portNumberProblem(port));
}
