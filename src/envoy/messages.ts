/**
 * The messages that Pilotlight builds and reads, by the names that Envoy gives them: `Cluster` encodes and decodes,
 * `ClusterShape` is what a builder returns, `NodeMessage` what decoding gives. A message that is not here is a line
 * to add; one that is not generated is a line in buf.gen.yaml. The enums are in enums.ts.
 */
import { messageType, type Message, type Shape } from './message-type.js';

export type { MessageType } from './message-type.js';

// The protocol

/** What a client sends on a state-of-the-world stream. */
export const DiscoveryRequest = messageType('envoy.service.discovery.v3.DiscoveryRequest');
export type DiscoveryRequestShape = Shape<'envoy.service.discovery.v3.DiscoveryRequest'>;
export type DiscoveryRequestMessage = Message<'envoy.service.discovery.v3.DiscoveryRequest'>;

/** What a server sends on a state-of-the-world stream. */
export const DiscoveryResponse = messageType('envoy.service.discovery.v3.DiscoveryResponse');
export type DiscoveryResponseShape = Shape<'envoy.service.discovery.v3.DiscoveryResponse'>;
export type DiscoveryResponseMessage = Message<'envoy.service.discovery.v3.DiscoveryResponse'>;

/** What a client sends on an incremental stream. */
export const DeltaDiscoveryRequest = messageType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
export type DeltaDiscoveryRequestShape = Shape<'envoy.service.discovery.v3.DeltaDiscoveryRequest'>;
export type DeltaDiscoveryRequestMessage = Message<'envoy.service.discovery.v3.DeltaDiscoveryRequest'>;

/** What a server sends on an incremental stream. */
export const DeltaDiscoveryResponse = messageType('envoy.service.discovery.v3.DeltaDiscoveryResponse');

/** A resource of an incremental response, or one with a name, a version or a time to live. */
export const Resource = messageType('envoy.service.discovery.v3.Resource');

/** Who a client says it is. */
export const Node = messageType('envoy.config.core.v3.Node');
export type NodeShape = Shape<'envoy.config.core.v3.Node'>;
export type NodeMessage = Message<'envoy.config.core.v3.Node'>;

// Well-known messages

/** A message of any type, as type URL and bytes. */
export const Any = messageType('google.protobuf.Any');
export type AnyShape = Shape<'google.protobuf.Any'>;

/** A JSON object as a message. */
export const Struct = messageType('google.protobuf.Struct');
export type StructShape = Shape<'google.protobuf.Struct'>;

/** A message given as JSON with its type URL, for a type that the sender does not have. */
export const TypedStruct = messageType('udpa.type.v1.TypedStruct');

/** A moment. */
export type TimestampShape = Shape<'google.protobuf.Timestamp'>;

/** A length of time. */
export const Duration = messageType('google.protobuf.Duration');
export type DurationShape = Shape<'google.protobuf.Duration'>;

// Resources

/** CDS. */
export const Cluster = messageType('envoy.config.cluster.v3.Cluster');
export type ClusterShape = Shape<'envoy.config.cluster.v3.Cluster'>;

/** EDS; in a cluster too. */
export const ClusterLoadAssignment = messageType('envoy.config.endpoint.v3.ClusterLoadAssignment');

/** LDS. */
export const Listener = messageType('envoy.config.listener.v3.Listener');
export type ListenerShape = Shape<'envoy.config.listener.v3.Listener'>;

/** RDS; in an HTTP connection manager too. */
export const RouteConfiguration = messageType('envoy.config.route.v3.RouteConfiguration');
export type RouteConfigurationShape = Shape<'envoy.config.route.v3.RouteConfiguration'>;

/** SDS. */
export const Secret = messageType('envoy.extensions.transport_sockets.tls.v3.Secret');
export type SecretShape = Shape<'envoy.extensions.transport_sockets.tls.v3.Secret'>;
export type SecretMessage = Message<'envoy.extensions.transport_sockets.tls.v3.Secret'>;

/** ECDS; any named extension too. */
export const TypedExtensionConfig = messageType('envoy.config.core.v3.TypedExtensionConfig');
export type TypedExtensionConfigShape = Shape<'envoy.config.core.v3.TypedExtensionConfig'>;

/** NDS: what the agent's DNS proxy answers. */
export const NameTable = messageType('istio.networking.nds.v1.NameTable');
export type NameTableShape = Shape<'istio.networking.nds.v1.NameTable'>;

/** What a server tells of one client: which types it was sent, and what became of them. */
export const ClientConfig = messageType('envoy.service.status.v3.ClientConfig');
export type ClientConfigShape = Shape<'envoy.service.status.v3.ClientConfig'>;

// Inside an Any of a cluster

/** How HTTP is spoken to an upstream. */
export const HttpProtocolOptions = messageType('envoy.extensions.upstreams.http.v3.HttpProtocolOptions');
export type HttpProtocolOptionsShape = Shape<'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'>;

/** TLS towards an upstream. */
export const UpstreamTlsContext = messageType('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext');

