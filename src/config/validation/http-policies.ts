/** What an HTTP route does to requests on their way: CORS, faults, retries (Istio reference 10.5). */
import type { CorsPolicy, HttpFaultInjection, HttpRetry, StringMatch } from '../kinds/virtual-service.js';
import { durationProblem, optionalDurationProblem } from './duration.js';
import { type FindingSink, quote } from './finding.js';
import { corsHeaderNameProblem } from './header.js';
import { httpStatusProblem } from './http-actions.js';
import { stringRegexProblem } from './http-match.js';
import { retryOnProblem } from './retry-on.js';

const corsMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]);

/** The names of gRPC's statuses, each at the place of its number. */
export const grpcStatuses: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Checks a CORS policy (Istio reference 10.5). */
export function validateCorsPolicy(policy: CorsPolicy, path: string, sink: FindingSink): void {
  for (const [index, origin] of (policy.allowOrigins ?? []).entries()) {
    sink.error(`${path}.allowOrigins[${index}]`, originProblem(origin));
  }
  for (const [index, method] of (policy.allowMethods ?? []).entries()) {
    if (!corsMethods.has(method)) {
      sink.error(
        `${path}.allowMethods[${index}]`,
        `${quote(method)} is not an HTTP method; it can be ${[...corsMethods].join(', ')}`,
      );
    }
  }
  for (const field of ['allowHeaders', 'exposeHeaders'] as const) {
    for (const [index, name] of (policy[field] ?? []).entries()) {
      sink.error(`${path}.${field}[${index}]`, corsHeaderNameProblem(name));
    }
  }
  sink.error(`${path}.maxAge`, optionalDurationProblem(policy.maxAge));
  if (policy.maxAge !== undefined && policy.maxAge % 1000 !== 0) {
    sink.error(`${path}.maxAge`, `maximum age ${policy.maxAge}ms is not a whole number of seconds`);
  }
}

/** Checks the faults that are injected (Istio reference 10.5). */
export function validateFault(fault: HttpFaultInjection, path: string, sink: FindingSink): void {
  const { abort, delay } = fault;
  if ((abort ?? delay) === undefined) sink.error(path, 'fault does nothing; it needs abort, delay or both');
  sink.error(`${path}.abort.percentage`, faultPercentageProblem(abort?.percentage));
  if (abort?.grpcStatus !== undefined && !grpcStatuses.includes(abort.grpcStatus)) {
    sink.error(
      `${path}.abort.grpcStatus`,
      `gRPC status ${quote(abort.grpcStatus)} is not known; it must be a name such as "NOT_FOUND"`,
    );
  }
  if (abort?.http2Error !== undefined) {
    sink.error(`${path}.abort.http2Error`, 'http2Error is not supported; use httpStatus or grpcStatus');
  }
  if (abort?.httpStatus !== undefined) {
    sink.error(`${path}.abort.httpStatus`, httpStatusProblem(abort.httpStatus));
  }
  sink.error(`${path}.delay.percentage`, faultPercentageProblem(delay?.percentage));
  sink.error(`${path}.delay.fixedDelay`, optionalDurationProblem(delay?.fixedDelay));
  if (delay?.exponentialDelay !== undefined) {
    sink.error(`${path}.delay.exponentialDelay`, 'exponentialDelay is not supported; use fixedDelay');
  }
}

/** Checks retries, of a route or of the mesh's defaults (Istio reference 10.5). */
export function validateRetries(retries: HttpRetry, path: string, sink: FindingSink): void {
  const { attempts = 0, perTryTimeout, retryOn = '', retryRemoteLocalities, backoff } = retries;
  if (attempts < 0) {
    sink.error(`${path}.attempts`, `${attempts} attempts are fewer than none; it must be 0 or more`);
  }
  if (
    attempts === 0 &&
    (perTryTimeout !== undefined || retryOn !== '' || retryRemoteLocalities !== undefined)
  ) {
    sink.error(
      `${path}.attempts`,
      'attempts is 0, which turns retries off, but how to retry is set; set attempts or nothing else',
    );
  }
  sink.error(`${path}.perTryTimeout`, optionalDurationProblem(perTryTimeout));
  sink.error(`${path}.retryOn`, retryOnProblem(retryOn));
  if (backoff !== undefined) sink.error(`${path}.backoff`, durationProblem(backoff));
}

function originProblem(origin: StringMatch): string | undefined {
  const text = 'exact' in origin ? origin.exact : 'prefix' in origin ? origin.prefix : origin.regex;
  return text === ''
    ? 'origin is empty; it must be an exact text, a prefix or a regex'
    : stringRegexProblem(origin);
}

/** Envoy counts faults in millionths. */
function faultPercentageProblem(percentage: number | undefined): string | undefined {
  if (percentage === undefined || percentage === 0 || (percentage >= 0.0001 && percentage <= 100)) {
    return undefined;
  }
  return `percentage ${percentage} is neither 0 nor in 0.0001..100`;
}
