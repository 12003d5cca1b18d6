/** The tracers of extension providers. */
import type {
  ExtensionProvider,
  OpenTelemetryProvider,
  OtlpHttpService,
  ProviderHeader,
  ZipkinProvider,
} from '../../config/extension-provider.js';
import { packAny, type PackedAny } from '../../envoy/any.js';
import { HeaderAppendAction } from '../../envoy/enums.js';
import type { Shape } from '../../envoy/message-type.js';
import { ZipkinConfig, type DurationShape } from '../../envoy/messages.js';
import {
  DatadogConfig,
  DynatraceResourceDetector,
  DynatraceSampler,
  EnvironmentResourceDetector,
  OpenTelemetryConfig,
  SkyWalkingConfig,
  TraceContextOption,
  ZipkinCollectorVersion,
  type GrpcServiceShape,
  type HeaderValueOptionShape,
  type HttpServiceShape,
  type TypedExtensionShape,
} from '../../envoy/policy-messages.js';
import { boolValue, duration } from '../../envoy/well-known.js';
import { clusterOf, type ProviderCluster, type ProviderClusters } from '../provider-clusters.js';

/** What of a proxy a tracer depends on: plain JSON. */
export interface TracedProxy {
  /** Minor version of Istio's 1.x; of an unknown version the newest. */
  readonly minorVersion: number;
  /** The name by which a proxy calls itself in its node. */
  readonly serviceCluster: string;
  /** The name of the service by OpenTelemetry's conventions. */
  readonly serviceName: string;
}

/** A tracer. */
export interface Tracer {
  readonly name: string;
  readonly typedConfig: PackedAny;
  readonly maxTagLength: number;
  /** It decides itself which requests it takes. */
  readonly samples: boolean;
  /** It needs a span for each request that is sent on, whatever the proxy. */
  readonly spawnsSpans: boolean;
}

/** The tracer of a provider; undefined if it has none, or its service is not known. */
export function tracerOf(
  provider: ExtensionProvider,
  clusters: ProviderClusters,
  proxy: TracedProxy,
): Tracer | undefined {
  const { zipkin, datadog, skywalking, opentelemetry } = provider;
  const service = zipkin ?? datadog ?? skywalking ?? opentelemetry;
  const cluster = service && clusterOf(clusters, service);
  if (cluster === undefined) return undefined;
  const plain = { samples: false, spawnsSpans: false };
  if (zipkin !== undefined) {
    const typedConfig = packAny(ZipkinConfig, zipkinConfig(zipkin, cluster, proxy));
    return { name: 'envoy.tracers.zipkin', typedConfig, maxTagLength: zipkin.maxTagLength, ...plain };
  }
  if (datadog !== undefined) {
    const typedConfig = packAny(DatadogConfig, {
      collectorCluster: cluster.cluster,
      collectorHostname: cluster.hostname,
      serviceName: proxy.serviceCluster,
    });
    return { name: 'envoy.tracers.datadog', typedConfig, maxTagLength: datadog.maxTagLength, ...plain };
  }
  if (skywalking !== undefined) {
    const typedConfig = packAny(SkyWalkingConfig, { grpcService: grpcService(cluster) });
    return {
      name: 'envoy.tracers.skywalking',
      typedConfig,
      maxTagLength: 0,
      samples: false,
      spawnsSpans: true,
    };
  }
  return opentelemetry && openTelemetryTracer(opentelemetry, cluster, clusters, proxy);
}

const defaultTimeout = 5_000;

/** Proxies before 1.29 do not know the collector as a service, those before 1.28 no choice of contexts. */
function zipkinConfig(
  provider: ZipkinProvider,
  { cluster, hostname }: ProviderCluster,
  { minorVersion }: TracedProxy,
): Shape<'envoy.config.trace.v3.ZipkinConfig'> {
  const path = provider.path === '' ? '/api/v2/spans' : provider.path;
  const timeout = duration(provider.timeout ?? defaultTimeout);
  return {
    collectorEndpointVersion: ZipkinCollectorVersion.HTTP_JSON,
    traceId128bit: !provider.enable64bitTraceId,
    sharedSpanContext: boolValue(false),
    ...(minorVersion >= 29
      ? { collectorService: httpService(`http://${hostname}${path}`, cluster, timeout, provider.headers) }
      : { collectorCluster: cluster, collectorEndpoint: path, collectorHostname: hostname }),
    ...(minorVersion >= 28 && { traceContextOption: TraceContextOption[provider.traceContextOption] }),
  };
}

