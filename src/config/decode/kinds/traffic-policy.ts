/** Decoders of the messages of traffic policies, which DestinationRule, Sidecar and MeshConfig share. */
import type {
  ClientTlsSettings,
  ConnectionPoolSettings,
  ConsistentHashLb,
  HttpCookie,
  HttpSettings,
  LoadBalancerSettings,
  LocalityLbSetting,
  OutlierDetection,
  PortTrafficPolicy,
  RetryBudget,
  TcpKeepalive,
  TcpSettings,
  TrafficPolicy,
  TunnelSettings,
  Warmup,
  ZoneAwareLbSetting,
} from '../../kinds/traffic-policy.js';
import { list, map, message } from '../composites.js';
import { optional, unlessZero } from '../decoder.js';
import { boolean, double, duration, enumeration, int32, string, uint32, uint64 } from '../scalars.js';
import { portSelector } from './common.js';

const failover = list(message<{ readonly from: string; readonly to: string }>({ from: string, to: string }));

export const localityLbSetting = message<LocalityLbSetting>({
  distribute: unlessZero(
    list(
      message<{ readonly from: string; readonly to: Readonly<Record<string, number>> }>({
        from: string,
        to: map(uint32),
      }),
    ),
  ),
  failover: unlessZero(failover),
  failoverPriority: unlessZero(list(string)),
  enabled: optional(boolean),
});

export const zoneAwareLbSetting = message<ZoneAwareLbSetting>({
  enabled: optional(boolean),
  minClusterSize: optional(uint32),
  failover: unlessZero(failover),
  failoverPriority: unlessZero(list(string)),
});

const httpCookie = message<HttpCookie>({
  name: string,
  path: unlessZero(string),
  ttl: optional(duration),
  attributes: unlessZero(
    list(message<{ readonly name: string; readonly value: string }>({ name: string, value: string })),
  ),
});

const consistentHash = message<ConsistentHashLb>(
  {
    httpHeaderName: optional(string),
    httpCookie: optional(httpCookie),
    useSourceIp: optional(boolean),
    httpQueryParameterName: optional(string),
    minimumRingSize: unlessZero(uint64),
    ringHash: optional(
      message<{ readonly minimumRingSize?: number }>({ minimumRingSize: unlessZero(uint64) }),
    ),
    maglev: optional(message<{ readonly tableSize?: number }>({ tableSize: unlessZero(uint64) })),
  },
  {
    oneofs: [
      ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'],
      ['ringHash', 'maglev'],
    ],
  },
);

const loadBalancer = message<LoadBalancerSettings>(
  {
    simple: optional(
      enumeration({
        UNSPECIFIED: 0,
        LEAST_CONN: 1,
        RANDOM: 2,
        PASSTHROUGH: 3,
        ROUND_ROBIN: 4,
        LEAST_REQUEST: 5,
      }),
    ),
    consistentHash: optional(consistentHash),
    localityLbSetting: optional(localityLbSetting),
    zoneAwareLbSetting: optional(zoneAwareLbSetting),
    warmupDurationSecs: optional(duration),
    warmup: optional(
      message<Warmup>({ duration, minimumPercent: optional(double), aggression: optional(double) }),
    ),
  },
  { oneofs: [['simple', 'consistentHash']] },
);

export const tcpKeepalive = message<TcpKeepalive>({
  probes: unlessZero(uint32),
  time: optional(duration),
  interval: optional(duration),
});

const tcpSettings = message<TcpSettings>({
  maxConnections: unlessZero(int32),
  connectTimeout: optional(duration),
  tcpKeepalive: optional(tcpKeepalive),
  maxConnectionDuration: optional(duration),
  idleTimeout: optional(duration),
});

const httpSettings = message<HttpSettings>({
  http1MaxPendingRequests: unlessZero(int32),
  http2MaxRequests: unlessZero(int32),
  maxRequestsPerConnection: unlessZero(int32),
  maxRetries: unlessZero(int32),
  idleTimeout: optional(duration),
  h2UpgradePolicy: unlessZero(enumeration({ DEFAULT: 0, DO_NOT_UPGRADE: 1, UPGRADE: 2 })),
  useClientProtocol: unlessZero(boolean),
  maxConcurrentStreams: unlessZero(int32),
  http2KeepAlive: optional(
    message<{ readonly interval?: number; readonly timeout?: number }>({
      interval: optional(duration),
      timeout: optional(duration),
    }),
  ),
});

export const connectionPool = message<ConnectionPoolSettings>({
  tcp: optional(tcpSettings),
  http: optional(httpSettings),
});

export const outlierDetection = message<OutlierDetection>(
  {
    consecutiveErrors: unlessZero(int32),
    splitExternalLocalOriginErrors: unlessZero(boolean),
    consecutiveLocalOriginFailures: optional(uint32),
    consecutiveGatewayErrors: optional(uint32),
    consecutive5xxErrors: optional(uint32),
    interval: optional(duration),
    baseEjectionTime: optional(duration),
    maxEjectionPercent: unlessZero(int32),
    minHealthPercent: unlessZero(int32),
  },
  { ignored: ['outlierDetectionHttpErrorCodes'] },
);

export const clientTls = message<ClientTlsSettings>({
  mode: enumeration({ DISABLE: 0, SIMPLE: 1, MUTUAL: 2, ISTIO_MUTUAL: 3 }),
  clientCertificate: unlessZero(string),
  privateKey: unlessZero(string),
  caCertificates: unlessZero(string),
  credentialName: unlessZero(string),
  subjectAltNames: unlessZero(list(string)),
  sni: unlessZero(string),
  insecureSkipVerify: optional(boolean),
  caCrl: unlessZero(string),
});

const portTrafficPolicy = message<PortTrafficPolicy>({
  port: optional(portSelector),
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(clientTls),
});

export const trafficPolicy = message<TrafficPolicy>({
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(clientTls),
  portLevelSettings: unlessZero(list(portTrafficPolicy)),
  tunnel: optional(
    message<TunnelSettings>({ protocol: unlessZero(string), targetHost: string, targetPort: uint32 }),
  ),
  proxyProtocol: optional(
    message<{ readonly version: 'V1' | 'V2' }>({ version: enumeration({ V1: 0, V2: 1 }) }),
  ),
  retryBudget: optional(
    message<RetryBudget>({
      percent: optional(double),
      minRetryConcurrency: unlessZero(uint32),
      budgetInterval: optional(duration),
    }),
  ),
});
