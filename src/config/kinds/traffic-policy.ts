/** The types of DestinationRule (networking.istio.io). Durations are milliseconds. */
import type { Labels } from '../../model/labels.js';

export type SimpleLb =
  'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST';

export interface HttpCookie {
  readonly name: string;
  readonly path?: string;
  readonly ttl?: number;
  readonly attributes?: readonly { readonly name: string; readonly value: string }[];
}

export interface ConsistentHashLb {
  readonly httpHeaderName?: string;
  readonly httpCookie?: HttpCookie;
  readonly useSourceIp?: boolean;
  readonly httpQueryParameterName?: string;
  /** Deprecated; 0 counts as absent. */
  readonly minimumRingSize?: number;
  readonly ringHash?: { readonly minimumRingSize?: number };
  readonly maglev?: { readonly tableSize?: number };
}

export interface LocalityLbSetting {
  readonly distribute?: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  readonly failover?: readonly { readonly from: string; readonly to: string }[];
  readonly failoverPriority?: readonly string[];
  /** Absent counts as true. */
  readonly enabled?: boolean;
}

export interface ZoneAwareLbSetting {
  readonly enabled?: boolean;
  readonly minClusterSize?: number;
  readonly failover?: readonly { readonly from: string; readonly to: string }[];
  readonly failoverPriority?: readonly string[];
}

export interface Warmup {
  readonly duration: number;
  /** Percent. */
  readonly minimumPercent?: number;
  readonly aggression?: number;
}

export interface LoadBalancerSettings {
  readonly simple?: SimpleLb;
  readonly consistentHash?: ConsistentHashLb;
  readonly localityLbSetting?: LocalityLbSetting;
  readonly zoneAwareLbSetting?: ZoneAwareLbSetting;
  /** Deprecated form of warmup. */
  readonly warmupDurationSecs?: number;
  readonly warmup?: Warmup;
}

export interface TcpKeepalive {
  readonly probes?: number;
  readonly time?: number;
  readonly interval?: number;
}

export interface TcpSettings {
  readonly maxConnections?: number;
  readonly connectTimeout?: number;
  readonly tcpKeepalive?: TcpKeepalive;
  readonly maxConnectionDuration?: number;
  readonly idleTimeout?: number;
}

export type H2UpgradePolicy = 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';

export interface HttpSettings {
  readonly http1MaxPendingRequests?: number;
  readonly http2MaxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly idleTimeout?: number;
  readonly h2UpgradePolicy?: H2UpgradePolicy;
  readonly useClientProtocol?: boolean;
  readonly maxConcurrentStreams?: number;
  readonly http2KeepAlive?: { readonly interval?: number; readonly timeout?: number };
}

export interface ConnectionPoolSettings {
  readonly tcp?: TcpSettings;
  readonly http?: HttpSettings;
}

export interface OutlierDetection {
  readonly consecutiveErrors?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailures?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutive5xxErrors?: number;
  readonly interval?: number;
  readonly baseEjectionTime?: number;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

export type ClientTlsMode = 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';

export interface ClientTlsSettings {
  readonly mode: ClientTlsMode;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly credentialName?: string;
  readonly subjectAltNames?: readonly string[];
  readonly sni?: string;
  readonly insecureSkipVerify?: boolean;
  readonly caCrl?: string;
}

export interface PortTrafficPolicy {
  readonly port?: number;
  readonly loadBalancer?: LoadBalancerSettings;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTlsSettings;
}

export interface TunnelSettings {
  readonly protocol?: string;
  readonly targetHost: string;
  readonly targetPort: number;
}

export interface RetryBudget {
  readonly percent?: number;
  readonly minRetryConcurrency?: number;
  readonly budgetInterval?: number;
}

export interface TrafficPolicy {
  readonly loadBalancer?: LoadBalancerSettings;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTlsSettings;
  readonly portLevelSettings?: readonly PortTrafficPolicy[];
  readonly tunnel?: TunnelSettings;
  readonly proxyProtocol?: { readonly version: 'V1' | 'V2' };
  readonly retryBudget?: RetryBudget;
}

export interface Subset {
  readonly name: string;
  readonly labels: Labels;
  readonly trafficPolicy?: TrafficPolicy;
}

export interface DestinationRule {
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
  readonly exportTo: readonly string[];
  readonly workloadSelector?: { readonly matchLabels: Labels };
}
