/** Faults that a route injects (Istio reference 7.7). */
import type { HttpFaultInjection } from '../../config/kinds/virtual-service.js';
import { grpcStatuses } from '../../config/validation/http-policies.js';
import type { HttpFaultShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import { percentInMillionths, wholePercent } from './percent.js';

/** The filter that injects faults, and under which routes configure it. */
export const faultFilter = 'envoy.filters.http.fault';

/** A route's configuration of the filter. Faults of a kind that Istio does not know are left out. */
export function httpFault({ delay, abort }: HttpFaultInjection): HttpFaultShape {
  return {
    ...(delay?.fixedDelay !== undefined && {
      delay: {
        fixedDelay: duration(delay.fixedDelay),
        percentage:
          delay.percentage === undefined
            ? wholePercent(delay.percent ?? 0)
            : percentInMillionths(delay.percentage),
      },
    }),
    ...(abort !== undefined && abortFault(abort)),
  };
}

function abortFault(abort: NonNullable<HttpFaultInjection['abort']>): Pick<HttpFaultShape, 'abort'> {
  const { percentage, httpStatus, grpcStatus } = abort;
  const share = percentage !== undefined && { percentage: percentInMillionths(percentage) };
  if (httpStatus !== undefined) return { abort: { ...share, httpStatus } };
  if (grpcStatus !== undefined) return { abort: { ...share, grpcStatus: grpcStatuses.indexOf(grpcStatus) } };
  return {};
}
