/**
 * The gRPC services of discovery: the aggregated one, and one for each type. Requests are decoded here, responses
 * arrive as bytes.
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '../envoy/messages.js';
import type { MessageType } from '../envoy/message-type.js';
import { typeUrls } from '../envoy/type-urls.js';
import type { EncodedResponse } from './response.js';

const passBytes = (bytes: Buffer): Buffer => bytes;
/** Where responses do not go to the stream as they are (grpc-frames.ts). */
const serialize = (response: EncodedResponse): Buffer => response.bytes();

/** A method of which responses arrive as bytes. */
function method<S extends object, D extends S>(path: string, request: MessageType<S, D>) {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: S) => request.encode(message),
    requestDeserialize: (bytes: Buffer): D => request.decode(bytes),
    responseSerialize: serialize,
    responseDeserialize: passBytes,
  } as const;
}

const sotwMethod = (path: string) => method(path, DiscoveryRequest);
const deltaMethod = (path: string) => method(path, DeltaDiscoveryRequest);

const aggregated = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

/** `envoy.service.discovery.v3.AggregatedDiscoveryService`. */
export const aggregatedDiscoveryService = {
  StreamAggregatedResources: sotwMethod(`${aggregated}/StreamAggregatedResources`),
  DeltaAggregatedResources: deltaMethod(`${aggregated}/DeltaAggregatedResources`),
} as const satisfies ServiceDefinition;

/** The service of a single type. Virtual hosts have no state-of-the-world method. */
export interface TypeService {
  readonly typeUrl: string;
  readonly sotw: string | undefined;
  readonly delta: string;
}

/** The services of single types, by the paths of their methods (11). */
export const typeServices: readonly TypeService[] = [
  typeService(typeUrls.cds, 'envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters'),
  typeService(typeUrls.eds, 'envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints'),
  typeService(typeUrls.lds, 'envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners'),
  typeService(typeUrls.rds, 'envoy.service.route.v3.RouteDiscoveryService', 'Routes'),
  typeService(typeUrls.sds, 'envoy.service.secret.v3.SecretDiscoveryService', 'Secrets'),
  typeService(
    typeUrls.ecds,
    'envoy.service.extension.v3.ExtensionConfigDiscoveryService',
    'ExtensionConfigs',
  ),
  typeService(
    'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
    'envoy.service.route.v3.ScopedRoutesDiscoveryService',
    'ScopedRoutes',
  ),
  typeService(
    'type.googleapis.com/envoy.service.runtime.v3.Runtime',
    'envoy.service.runtime.v3.RuntimeDiscoveryService',
    'Runtime',
  ),
  {
    typeUrl: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
    sotw: undefined,
    delta: '/envoy.service.route.v3.VirtualHostDiscoveryService/DeltaVirtualHosts',
  },
];

function typeService(typeUrl: string, service: string, what: string): TypeService {
  return { typeUrl, sotw: `/${service}/Stream${what}`, delta: `/${service}/Delta${what}` };
}

/** The gRPC definition of the service of a single type. */
export function typeServiceDefinition({ sotw, delta }: TypeService): ServiceDefinition {
  return { ...(sotw !== undefined && { sotw: sotwMethod(sotw) }), delta: deltaMethod(delta) };
}

/** A service that says how large each request is. */
export function reportingSizes(
  service: ServiceDefinition,
  report: (bytes: number) => void,
): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): unknown => {
        report(bytes.length);
        return method.requestDeserialize(bytes) as unknown;
      };
      return [name, { ...method, requestDeserialize }];
    }),
  );
}
