/**
 * Endpoints that are reached through a tunnel (HBONE): an internal listener of the proxy carries what is sent to them
 * (Istio reference 6.3).
 */
import { joinHostPort } from '../../base/host-port.js';
import type { AddressShape, StructShape } from '../../envoy/messages.js';
import type { Endpoint } from '../../model/endpoint.js';
import { takesTunnels } from '../../model/workload-labels.js';

const tunnelByHttp = 'http';
const managedGatewayLabel = 'gateway.istio.io/managed';
const waypointController = 'istio.io-mesh-controller';

/** Whether clients have to go through a tunnel: the workload takes one, and not the mesh's own TLS. */
export function needsTunnel({ labels, tlsMode }: Pick<Endpoint, 'labels' | 'tlsMode'>): boolean {
  return tlsMode !== 'istio' && (takesTunnels(labels) || labels[managedGatewayLabel] === waypointController);
}

/** The internal listener that opens the tunnel, and where it leads. */
export function tunnelAddress(endpoint: Endpoint): AddressShape {
  return {
    envoyInternalAddress: { serverListenerName: 'connect_originate', endpointId: tunnelTarget(endpoint) },
  };
}

/** Where the tunnel leads, for the internal listener; and that the transport socket for tunnels is meant. */
export function tunnelMetadata(endpoint: Endpoint): Readonly<Record<string, StructShape>> {
  return {
    'envoy.filters.listener.original_dst': { fields: { local: { stringValue: tunnelTarget(endpoint) } } },
    'envoy.transport_socket_match': { fields: { tunnel: { stringValue: tunnelByHttp } } },
  };
}

function tunnelTarget({ addresses, port }: Endpoint): string {
  const address = addresses[0] ?? '';
  return joinHostPort(address, port);
}
