/** MeshConfig and MeshNetworks with Istio's defaults filled in (Istio reference 4.9). Durations are milliseconds. */
import type { Labels } from '../model/labels.js';
import type { DefaultProviders, ExtensionProvider } from './extension-provider.js';
import type { OutboundTrafficPolicy } from './kinds/networking.js';
import type { HttpRetry } from './kinds/virtual-service.js';
import type {
  ConnectionPoolSettings,
  LocalityLbSetting,
  OutlierDetection,
  TcpKeepalive,
  ZoneAwareLbSetting,
} from './kinds/traffic-policy.js';

/** A Kubernetes label selector. */
export interface LabelSelector {
  readonly matchLabels: Labels;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values: readonly string[];
  }[];
}

export interface TlsConfig {
  readonly minProtocolVersion?: 'TLS_AUTO' | 'TLSV1_2' | 'TLSV1_3';
  readonly ecdhCurves?: readonly string[];
  readonly cipherSuites?: readonly string[];
}

export interface ServiceSettings {
  readonly clusterLocal: boolean;
  readonly hosts: readonly string[];
}

/** `serviceEntryVisibility`: how far ServiceEntries may be seen, whatever their exportTo says. */
export interface ServiceEntryVisibility {
  /** In order: the first one whose selector matches the entry's namespace decides; the last one has no selector. */
  readonly scopes: readonly {
    readonly visibility: 'PUBLIC' | 'NAMESPACE' | 'NONE';
    readonly namespaceSelector?: LabelSelector;
  }[];
  readonly applyToSidecars: boolean;
}

export interface MeshConfig {
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  /** The domain of Kubernetes hosts; `cluster.local`. Istiod takes it from a flag, not from MeshConfig. */
  readonly domainSuffix: string;
  readonly connectTimeout: number;
  readonly dnsRefreshRate: number;
  readonly protocolDetectionTimeout: number;
  readonly enableAutoMtls: boolean;
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
  readonly inboundTrafficPolicy: 'PASSTHROUGH' | 'LOCALHOST';
  readonly localityLbSetting: LocalityLbSetting;
  readonly zoneAwareLbSetting?: ZoneAwareLbSetting;
  readonly proxyListenPort: number;
  readonly proxyInboundListenPort: number;
  readonly proxyHttpPort: number;
  readonly defaultServiceExportTo: readonly string[];
  readonly defaultVirtualServiceExportTo: readonly string[];
  readonly defaultDestinationRuleExportTo: readonly string[];
  readonly h2UpgradePolicy: 'DO_NOT_UPGRADE' | 'UPGRADE';
  readonly tcpKeepalive?: TcpKeepalive;
  readonly tlsDefaults?: TlsConfig;
  readonly meshMTLS?: TlsConfig;
  readonly defaultTrafficPolicy?: {
    readonly connectionPool?: ConnectionPoolSettings;
    readonly outlierDetection?: OutlierDetection;
  };
  /** How requests are tried again on routes that do not say it themselves. */
  readonly defaultHttpRetryPolicy?: HttpRetry;
  readonly inboundClusterStatName: string;
  readonly outboundClusterStatName: string;
  /** Where every proxy logs requests and connections; empty for nowhere. */
  readonly accessLogFile: string;
  /** Text, or a JSON object as text; empty for Istio's own. */
  readonly accessLogFormat: string;
  readonly accessLogEncoding: 'TEXT' | 'JSON';
  /** Logs go to the service of the bootstrap too. */
  readonly enableEnvoyAccessLogService: boolean;
  /** No logs of the listeners that take intercepted connections. */
  readonly disableEnvoyListenerLog: boolean;
  readonly enableTracing: boolean;
  readonly pathNormalization: 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  /** Istio's own and those of the document, of which the last one of a name counts. */
  readonly extensionProviders: readonly ExtensionProvider[];
  readonly defaultProviders: DefaultProviders;
  /** Trust domains of further certificate authorities whose workloads may connect. */
  readonly caTrustDomains: readonly string[];
  readonly serviceSettings: readonly ServiceSettings[];
  readonly discoverySelectors: readonly LabelSelector[];
  readonly serviceEntryVisibility?: ServiceEntryVisibility;
  /** defaultConfig (ProxyConfig), as given over Istio's defaults: JSON values by camelCase name. */
  readonly defaultConfig: Readonly<Record<string, unknown>>;
  /** Everything of the document, by camelCase name, for what is read elsewhere. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface MeshNetworkEndpoint {
  readonly fromCidr?: string;
  readonly fromRegistry?: string;
}

export interface MeshNetworkGateway {
  readonly registryServiceName?: string;
  readonly address?: string;
  readonly port: number;
  readonly locality?: string;
}

export interface MeshNetworks {
  readonly networks: Readonly<
    Record<
      string,
      { readonly endpoints: readonly MeshNetworkEndpoint[]; readonly gateways: readonly MeshNetworkGateway[] }
    >
  >;
}

export const noMeshNetworks: MeshNetworks = Object.freeze({ networks: {} });
