/** The messages of policies and telemetry, by the names that Envoy gives them, beside those of messages.ts. */
import type { EnumNumber } from '../gen/xds.js';
import { enumValues, messageType, type Shape } from './message-type.js';

// Authorization

/** The HTTP filter that lets requests through by rules. */
export const HttpRbac = messageType('envoy.extensions.filters.http.rbac.v3.RBAC');

/** The network filter that lets connections through by rules. */
export const NetworkRbac = messageType('envoy.extensions.filters.network.rbac.v3.RBAC');

/** Rules of one action. */
export type RbacShape = Shape<'envoy.config.rbac.v3.RBAC'>;

/** A rule: who may, or may not, do what. */
export type RbacPolicyShape = Shape<'envoy.config.rbac.v3.Policy'>;

/** What is done. */
export type PermissionShape = Shape<'envoy.config.rbac.v3.Permission'>;

/** Who does it. */
export type PrincipalShape = Shape<'envoy.config.rbac.v3.Principal'>;

/** What becomes of what rules match. */
export const RbacAction = enumValues('envoy.config.rbac.v3.RBAC.Action');
export type RbacAction = EnumNumber<'envoy.config.rbac.v3.RBAC.Action'>;

/** A template of paths. */
export const UriTemplateMatchConfig = messageType(
  'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
);

/** Which metadata match. */
export type MetadataMatcherShape = Shape<'envoy.type.matcher.v3.MetadataMatcher'>;

/** Which values of metadata match. */
export type ValueMatcherShape = Shape<'envoy.type.matcher.v3.ValueMatcher'>;

/** The HTTP filter that asks a server. */
export const HttpExtAuthz = messageType('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz');
export type HttpExtAuthzShape = Shape<'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'>;

/** The network filter that asks a server. */
export const NetworkExtAuthz = messageType('envoy.extensions.filters.network.ext_authz.v3.ExtAuthz');
export type NetworkExtAuthzShape = Shape<'envoy.extensions.filters.network.ext_authz.v3.ExtAuthz'>;

/** Several matchers of strings. */
export type ListStringMatcherShape = Shape<'envoy.type.matcher.v3.ListStringMatcher'>;

/** Numbers of HTTP statuses that Envoy has names for. */
export const HttpStatusCode = enumValues('envoy.type.v3.StatusCode');
export type HttpStatusCode = EnumNumber<'envoy.type.v3.StatusCode'>;

// Authentication of requests

/** The HTTP filter that checks JSON Web Tokens. */
export const JwtAuthentication = messageType('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication');

/** Whose tokens are taken, and where they stand. */
export type JwtProviderShape = Shape<'envoy.extensions.filters.http.jwt_authn.v3.JwtProvider'>;

/** Which tokens a request needs. */
export type JwtRequirementShape = Shape<'envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement'>;

// Telemetry

/** Configuration of Istio's filter for metrics. */
export const StatsConfig = messageType('stats.PluginConfig');
export type MetricConfigShape = Shape<'stats.MetricConfig'>;

/** An access log of HTTP that is sent to a gRPC server. */
export const HttpGrpcAccessLog = messageType(
  'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
);

/** An access log of TCP that is sent to a gRPC server. */
export const TcpGrpcAccessLog = messageType('envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig');

/** What both have in common. */
export type CommonGrpcAccessLogShape =
  Shape<'envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig'>;

/** An access log that is sent to an OpenTelemetry collector. */
export const OpenTelemetryAccessLog = messageType(
  'envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig',
);

/** Makes `%REQ_WITHOUT_QUERY%` known to an access log. */
export const ReqWithoutQuery = messageType('envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery');

/** How a context is propagated for Zipkin. */
export const TraceContextOption = enumValues('envoy.config.trace.v3.TraceContextOption');
export type TraceContextOption = EnumNumber<'envoy.config.trace.v3.TraceContextOption'>;

/** The form in which traces are sent to Zipkin. */
export const ZipkinCollectorVersion = enumValues(
  'envoy.config.trace.v3.ZipkinConfig.CollectorEndpointVersion',
);
export type ZipkinCollectorVersion =
  EnumNumber<'envoy.config.trace.v3.ZipkinConfig.CollectorEndpointVersion'>;

/** How traces are sent to Datadog. */
export const DatadogConfig = messageType('envoy.config.trace.v3.DatadogConfig');

/** How traces are sent to SkyWalking. */
export const SkyWalkingConfig = messageType('envoy.config.trace.v3.SkyWalkingConfig');

/** How traces are sent to an OpenTelemetry collector. */
export const OpenTelemetryConfig = messageType('envoy.config.trace.v3.OpenTelemetryConfig');

/** Resources of traces are taken from the environment. */
export const EnvironmentResourceDetector = messageType(
  'envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig',
);

/** Resources of traces are taken from Dynatrace's agent. */
export const DynatraceResourceDetector = messageType(
  'envoy.extensions.tracers.opentelemetry.resource_detectors.v3.DynatraceResourceDetectorConfig',
);

/** Dynatrace says which requests are traced. */
export const DynatraceSampler = messageType(
  'envoy.extensions.tracers.opentelemetry.samplers.v3.DynatraceSamplerConfig',
);

/** A gRPC server that is called. */
export type GrpcServiceShape = Shape<'envoy.config.core.v3.GrpcService'>;

/** An HTTP server that is called. */
export type HttpServiceShape = Shape<'envoy.config.core.v3.HttpService'>;

/** A header that is added. */
export type HeaderValueOptionShape = Shape<'envoy.config.core.v3.HeaderValueOption'>;

/** An extension with its configuration. */
export type TypedExtensionShape = Shape<'envoy.config.core.v3.TypedExtensionConfig'>;
