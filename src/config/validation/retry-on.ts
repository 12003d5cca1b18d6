/** The conditions of retries (Istio reference 10.5; names as in Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on). */
import { quote } from './finding.js';

const conditions: ReadonlySet<string> = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** Ranges of the HTTP statuses that have a registered name. */
const statuses: readonly (readonly [from: number, to: number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

/** What is wrong with a comma-separated list of conditions and HTTP statuses; spaces are not allowed. */
export function retryOnProblem(retryOn: string): string | undefined {
  if (retryOn === '') return undefined;
  const wrong = retryOn.split(',').find((entry) => !conditions.has(entry) && !isHttpStatus(entry));
  if (wrong === undefined) return undefined;
  return `${quote(wrong)} is not a condition to retry on; it must be one of ${[...conditions].join(', ')}, or an HTTP status`;
}

/** Whether a condition is the number of an HTTP status that has a registered name. */
export function isHttpStatus(text: string): boolean {
  const status = /^\+?[0-9]+$/.test(text) ? Number(text) : 0;
  return statuses.some(([from, to]) => status >= from && status <= to);
}
