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

/** Health of an endpoint. */
export const HealthStatus = enumValues('envoy.config.core.v3.HealthStatus');
export type HealthStatus = EnumNumber<'envoy.config.core.v3.HealthStatus'>;

/** Version of the xDS transport or resource. */
export const ApiVersion = enumValues('envoy.config.core.v3.ApiVersion');
export type ApiVersion = EnumNumber<'envoy.config.core.v3.ApiVersion'>;

/** Which protocol resources are fetched by. */
export const ApiType = enumValues('envoy.config.core.v3.ApiConfigSource.ApiType');
export type ApiType = EnumNumber<'envoy.config.core.v3.ApiConfigSource.ApiType'>;

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

/** What a fraction is of. */
export const DenominatorType = enumValues('envoy.type.v3.FractionalPercent.DenominatorType');
export type DenominatorType = EnumNumber<'envoy.type.v3.FractionalPercent.DenominatorType'>;

/** Protocol spoken to the upstream, to the ALPN filter. */
export const AlpnProtocol = enumValues('istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol');
export type AlpnProtocol = EnumNumber<'istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.Protocol'>;

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

/** Whether a virtual host insists on TLS. */
export const TlsRequirementType = enumValues('envoy.config.route.v3.VirtualHost.TlsRequirementType');
export type TlsRequirementType = EnumNumber<'envoy.config.route.v3.VirtualHost.TlsRequirementType'>;

/** Status of a redirect. */
export const RedirectResponseCode = enumValues('envoy.config.route.v3.RedirectAction.RedirectResponseCode');
export type RedirectResponseCode = EnumNumber<'envoy.config.route.v3.RedirectAction.RedirectResponseCode'>;

/** What became of what a client was sent. */
export const ConfigStatus = enumValues('envoy.service.status.v3.ConfigStatus');
export type ConfigStatus = EnumNumber<'envoy.service.status.v3.ConfigStatus'>;

/** What happens to headers whose names have underscores. */
export const HeadersWithUnderscoresAction = enumValues(
  'envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction',
);
export type HeadersWithUnderscoresAction =
  EnumNumber<'envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction'>;
