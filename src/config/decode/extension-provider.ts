/** Decoding of `extensionProviders` and `defaultProviders` of MeshConfig. */
import type {
  CheckedBody,
  DatadogProvider,
  DefaultProviders,
  ExtAuthzHttpProvider,
  ExtAuthzProvider,
  ExtensionProvider,
  FileAccessLogProvider,
  HttpAccessLogProvider,
  OpenTelemetryAccessLogProvider,
  OpenTelemetryProvider,
  OtlpHttpService,
  ProviderHeader,
  ProviderService,
  TcpAccessLogProvider,
  ZipkinProvider,
} from '../extension-provider.js';
import { list, map, message } from './composites.js';
import { optional } from './decoder.js';
import { boolean, duration, enumeration, int32, jsonObject, string, uint32 } from './scalars.js';

const service = { service: string, port: uint32 };

const header = message<ProviderHeader>(
  { name: string, value: optional(string), envName: optional(string) },
  { oneofs: [['value', 'envName']] },
);

const checkedBody = message<CheckedBody>({
  maxRequestBytes: uint32,
  allowPartialMessage: boolean,
  packAsBytes: boolean,
});

const extAuthz = {
  ...service,
  timeout: optional(duration),
  failOpen: boolean,
  statusOnError: string,
  includeRequestBodyInCheck: optional(checkedBody),
};

const extAuthzHttp = message<ExtAuthzHttpProvider>(
  {
    ...extAuthz,
    pathPrefix: string,
    includeHeadersInCheck: list(string),
    includeRequestHeadersInCheck: list(string),
    includeAdditionalHeadersInCheck: map(string),
    headersToUpstreamOnAllow: list(string),
    headersToDownstreamOnDeny: list(string),
    headersToDownstreamOnAllow: list(string),
  },
  { ignored: ['clearRouteCache'] },
);

const extAuthzGrpc = message<ExtAuthzProvider>(extAuthz, { ignored: ['clearRouteCache'] });

const zipkin = message<ZipkinProvider>({
  ...service,
  maxTagLength: uint32,
  enable64bitTraceId: boolean,
  path: string,
  traceContextOption: enumeration({ USE_B3: 0, USE_B3_WITH_W3C_PROPAGATION: 1 }),
  timeout: optional(duration),
  headers: list(header),
});

const datadog = message<DatadogProvider>({ ...service, maxTagLength: uint32 });

const skywalking = message<ProviderService>(service, { ignored: ['accessToken'] });

const otlpHttp = message<OtlpHttpService>({
  path: string,
  timeout: optional(duration),
  headers: list(header),
});

const opentelemetry = message<OpenTelemetryProvider>({
  ...service,
  maxTagLength: uint32,
  http: optional(otlpHttp),
  grpc: optional(
    message<NonNullable<OpenTelemetryProvider['grpc']>>({
      timeout: optional(duration),
      initialMetadata: list(header),
    }),
  ),
  resourceDetectors: optional(
    message<NonNullable<OpenTelemetryProvider['resourceDetectors']>>({
      environment: optional(jsonObject),
      dynatrace: optional(jsonObject),
    }),
  ),
  serviceAttributeEnrichment: enumeration({ ISTIO_CANONICAL: 0, OTEL_SEMANTIC_CONVENTIONS: 1 }),
  dynatraceSampler: optional(
    message<NonNullable<OpenTelemetryProvider['dynatraceSampler']>>({
      tenant: string,
      clusterId: int32,
      rootSpansPerMinute: uint32,
      httpService: optional(
        message<ProviderService & { readonly http?: OtlpHttpService }>({
          ...service,
          http: optional(otlpHttp),
        }),
      ),
    }),
  ),
});

const fileAccessLog = message<FileAccessLogProvider>({
  path: string,
  logFormat: optional(
    message<NonNullable<FileAccessLogProvider['logFormat']>>(
      { text: optional(string), labels: optional(jsonObject) },
      { oneofs: [['text', 'labels']] },
    ),
  ),
  omitEmptyValues: boolean,
});

const tcpAccessLog = { ...service, logName: string, filterStateObjectsToLog: list(string) };

const httpAccessLog = message<HttpAccessLogProvider>({
  ...tcpAccessLog,
  additionalRequestHeadersToLog: list(string),
  additionalResponseHeadersToLog: list(string),
  additionalResponseTrailersToLog: list(string),
});

const otelAccessLog = message<OpenTelemetryAccessLogProvider>({
  ...service,
  logName: string,
  logFormat: optional(
    message<NonNullable<OpenTelemetryAccessLogProvider['logFormat']>>({
      text: string,
      labels: optional(jsonObject),
    }),
  ),
});

/** One provider. */
export const extensionProvider = message<ExtensionProvider>(
  {
    name: string,
    envoyExtAuthzHttp: optional(extAuthzHttp),
    envoyExtAuthzGrpc: optional(extAuthzGrpc),
    zipkin: optional(zipkin),
    datadog: optional(datadog),
    skywalking: optional(skywalking),
    opentelemetry: optional(opentelemetry),
    prometheus: optional(jsonObject),
    envoyFileAccessLog: optional(fileAccessLog),
    envoyHttpAls: optional(httpAccessLog),
    envoyTcpAls: optional(message<TcpAccessLogProvider>(tcpAccessLog)),
    envoyOtelAls: optional(otelAccessLog),
    lightstep: optional(jsonObject),
    stackdriver: optional(jsonObject),
    opencensus: optional(jsonObject),
    sds: optional(message<ProviderService>(service, { ignored: ['name'] })),
  },
  {
    oneofs: [
      [
        'envoyExtAuthzHttp',
        'envoyExtAuthzGrpc',
        'zipkin',
        'datadog',
        'skywalking',
        'opentelemetry',
        'prometheus',
        'envoyFileAccessLog',
        'envoyHttpAls',
        'envoyTcpAls',
        'envoyOtelAls',
        'lightstep',
        'stackdriver',
        'opencensus',
        'sds',
      ],
    ],
  },
);

/** The names of the providers that count by default. */
export const defaultProviders = message<DefaultProviders>({
  tracing: list(string),
  metrics: list(string),
  accessLogging: list(string),
});