/** The transport socket of plain text. */
export const RawBuffer = messageType('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer');

/** A transport socket that sends a PROXY protocol header first. */
export const ProxyProtocolUpstreamTransport = messageType(
  'envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport',
);

/** The DNS resolver of a cluster. */
export const CaresDnsResolverConfig = messageType(
  'envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
);

/** A cluster whose hosts come from requests. */
export const DynamicForwardProxyCluster = messageType(
  'envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig',
);

// Inside an Any of a listener or a route

/** The network filter that speaks HTTP. */
export const HttpConnectionManager = messageType(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
);
export type HttpConnectionManagerShape =
  Shape<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'>;

/** The network filter that passes TCP on. */
export const TcpProxy = messageType('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy');
export type TcpProxyShape = Shape<'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'>;

/** The network filter that observes MongoDB. */
export const MongoProxy = messageType('envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy');

/** The network filter that resolves the name in SNI. */
export const SniDynamicForwardProxy = messageType(
  'envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig',
);

/** TLS towards a client. */
export const DownstreamTlsContext = messageType(
  'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
);
export type DownstreamTlsContextShape =
  Shape<'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'>;

/** The last HTTP filter. */
export const Router = messageType('envoy.extensions.filters.http.router.v3.Router');

/** The HTTP filter that injects faults. */
export const HttpFault = messageType('envoy.extensions.filters.http.fault.v3.HTTPFault');
export type HttpFaultShape = Shape<'envoy.extensions.filters.http.fault.v3.HTTPFault'>;

/** The HTTP filter for CORS. */
export const Cors = messageType('envoy.extensions.filters.http.cors.v3.Cors');

/** A route's configuration of the CORS filter. */
export const CorsPolicy = messageType('envoy.extensions.filters.http.cors.v3.CorsPolicy');
export type CorsPolicyShape = Shape<'envoy.extensions.filters.http.cors.v3.CorsPolicy'>;

/** The HTTP filter that counts gRPC calls. */
export const GrpcStats = messageType('envoy.extensions.filters.http.grpc_stats.v3.FilterConfig');

/** The HTTP filter that translates gRPC-Web. */
export const GrpcWeb = messageType('envoy.extensions.filters.http.grpc_web.v3.GrpcWeb');

/** The HTTP filter that resolves the host of a request. */
export const DynamicForwardProxyFilter = messageType(
  'envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig',
);

/** The HTTP filter of Istio's Envoy build that sets the ALPN of the upstream. */
export const AlpnFilter = messageType('istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig');

/** The listener filter that recognises HTTP. */
export const HttpInspector = messageType('envoy.extensions.filters.listener.http_inspector.v3.HttpInspector');

/** The listener filter that recognises TLS and reads its SNI and ALPN. */
export const TlsInspector = messageType('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector');

/** The listener filter that restores the destination before interception. */
export const OriginalDst = messageType('envoy.extensions.filters.listener.original_dst.v3.OriginalDst');

/** The listener filter that keeps the client's address upstream. */
export const OriginalSrc = messageType('envoy.extensions.filters.listener.original_src.v3.OriginalSrc');

/** The listener filter that reads a PROXY protocol header. */
export const ProxyProtocol = messageType('envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol');

/** How request identifiers are made. */
export const UuidRequestIdConfig = messageType('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig');

/** Keeps the case of header names. */
export const PreserveCaseFormatterConfig = messageType(
  'envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig',
);

/** An access log in a file. */
export const FileAccessLog = messageType('envoy.extensions.access_loggers.file.v3.FileAccessLog');
export type FileAccessLogShape = Shape<'envoy.extensions.access_loggers.file.v3.FileAccessLog'>;

/** A CEL expression that chooses what is logged. */
export const ExpressionFilter = messageType(
  'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
);

/** Tracing to Zipkin. */
export const ZipkinConfig = messageType('envoy.config.trace.v3.ZipkinConfig');

/** Retries avoid the hosts tried before. */
export const PreviousHostsPredicate = messageType(
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
);

/** Retries avoid the priorities tried before. */
export const PreviousPrioritiesConfig = messageType(
  'envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
);

// Parts of the above

/** Where something listens or is reached. */
export type AddressShape = Shape<'envoy.config.core.v3.Address'>;

/** Filter metadata, by namespace of the filter. */
export type MetadataShape = Shape<'envoy.config.core.v3.Metadata'>;

/** Where a resource is asked for. */
export type ConfigSourceShape = Shape<'envoy.config.core.v3.ConfigSource'>;

/** What wraps a connection, such as TLS. */
export type TransportSocketShape = Shape<'envoy.config.core.v3.TransportSocket'>;

/** The source address of upstream connections. */
export type BindConfigShape = Shape<'envoy.config.core.v3.BindConfig'>;

/** HTTP/1.1. */
export type Http1ProtocolOptionsShape = Shape<'envoy.config.core.v3.Http1ProtocolOptions'>;

/** HTTP/2. */
export type Http2ProtocolOptionsShape = Shape<'envoy.config.core.v3.Http2ProtocolOptions'>;

