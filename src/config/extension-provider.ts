/** The extension providers of MeshConfig: what Telemetry and AuthorizationPolicy name. Durations are milliseconds. */

/** How a provider is reached: `namespace/host`, or a host that only one namespace has. */
export interface ProviderService {
  readonly service: string;
  readonly port: number;
}

/** A header that is sent to a provider; its value stands in the configuration or in the environment of Istiod. */
export interface ProviderHeader {
  readonly name: string;
  readonly value?: string;
  readonly envName?: string;
}

/** How much of a request's body is sent along. */
export interface CheckedBody {
  readonly maxRequestBytes: number;
  readonly allowPartialMessage: boolean;
  readonly packAsBytes: boolean;
}

/** What both kinds of external authorization have in common. */
export interface ExtAuthzProvider extends ProviderService {
  readonly timeout?: number;
  readonly failOpen: boolean;
  readonly statusOnError: string;
  readonly includeRequestBodyInCheck?: CheckedBody;
}

/** External authorization over HTTP. */
export interface ExtAuthzHttpProvider extends ExtAuthzProvider {
  readonly pathPrefix: string;
  readonly includeHeadersInCheck: readonly string[];
  readonly includeRequestHeadersInCheck: readonly string[];
  readonly includeAdditionalHeadersInCheck: Readonly<Record<string, string>>;
  readonly headersToUpstreamOnAllow: readonly string[];
  readonly headersToDownstreamOnDeny: readonly string[];
  readonly headersToDownstreamOnAllow: readonly string[];
}

/** Tracing to Zipkin. */
export interface ZipkinProvider extends ProviderService {
  readonly maxTagLength: number;
  readonly enable64bitTraceId: boolean;
  readonly path: string;
  readonly traceContextOption: 'USE_B3' | 'USE_B3_WITH_W3C_PROPAGATION';
  readonly timeout?: number;
  readonly headers: readonly ProviderHeader[];
}

/** Tracing to Datadog. */
export interface DatadogProvider extends ProviderService {
  readonly maxTagLength: number;
}

/** Where OpenTelemetry's data is sent over HTTP. */
export interface OtlpHttpService {
  readonly path: string;
  readonly timeout?: number;
  readonly headers: readonly ProviderHeader[];
}

/** Tracing by OpenTelemetry. */
export interface OpenTelemetryProvider extends ProviderService {
  readonly maxTagLength: number;
  readonly http?: OtlpHttpService;
  readonly grpc?: { readonly timeout?: number; readonly initialMetadata: readonly ProviderHeader[] };
  readonly resourceDetectors?: { readonly environment?: object; readonly dynatrace?: object };
  readonly serviceAttributeEnrichment: 'ISTIO_CANONICAL' | 'OTEL_SEMANTIC_CONVENTIONS';
  readonly dynatraceSampler?: {
    readonly tenant: string;
    readonly clusterId: number;
    readonly rootSpansPerMinute: number;
    readonly httpService?: ProviderService & { readonly http?: OtlpHttpService };
  };
}

/** Access logs in a file. */
export interface FileAccessLogProvider {
  readonly path: string;
  readonly logFormat?: { readonly text?: string; readonly labels?: Readonly<Record<string, unknown>> };
  readonly omitEmptyValues: boolean;
}

/** Access logs of TCP over gRPC. */
export interface TcpAccessLogProvider extends ProviderService {
  readonly logName: string;
  readonly filterStateObjectsToLog: readonly string[];
}

/** Access logs of HTTP over gRPC. */
export interface HttpAccessLogProvider extends TcpAccessLogProvider {
  readonly additionalRequestHeadersToLog: readonly string[];
  readonly additionalResponseHeadersToLog: readonly string[];
  readonly additionalResponseTrailersToLog: readonly string[];
}

/** Access logs over OpenTelemetry. */
export interface OpenTelemetryAccessLogProvider extends ProviderService {
  readonly logName: string;
  readonly logFormat?: { readonly text: string; readonly labels?: Readonly<Record<string, unknown>> };
}

/** A provider by its name, with one of the settings, or none of them if it is of a kind that shapes nothing here. */
export interface ExtensionProvider {
  readonly name: string;
  readonly envoyExtAuthzHttp?: ExtAuthzHttpProvider;
  readonly envoyExtAuthzGrpc?: ExtAuthzProvider;
  readonly zipkin?: ZipkinProvider;
  readonly datadog?: DatadogProvider;
  readonly skywalking?: ProviderService;
  readonly opentelemetry?: OpenTelemetryProvider;
  readonly prometheus?: object;
  readonly envoyFileAccessLog?: FileAccessLogProvider;
  readonly envoyHttpAls?: HttpAccessLogProvider;
  readonly envoyTcpAls?: TcpAccessLogProvider;
  readonly envoyOtelAls?: OpenTelemetryAccessLogProvider;
  /** Kinds that Istiod knows and builds nothing of. */
  readonly lightstep?: object;
  readonly stackdriver?: object;
  readonly opencensus?: object;
  /** Gives gateways the secrets of credentials that begin with `sds://`. */
  readonly sds?: ProviderService;
}

/** Providers by name where no Telemetry names any. */
export interface DefaultProviders {
  readonly tracing: readonly string[];
  readonly metrics: readonly string[];
  readonly accessLogging: readonly string[];
}

/** Istio's providers; one of the same name in the document takes the place of each. */
export const builtInProviders: readonly ExtensionProvider[] = [
  { name: 'prometheus', prometheus: {} },
  { name: 'stackdriver', stackdriver: {} },
  { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout', omitEmptyValues: false } },
];
