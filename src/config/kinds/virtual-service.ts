/**
 * The types of VirtualService. Clusters and endpoints depend on its hosts, gateways, exportTo and destinations;
 * everything else of it concerns routes. Durations are milliseconds.
 */
import type { Labels } from '../../model/labels.js';

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number: number };
}

export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export type StringMatch =
  { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

export interface HttpMatchRequest {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  /** A header without a value is matched by its presence. */
  readonly headers?: Readonly<Record<string, StringMatch | undefined>>;
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly gateways?: readonly string[];
  readonly queryParams?: Readonly<Record<string, StringMatch | undefined>>;
  readonly ignoreUriCase?: boolean;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch | undefined>>;
  readonly sourceNamespace?: string;
  readonly statPrefix?: string;
}

export interface HttpRouteDestination {
  readonly destination?: Destination;
  readonly weight?: number;
  readonly headers?: Headers;
}

export interface HttpRedirect {
  readonly uri?: string;
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: string;
  readonly scheme?: string;
  readonly redirectCode?: number;
}

export interface HttpRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match: string; readonly rewrite: string };
}

export interface HttpRetry {
  readonly attempts?: number;
  readonly perTryTimeout?: number;
  readonly retryOn?: string;
  readonly retryRemoteLocalities?: boolean;
  readonly retryIgnorePreviousHosts?: boolean;
  readonly backoff?: number;
}

export interface HttpFaultInjection {
  readonly delay?: {
    readonly percent?: number;
    readonly percentage?: number;
    readonly fixedDelay?: number;
    readonly exponentialDelay?: number;
  };
  readonly abort?: {
    readonly percentage?: number;
    readonly httpStatus?: number;
    readonly grpcStatus?: string;
    readonly http2Error?: string;
  };
}

export interface HttpMirrorPolicy {
  readonly destination?: Destination;
  readonly percentage?: number;
}

export interface CorsPolicy {
  readonly allowOrigin?: readonly string[];
  readonly allowOrigins?: readonly StringMatch[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAge?: number;
  readonly allowCredentials?: boolean;
  readonly unmatchedPreflights?: string;
}

export interface HttpRoute {
  readonly name?: string;
  readonly match?: readonly HttpMatchRequest[];
  readonly route?: readonly HttpRouteDestination[];
  readonly redirect?: HttpRedirect;
  readonly directResponse?: {
    readonly status: number;
    readonly body?: { readonly string?: string; readonly bytes?: string };
  };
  readonly delegate?: { readonly name: string; readonly namespace?: string };
  readonly rewrite?: HttpRewrite;
  readonly timeout?: number;
  readonly retries?: HttpRetry;
  readonly fault?: HttpFaultInjection;
  readonly mirror?: Destination;
  readonly mirrors?: readonly HttpMirrorPolicy[];
  /** Deprecated. */
  readonly mirrorPercent?: number;
  readonly mirrorPercentage?: number;
  readonly corsPolicy?: CorsPolicy;
  readonly headers?: Headers;
}

export interface RouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
}

export interface L4MatchAttributes {
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly gateways?: readonly string[];
  readonly sourceNamespace?: string;
}

export interface TcpRoute {
  readonly match?: readonly L4MatchAttributes[];
  readonly route: readonly RouteDestination[];
}

export interface TlsRoute {
  readonly match: readonly (L4MatchAttributes & { readonly sniHosts: readonly string[] })[];
  readonly route: readonly RouteDestination[];
}

export interface VirtualService {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly http: readonly HttpRoute[];
  readonly tls: readonly TlsRoute[];
  readonly tcp: readonly TcpRoute[];
  readonly exportTo: readonly string[];
}
