/** Access logs that are sent to a server over gRPC. */
import { compareStrings } from '../../base/compare.js';
import type {
  HttpAccessLogProvider,
  OpenTelemetryAccessLogProvider,
  TcpAccessLogProvider,
} from '../../config/extension-provider.js';
import { packAny } from '../../envoy/any.js';
import { ApiVersion } from '../../envoy/enums.js';
import type { AccessLogShape } from '../../envoy/messages.js';
import {
  HttpGrpcAccessLog,
  OpenTelemetryAccessLog,
  TcpGrpcAccessLog,
  type CommonGrpcAccessLogShape,
} from '../../envoy/policy-messages.js';
import type { JsonInput } from '../../envoy/well-known.js';
import type { ProviderCluster } from '../provider-clusters.js';
import { defaultText, formattersFor } from './file-log.js';

const httpLogger = 'envoy.access_loggers.http_grpc';
const tcpLogger = 'envoy.tcp_grpc_access_log';
const openTelemetryLogger = 'envoy.access_loggers.open_telemetry';

/** What metadata exchange found out of the peers, under the names of today and of old. */
const peers = ['upstream_peer', 'downstream_peer'];
const allPeers = [
  ...peers,
  'wasm.upstream_peer',
  'wasm.upstream_peer_id',
  'wasm.downstream_peer',
  'wasm.downstream_peer_id',
];

/** A log of connections that a provider takes. */
export function grpcLog(
  kind: 'tcp',
  provider: TcpAccessLogProvider,
  cluster: ProviderCluster,
): AccessLogShape {
  const commonConfig = common(provider.logName || `${kind}_envoy_accesslog`, cluster, filterState(provider));
  return { name: tcpLogger, typedConfig: packAny(TcpGrpcAccessLog, { commonConfig }) };
}

/** A log of requests that a provider takes. */
export function httpServiceLog(provider: HttpAccessLogProvider, cluster: ProviderCluster): AccessLogShape {
  const config = {
    commonConfig: common(provider.logName || 'http_envoy_accesslog', cluster, filterState(provider)),
    additionalRequestHeadersToLog: provider.additionalRequestHeadersToLog,
    additionalResponseHeadersToLog: provider.additionalResponseHeadersToLog,
    additionalResponseTrailersToLog: provider.additionalResponseTrailersToLog,
  };
  return { name: httpLogger, typedConfig: packAny(HttpGrpcAccessLog, config) };
}

function filterState({ filterStateObjectsToLog: named }: TcpAccessLogProvider): readonly string[] {
  return named.length > 0 ? named : peers;
}

/** A log that a collector takes. */
export function openTelemetryLog(
  { logName, logFormat }: OpenTelemetryAccessLogProvider,
  cluster: ProviderCluster,
): AccessLogShape {
  const text = logFormat?.text === undefined || logFormat.text === '' ? defaultText : logFormat.text;
  const labels = Object.entries(logFormat?.labels ?? {}).sort(([a], [b]) => compareStrings(a, b));
  const attributes = labels.map(([key, value]) => ({
    key,
    value: { stringValue: typeof value === 'string' ? value : '' },
  }));
  const config = {
    commonConfig: common(logName || 'otel_envoy_accesslog', cluster, allPeers),
    disableBuiltinLabels: true,
    body: { stringValue: text },
    ...(attributes.length > 0 && { attributes: { values: attributes } }),
    formatters: formattersFor([text, ...labels.map(([, value]) => value as JsonInput)]),
  };
  return { name: openTelemetryLogger, typedConfig: packAny(OpenTelemetryAccessLog, config) };
}

/** A log that the service of the bootstrap takes. */
export function serviceLog(kind: 'http' | 'tcp' | 'listener'): AccessLogShape {
  const commonConfig = common(
    `${kind}_envoy_accesslog`,
    { cluster: 'envoy_accesslog_service', hostname: '' },
    allPeers,
  );
  return kind === 'http'
    ? { name: httpLogger, typedConfig: packAny(HttpGrpcAccessLog, { commonConfig }) }
    : { name: tcpLogger, typedConfig: packAny(TcpGrpcAccessLog, { commonConfig }) };
}

function common(
  logName: string,
  { cluster, hostname }: ProviderCluster,
  filterStateObjectsToLog: readonly string[],
): CommonGrpcAccessLogShape {
  return {
    logName,
    grpcService: { envoyGrpc: { clusterName: cluster, authority: hostname } },
    transportApiVersion: ApiVersion.V3,
    filterStateObjectsToLog,
  };
}
