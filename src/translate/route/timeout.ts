/** How long a request may take (Istio reference 7.7). */
import type { RouteActionShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';

const unlimited = duration(0);

/**
 * The fields of a timeout in milliseconds, without one of no limit. Envoy takes the deadline of gRPC's own header
 * only if there is a greatest one; a gRPC client without a proxy reads that from another field.
 */
export function timeoutFields(
  timeout: number | undefined,
  proxyless: boolean,
): Pick<RouteActionShape, 'timeout' | 'maxGrpcTimeout' | 'maxStreamDuration'> {
  const limit = timeout === undefined ? unlimited : duration(timeout);
  return proxyless
    ? { timeout: limit, maxStreamDuration: { maxStreamDuration: limit } }
    : { timeout: limit, maxGrpcTimeout: limit };
}
