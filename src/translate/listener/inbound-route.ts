/** The routes of an inbound listener, which stand in it: everything goes to the workload (Istio reference 7.5). */
import { joinHostPort } from '../../base/host-port.js';
import type { RouteActionShape, RouteConfigurationShape } from '../../envoy/messages.js';
import { boolValue, duration, uint32 } from '../../envoy/well-known.js';
import type { Protocol } from '../../model/protocol.js';
import { anyPath } from '../route/route-match.js';

/** Where requests go. */
export interface InboundRoute {
  readonly cluster: string;
  /** Empty where no service is known. */
  readonly hostname: string;
  readonly servicePort: number;
  readonly protocol: Protocol;
}

const noLimit = duration(0);

/** The routes to a port of the workload. */
export function inboundRoutes({
  cluster,
  hostname,
  servicePort,
  protocol,
}: InboundRoute): RouteConfigurationShape {
  const isGrpc = protocol === 'GRPC' || protocol === 'GRPC-Web';
  const route: RouteActionShape = {
    cluster,
    timeout: noLimit,
    maxStreamDuration: { maxStreamDuration: noLimit, grpcTimeoutHeaderMax: noLimit },
    // A stream of gRPC cannot be told from a request that was not begun.
    ...(!isGrpc && { retryPolicy: { retryOn: 'reset-before-request', numRetries: uint32(2) } }),
  };
  return {
    name: cluster,
    virtualHosts: [
      {
        name: `inbound|http|${servicePort}`,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: anyPath,
            decorator: { operation: `${joinHostPort(hostname, servicePort)}/*` },
            route,
          },
        ],
      },
    ],
    validateClusters: boolValue(false),
  };
}