function openTelemetryTracer(
  provider: OpenTelemetryProvider,
  cluster: ProviderCluster,
  clusters: ProviderClusters,
  proxy: TracedProxy,
): Tracer | undefined {
  const sampler = provider.dynatraceSampler && dynatraceSampler(provider, cluster, clusters);
  if (provider.dynatraceSampler !== undefined && sampler === undefined) return undefined;
  const conventions = provider.serviceAttributeEnrichment === 'OTEL_SEMANTIC_CONVENTIONS';
  const { http, grpc } = provider;
  const typedConfig = packAny(OpenTelemetryConfig, {
    serviceName: conventions ? proxy.serviceName : proxy.serviceCluster,
    ...(http === undefined
      ? {
          grpcService: {
            ...grpcService(cluster),
            ...(grpc?.timeout !== undefined && { timeout: duration(grpc.timeout) }),
            initialMetadata: (grpc?.initialMetadata ?? []).map(({ name, value = '' }) => ({
              key: name,
              value,
            })),
          },
        }
      : { httpService: otlpService(cluster, http.path, http) }),
    resourceDetectors: resourceDetectors(provider, conventions),
    ...(sampler !== undefined && { sampler }),
  });
  return {
    name: 'envoy.tracers.opentelemetry',
    typedConfig,
    maxTagLength: provider.maxTagLength,
    samples: sampler !== undefined,
    spawnsSpans: false,
  };
}

const detectors = 'envoy.tracers.opentelemetry.resource_detectors';
const environmentDetector: TypedExtensionShape = {
  name: `${detectors}.environment`,
  typedConfig: packAny(EnvironmentResourceDetector, {}),
};
const dynatraceDetector: TypedExtensionShape = {
  name: `${detectors}.dynatrace`,
  typedConfig: packAny(DynatraceResourceDetector, {}),
};

/** OpenTelemetry's conventions need the environment, which may name the service. */
function resourceDetectors(
  { resourceDetectors: asked }: OpenTelemetryProvider,
  conventions: boolean,
): readonly TypedExtensionShape[] {
  const listed = [
    ...(asked?.environment === undefined ? [] : [environmentDetector]),
    ...(asked?.dynatrace === undefined ? [] : [dynatraceDetector]),
  ];
  return conventions && asked?.environment === undefined ? [...listed, environmentDetector] : listed;
}

/** Dynatrace's API is that of its own service, or of the one that traces are sent to over HTTP. */
function dynatraceSampler(
  { dynatraceSampler: sampler, http }: OpenTelemetryProvider,
  exporter: ProviderCluster,
  clusters: ProviderClusters,
): TypedExtensionShape | undefined {
  if (sampler === undefined) return undefined;
  const own = sampler.httpService;
  const cluster = own === undefined ? exporter : clusterOf(clusters, own);
  const settings = own === undefined ? http : own.http;
  if (cluster === undefined || (own === undefined && http === undefined)) return undefined;
  const path = own === undefined ? 'api/v2/samplingConfiguration' : (settings?.path ?? '');
  const config = {
    tenant: sampler.tenant,
    clusterId: sampler.clusterId,
    rootSpansPerMinute: sampler.rootSpansPerMinute,
    httpService: otlpService(cluster, path, settings),
  };
  return {
    name: 'envoy.tracers.opentelemetry.samplers.dynatrace',
    typedConfig: packAny(DynatraceSampler, config),
  };
}

function otlpService(
  { cluster, hostname }: ProviderCluster,
  path: string,
  settings: OtlpHttpService | undefined,
): HttpServiceShape {
  const timeout = settings?.timeout === undefined ? undefined : duration(settings.timeout);
  return httpService(joinedPath(hostname, path), cluster, timeout, settings?.headers ?? []);
}

/** A host and a path with a single slash between them, as Go's url.JoinPath puts them together. */
function joinedPath(hostname: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const end = path.endsWith('/') ? '/' : '';
  return segments.length === 0 ? hostname : `${[hostname, ...segments].join('/')}${end}`;
}

function httpService(
  uri: string,
  cluster: string,
  timeout: DurationShape | undefined,
  headers: readonly ProviderHeader[],
): HttpServiceShape {
  return {
    httpUri: { uri, cluster, ...(timeout !== undefined && { timeout }) },
    requestHeadersToAdd: headers.map(headerOption),
  };
}

/** A value of Istiod's environment is not known here and left empty, as Istiod leaves one that is not set. */
function headerOption({ name, value = '' }: ProviderHeader): HeaderValueOptionShape {
  return { header: { key: name, value }, appendAction: HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD };
}

function grpcService({ cluster, hostname }: ProviderCluster): GrpcServiceShape {
  return { envoyGrpc: { clusterName: cluster, authority: hostname } };
}
