/** Envoy's enums as objects of name to number, used as `DiscoveryType.EDS`; the type is any of their numbers. */
import type { EnumNumber } from '../gen/xds.js';
import { enumValues } from './message-type.js';

/** How the endpoints of a cluster are found. */
export const DiscoveryType = enumValues('envoy.config.cluster.v3.Cluster.DiscoveryType');
export type DiscoveryType = EnumNumber<'envoy.config.cluster.v3.Cluster.DiscoveryType'>;

/** How a cluster chooses an endpoint. */
export const LbPolicy = enumValues('envoy.config.cluster.v3.Cluster.LbPolicy');
export type LbPolicy = EnumNumber<'envoy.config.cluster.v3.Cluster.LbPolicy'>;

/** Which addresses are looked up. */
export const DnsLookupFamily = enumValues('envoy.config.cluster.v3.Cluster.DnsLookupFamily');
export type DnsLookupFamily = EnumNumber<'envoy.config.cluster.v3.Cluster.DnsLookupFamily'>;

/** Whether the protocol of the client is used upstream. */
export const ClusterProtocolSelection = enumValues(
  'envoy.config.cluster.v3.Cluster.ClusterProtocolSelection',
);
export type ClusterProtocolSelection = EnumNumber<'envoy.config.cluster.v3.Cluster.ClusterProtocolSelection'>;

/** The hash of a ring. */
export const HashFunction = enumValues('envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction');
export type HashFunction = EnumNumber<'envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction'>;

/** Which address family is tried first. */
export const FirstAddressFamilyVersion = enumValues(
  'envoy.config.cluster.v3.UpstreamConnectionOptions.FirstAddressFamilyVersion',
);
export type FirstAddressFamilyVersion =
  EnumNumber<'envoy.config.cluster.v3.UpstreamConnectionOptions.FirstAddressFamilyVersion'>;

/** Health of an endpoint. */
export const HealthStatus = enumValues('envoy.config.core.v3.HealthStatus');
export type HealthStatus = EnumNumber<'envoy.config.core.v3.HealthStatus'>;

/** Priority of a request. */
export const RoutingPriority = enumValues('envoy.config.core.v3.RoutingPriority');
export type RoutingPriority = EnumNumber<'envoy.config.core.v3.RoutingPriority'>;

/** Version of the xDS transport or resource. */
export const ApiVersion = enumValues('envoy.config.core.v3.ApiVersion');
export type ApiVersion = EnumNumber<'envoy.config.core.v3.ApiVersion'>;

/** Which protocol resources are fetched by. */
export const ApiType = enumValues('envoy.config.core.v3.ApiConfigSource.ApiType');
export type ApiType = EnumNumber<'envoy.config.core.v3.ApiConfigSource.ApiType'>;

/** TCP or UDP. */
export const SocketProtocol = enumValues('envoy.config.core.v3.SocketAddress.Protocol');
export type SocketProtocol = EnumNumber<'envoy.config.core.v3.SocketAddress.Protocol'>;

/** Which way a listener or cluster faces. */
export const TrafficDirection = enumValues('envoy.config.core.v3.TrafficDirection');
export type TrafficDirection = EnumNumber<'envoy.config.core.v3.TrafficDirection'>;

/** Version of the PROXY protocol. */
export const ProxyProtocolVersion = enumValues('envoy.config.core.v3.ProxyProtocolConfig.Version');
export type ProxyProtocolVersion = EnumNumber<'envoy.config.core.v3.ProxyProtocolConfig.Version'>;

/** What is done when the header is there. */
export const HeaderAppendAction = enumValues('envoy.config.core.v3.HeaderValueOption.HeaderAppendAction');
export type HeaderAppendAction = EnumNumber<'envoy.config.core.v3.HeaderValueOption.HeaderAppendAction'>;

/** Version of TLS. */
export const TlsProtocol = enumValues('envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol');
export type TlsProtocol = EnumNumber<'envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol'>;

/** Whether a certificate must come from a CA that is known. */
export const TrustChainVerification = enumValues(
  'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification',
);
export type TrustChainVerification =
  EnumNumber<'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification'>;

/** Kind of a name in a certificate. */
export const SanType = enumValues('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType');
export type SanType = EnumNumber<'envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType'>;

/** What a fraction is of. */
export const DenominatorType = enumValues('envoy.type.v3.FractionalPercent.DenominatorType');
export type DenominatorType = EnumNumber<'envoy.type.v3.FractionalPercent.DenominatorType'>;

/** Protocol spoken to the upstream, to the ALPN filter. */
export const AlpnProtocol = enumValues('istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol');
export type AlpnProtocol = EnumNumber<'istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol'>;

/** Version of HTTP that clients speak. */
export const CodecType = enumValues(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType',
);
export type CodecType =
  EnumNumber<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType'>;

/** What happens to x-forwarded-client-cert. */
export const ForwardClientCertDetails = enumValues(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails',
);
export type ForwardClientCertDetails =
  EnumNumber<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails'>;

/** What happens to the server header. */
export const ServerHeaderTransformation = enumValues(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation',
);
export type ServerHeaderTransformation =
  EnumNumber<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation'>;

/** What happens to paths with escaped slashes. */
export const PathWithEscapedSlashesAction = enumValues(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction',
);
export type PathWithEscapedSlashesAction =
  EnumNumber<'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction'>;

/** When a listener drains. */
export const DrainType = enumValues('envoy.config.listener.v3.Listener.DrainType');
export type DrainType = EnumNumber<'envoy.config.listener.v3.Listener.DrainType'>;

/** Which sources a filter chain is for. */
export const ConnectionSourceType = enumValues(
  'envoy.config.listener.v3.FilterChainMatch.ConnectionSourceType',
);
export type ConnectionSourceType =
  EnumNumber<'envoy.config.listener.v3.FilterChainMatch.ConnectionSourceType'>;

/** Whether a virtual host insists on TLS. */
export const TlsRequirementType = enumValues('envoy.config.route.v3.VirtualHost.TlsRequirementType');
export type TlsRequirementType = EnumNumber<'envoy.config.route.v3.VirtualHost.TlsRequirementType'>;

/** Status of a redirect. */
export const RedirectResponseCode = enumValues('envoy.config.route.v3.RedirectAction.RedirectResponseCode');
export type RedirectResponseCode = EnumNumber<'envoy.config.route.v3.RedirectAction.RedirectResponseCode'>;

/** Status when a cluster is not there. */
export const ClusterNotFoundResponseCode = enumValues(
  'envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode',
);
export type ClusterNotFoundResponseCode =
  EnumNumber<'envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode'>;

/** What became of what a client was sent. */
export const ConfigStatus = enumValues('envoy.service.status.v3.ConfigStatus');
export type ConfigStatus = EnumNumber<'envoy.service.status.v3.ConfigStatus'>;

/** What happens to headers whose names have underscores. */
export const HeadersWithUnderscoresAction = enumValues(
  'envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction',
);
export type HeadersWithUnderscoresAction =
  EnumNumber<'envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction'>;