/** What all versions of HTTP have in common. */
export type CommonHttpProtocolOptionsShape = Shape<'envoy.config.core.v3.HttpProtocolOptions'>;

/** TCP keep-alive of a connection. */
export type TcpKeepaliveShape = Shape<'envoy.config.core.v3.TcpKeepalive'>;

/** A transport socket for the endpoints with certain metadata. */
export type TransportSocketMatchShape = Shape<'envoy.config.cluster.v3.Cluster.TransportSocketMatch'>;

/** A cache of hosts that are looked up as requests name them. */
export type DnsCacheConfigShape = Shape<'envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig'>;

/** What all load balancers have in common. */
export type CommonLbConfigShape = Shape<'envoy.config.cluster.v3.Cluster.CommonLbConfig'>;

/** How a new endpoint is warmed up. */
export type SlowStartConfigShape = Shape<'envoy.config.cluster.v3.Cluster.SlowStartConfig'>;

/** Limits of a cluster. */
export type CircuitBreakersShape = Shape<'envoy.config.cluster.v3.CircuitBreakers'>;

/** Limits of a cluster for one priority. */
export type CircuitBreakerThresholdsShape = Shape<'envoy.config.cluster.v3.CircuitBreakers.Thresholds'>;

/** When an endpoint is ejected. */
export type OutlierDetectionShape = Shape<'envoy.config.cluster.v3.OutlierDetection'>;

/** An endpoint with health, weight and metadata. */
export type LbEndpointShape = Shape<'envoy.config.endpoint.v3.LbEndpoint'>;

/** The endpoints of one locality and priority. */
export type LocalityLbEndpointsShape = Shape<'envoy.config.endpoint.v3.LocalityLbEndpoints'>;

/** What TLS towards clients and upstreams has in common. */
export type CommonTlsContextShape = Shape<'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext'>;

/** A secret that is asked for by its name. */
export type SdsSecretConfigShape = Shape<'envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig'>;

/** How the certificate of the peer is checked. */
export type CertificateValidationContextShape =
  Shape<'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext'>;

/** Versions and ciphers of TLS. */
export type TlsParametersShape = Shape<'envoy.extensions.transport_sockets.tls.v3.TlsParameters'>;

/** Which strings match. */
export type StringMatcherShape = Shape<'envoy.type.matcher.v3.StringMatcher'>;

/** A number that may be unset. */
export type UInt32ValueShape = Shape<'google.protobuf.UInt32Value'>;

/** A truth value that may be unset. */
export type BoolValueShape = Shape<'google.protobuf.BoolValue'>;

/** A JSON value as a message. */
export type ValueShape = Shape<'google.protobuf.Value'>;

/** A network filter. */
export type FilterShape = Shape<'envoy.config.listener.v3.Filter'>;

/** Network filters for the connections that match. */
export type FilterChainShape = Shape<'envoy.config.listener.v3.FilterChain'>;

/** Which connections a filter chain is for. */
export type FilterChainMatchShape = Shape<'envoy.config.listener.v3.FilterChainMatch'>;

/** A filter that sees a connection before its chain is chosen. */
export type ListenerFilterShape = Shape<'envoy.config.listener.v3.ListenerFilter'>;

/** A filter of an HTTP connection manager. */
export type HttpFilterShape = Shape<'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter'>;

/** An access log with its filter. */
export type AccessLogShape = Shape<'envoy.config.accesslog.v3.AccessLog'>;

/** Which requests or connections are logged. */
export type AccessLogFilterShape = Shape<'envoy.config.accesslog.v3.AccessLogFilter'>;

/** A tag of traces. */
export type CustomTagShape = Shape<'envoy.type.tracing.v3.CustomTag'>;

/** A range of addresses. */
export type CidrRangeShape = Shape<'envoy.config.core.v3.CidrRange'>;

/** For which connections a listener filter is left out. */
export type ListenerFilterPredicateShape =
  Shape<'envoy.config.listener.v3.ListenerFilterChainMatchPredicate'>;

/** The routes of some domains. */
export const VirtualHost = messageType('envoy.config.route.v3.VirtualHost');
export type VirtualHostShape = Shape<'envoy.config.route.v3.VirtualHost'>;

/** What is done with the requests that match. */
export type RouteShape = Shape<'envoy.config.route.v3.Route'>;

/** Which requests a route is for. */
export type RouteMatchShape = Shape<'envoy.config.route.v3.RouteMatch'>;

/** To which cluster a request goes, and how. */
export type RouteActionShape = Shape<'envoy.config.route.v3.RouteAction'>;

/** Clusters that share requests by weight. */
export type WeightedClusterShape = Shape<'envoy.config.route.v3.WeightedCluster'>;

/** When a request is tried again. */
export type RetryPolicyShape = Shape<'envoy.config.route.v3.RetryPolicy'>;

/** Which headers match. */
export type HeaderMatcherShape = Shape<'envoy.config.route.v3.HeaderMatcher'>;
