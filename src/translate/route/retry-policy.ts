/** When a request is tried again (Istio reference 7.6, 7.7). */
import type { HttpRetry } from '../../config/kinds/virtual-service.js';
import { isHttpStatus } from '../../config/validation/retry-on.js';
import { packAny } from '../../envoy/any.js';
import {
  PreviousHostsPredicate,
  PreviousPrioritiesConfig,
  type RetryPolicyShape,
} from '../../envoy/messages.js';
import { duration, uint32 } from '../../envoy/well-known.js';

const defaultRetryOn = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';
const statusCodes = 'retriable-status-codes';

const otherHosts: NonNullable<RetryPolicyShape['retryHostPredicate']> = [
  {
    name: 'envoy.retry_host_predicates.previous_hosts',
    typedConfig: packAny(PreviousHostsPredicate, {}),
  },
];

const otherPriorities: NonNullable<RetryPolicyShape['retryPriority']> = {
  name: 'envoy.retry_priorities.previous_priorities',
  typedConfig: packAny(PreviousPrioritiesConfig, { updateFrequency: 2 }),
};

/**
 * The policy of a route; undefined where retries are turned off.
 *
 * @param retries what the route says, or else the mesh; Istio's defaults where both are silent.
 * @param sticky requests go to a host by a hash, so that another host is not looked for.
 */
export function retryPolicy(retries: HttpRetry | undefined, sticky: boolean): RetryPolicyShape | undefined {
  const attempts = retries === undefined ? 2 : (retries.attempts ?? 0);
  if (attempts <= 0) return undefined;
  const { perTryTimeout, backoff, retryRemoteLocalities, retryIgnorePreviousHosts = !sticky } = retries ?? {};
  return {
    numRetries: uint32(attempts),
    ...retryConditions(retries?.retryOn ?? ''),
    hostSelectionRetryMaxAttempts: 5,
    ...(retryIgnorePreviousHosts && { retryHostPredicate: otherHosts }),
    ...(retryRemoteLocalities === true && { retryPriority: otherPriorities }),
    ...(perTryTimeout !== undefined && { perTryTimeout: duration(perTryTimeout) }),
    ...(backoff !== undefined && { retryBackOff: { baseInterval: duration(backoff) } }),
  };
}

/** Numbers among the conditions are HTTP statuses. */
function retryConditions(retryOn: string): Pick<RetryPolicyShape, 'retryOn' | 'retriableStatusCodes'> {
  if (retryOn === '') return { retryOn: defaultRetryOn };
  const conditions = retryOn
    .split(',')
    .map((condition) => condition.trim())
    .filter((condition) => condition !== '');
  const names = conditions.filter((condition) => !isHttpStatus(condition)).join(',');
  const statuses = conditions.filter(isHttpStatus).map(Number);
  const lacksStatuses = statuses.length > 0 && !names.includes(statusCodes);
  return { retryOn: lacksStatuses ? `${names},${statusCodes}` : names, retriableStatusCodes: statuses };
}
