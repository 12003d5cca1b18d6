/** The gRPC service definition of aggregated discovery; responses arrive here as bytes. */
import type { ServiceDefinition } from '@grpc/grpc-js';
import {
  DiscoveryRequest,
  DiscoveryResponse,
  type DiscoveryRequestMessage,
  type DiscoveryResponseMessage,
} from '../envoy/messages.js';

/** `envoy.service.discovery.v3.AggregatedDiscoveryService` for a server. */
export const aggregatedDiscoveryService = {
  StreamAggregatedResources: {
    path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: DiscoveryRequestMessage) => DiscoveryRequest.encode(message),
    requestDeserialize: (bytes: Buffer): DiscoveryRequestMessage => DiscoveryRequest.decode(bytes),
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer): Buffer => bytes,
  },
} as const satisfies ServiceDefinition;

/** Decodes what the service sends, for clients that share this definition. */
export function decodeResponse(bytes: Buffer): DiscoveryResponseMessage {
  return DiscoveryResponse.decode(bytes);
}
