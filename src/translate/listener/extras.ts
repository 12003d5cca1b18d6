/**
 * What policies and telemetry add to the listeners of a proxy: the seam between listeners, which know nothing of
 * AuthorizationPolicy, RequestAuthentication and Telemetry, and what is made of these. One object for equal content, so
 * that it can be a field of an input.
 */
import type {
  AccessLogShape,
  FilterShape,
  HttpConnectionManagerShape,
  HttpFilterShape,
} from '../../envoy/messages.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { listenerPolicies } from '../security/listener-policies.js';
import type { TranslationProblem } from '../translation.js';
import { listenerTelemetry } from '../telemetry/listener-telemetry.js';

/** Which way the connections of a listener go, and through what kind of proxy. */
export type ListenerClass = 'sidecar-outbound' | 'sidecar-inbound' | 'gateway';

/** How requests of a connection manager are traced. */
export type TracingShape = NonNullable<HttpConnectionManagerShape['tracing']>;

/** What telemetry adds. */
export interface ListenerTelemetry {
  /** Of connection managers. */
  readonly httpLogs: readonly AccessLogShape[];
  /** Of TCP proxies. */
  readonly tcpLogs: readonly AccessLogShape[];
  /** Of the listeners that take intercepted connections. */
  readonly listenerLogs: readonly AccessLogShape[];
  readonly tracing: TracingShape | undefined;
  /** Whether a request's identifier tells if it is traced. */
  readonly samplesByRequestId: boolean;
  /** Behind the filters for faults and CORS. */
  readonly httpFilters: readonly HttpFilterShape[];
  /** Before the TCP proxy. */
  readonly networkFilters: readonly FilterShape[];
}

/** What policies add; both stand behind the metadata exchange. */
export interface ListenerPolicies {
  /** Custom authorization, authentication of requests, authorization. */
  readonly httpFilters: readonly HttpFilterShape[];
  /** Custom authorization, authorization. */
  readonly networkFilters: readonly FilterShape[];
  /** What of the policies cannot be put into force as it was meant. */
  readonly problems: readonly TranslationProblem[];
}

/** Everything that is added to the listeners of one class. */
export interface ListenerExtras {
  readonly telemetry: ListenerTelemetry;
  readonly policies: ListenerPolicies;
}

/** For listeners that policies do not protect. */
export const noPolicies: ListenerPolicies = { httpFilters: [], networkFilters: [], problems: [] };

/** What is added to a proxy's listeners of a class; the same object as long as it is the same. */
export function listenerExtras(
  context: ProxyContext,
  listenerClass: ListenerClass,
  memo: Memo,
): ListenerExtras {
  const telemetry = listenerTelemetry(context, listenerClass, memo);
  // Clients are not asked by policies: these protect servers and gateways.
  const policies = listenerClass === 'sidecar-outbound' ? noPolicies : listenerPolicies(context, memo);
  return memo
    .group('listener extras')
    .compute(listenerClass, { telemetry, policies }, (extras): ListenerExtras => extras);
}
