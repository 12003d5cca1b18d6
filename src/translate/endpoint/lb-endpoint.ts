/** One endpoint as Envoy is told of it (Istio reference 6.3). */
import { HealthStatus } from '../../envoy/enums.js';
import type { AddressShape, LbEndpointShape, MetadataShape, StructShape } from '../../envoy/messages.js';
import type { Endpoint, HealthStatus as Health } from '../../model/endpoint.js';
import { unixPath } from '../../model/unix-address.js';
import { unlessEmpty, weightMessage, type PlacedEndpoint } from './endpoint-group.js';
import { isDraining } from './filters.js';
import { needsTunnel, tunnelAddress, tunnelMetadata } from './tunnel.js';
import { workloadText } from './workload-text.js';

/** An endpoint of a registry with its place, so that later steps know where it is. */
export interface SourcedEndpoint extends PlacedEndpoint {
  readonly source: Endpoint;
}

/** The text in an endpoint's metadata for Istio's mutual TLS. */
export const istioTlsMode = 'istio';

const healthNumbers: Readonly<Record<Health, HealthStatus>> = {
  unknown: HealthStatus.UNKNOWN,
  healthy: HealthStatus.HEALTHY,
  unhealthy: HealthStatus.UNHEALTHY,
  draining: HealthStatus.DRAINING,
  terminating: HealthStatus.UNHEALTHY,
  degraded: HealthStatus.DEGRADED,
};

/**
 * Builds the message of an endpoint.
 *
 * @param mutualTls whether clients use Istio's mutual TLS towards it.
 * @param tunnels whether they can use tunnels.
 */
export function lbEndpoint(source: Endpoint, mutualTls: boolean, tunnels = true): SourcedEndpoint {
  if (tunnels && needsTunnel(source)) return tunnelledEndpoint(source);
  const tlsMode = mutualTls ? source.tlsMode : '';
  const address = addressMessage(source.addresses[0] ?? '', source.port);
  const metadata = endpointMetadata(tlsMode, workloadText(source));
  return { ...sourced(source, address, metadata), mutualTls: tlsMode === istioTlsMode };
}

function tunnelledEndpoint(source: Endpoint): SourcedEndpoint {
  const filterMetadata = { ...tunnelMetadata(source), istio: workloadMetadata(workloadText(source)) };
  return { ...sourced(source, tunnelAddress(source), { filterMetadata }), mutualTls: false };
}

function sourced(
  source: Endpoint,
  address: AddressShape,
  metadata: MetadataShape,
): Omit<SourcedEndpoint, 'mutualTls'> {
  const weight = source.weight > 0 ? source.weight : 1;
  const health = isDraining(source) ? HealthStatus.DRAINING : healthNumbers[source.health];
  return {
    message: {
      endpoint: { address },
      healthStatus: health === HealthStatus.UNKNOWN ? undefined : health,
      metadata,
      loadBalancingWeight: weightMessage(weight),
    },
    weight,
    labels: source.labels,
    source,
  };
}

/** An endpoint with another weight. */
export function withWeight<E extends PlacedEndpoint>(endpoint: E, weight: number): E {
  if (weight === endpoint.weight) return endpoint;
  const message: LbEndpointShape = { ...endpoint.message, loadBalancingWeight: weightMessage(weight) };
  return { ...endpoint, weight, message };
}

/** A TCP address, or without a port the path of a Unix socket. */
export function addressMessage(address: string, port: number): AddressShape {
  if (port !== 0) return { socketAddress: { address: unlessEmpty(address), portValue: port } };
  return { pipe: { path: unixPath(address) } };
}

const mutualTlsMatch: StructShape = tlsModeMatch(istioTlsMode);

/**
 * Metadata of an endpoint: what a cluster's transport socket matches are chosen by, unless the mode is empty or
 * `disabled`, and what telemetry says of the workload. Keys are in the order of their names.
 */
export function endpointMetadata(tlsMode: string, workload: string): MetadataShape {
  const istio = workloadMetadata(workload);
  if (tlsMode === '' || tlsMode === 'disabled') return { filterMetadata: { istio } };
  const match = tlsMode === istioTlsMode ? mutualTlsMatch : tlsModeMatch(tlsMode);
  return { filterMetadata: { 'envoy.transport_socket_match': match, istio } };
}

function workloadMetadata(workload: string): StructShape {
  return { fields: { workload: { stringValue: workload } } };
}

function tlsModeMatch(tlsMode: string): StructShape {
  return { fields: { tlsMode: { stringValue: tlsMode } } };
}
