/** The rules of connection pools (Istio reference 10.5). */
import type { ConnectionPoolSettings, HttpSettings, TcpSettings } from '../kinds/traffic-policy.js';
import { durationProblem, optionalDurationProblem } from './duration.js';
import type { FindingSink } from './finding.js';

const httpLimits = [
  'http1MaxPendingRequests',
  'http2MaxRequests',
  'maxRequestsPerConnection',
  'maxRetries',
  'maxConcurrentStreams',
] as const;

/** Checks a connection pool, of a client or of a Sidecar's listeners (Istio reference 10.5). */
export function validateConnectionPool(pool: ConnectionPoolSettings, path: string, sink: FindingSink): void {
  if (pool.http === undefined && pool.tcp === undefined) {
    sink.error(path, 'connection pool sets nothing; set tcp or http, or remove it');
  }
  if (pool.http !== undefined) validateHttp(pool.http, `${path}.http`, sink);
  if (pool.tcp !== undefined) validateTcp(pool.tcp, `${path}.tcp`, sink);
}

function validateHttp(http: HttpSettings, path: string, sink: FindingSink): void {
  for (const limit of httpLimits) sink.error(`${path}.${limit}`, limitProblem(http[limit]));
  sink.error(`${path}.idleTimeout`, optionalDurationProblem(http.idleTimeout));
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    sink.error(
      `${path}.useClientProtocol`,
      'useClientProtocol must not be true when h2UpgradePolicy is UPGRADE',
    );
  }
  if (http.http2KeepAlive !== undefined) {
    for (const field of ['interval', 'timeout'] as const) {
      const value = http.http2KeepAlive[field];
      sink.error(
        `${path}.http2KeepAlive.${field}`,
        value === undefined
          ? `${field} is missing; keepalive needs interval and timeout`
          : durationProblem(value),
      );
    }
  }
}

function validateTcp(tcp: TcpSettings, path: string, sink: FindingSink): void {
  sink.error(`${path}.maxConnections`, limitProblem(tcp.maxConnections));
  sink.error(`${path}.connectTimeout`, optionalDurationProblem(tcp.connectTimeout));
  sink.error(`${path}.maxConnectionDuration`, optionalDurationProblem(tcp.maxConnectionDuration));
  const idleTimeoutOff = Math.trunc(tcp.idleTimeout ?? 0) === 0;
  if (!idleTimeoutOff) sink.error(`${path}.idleTimeout`, optionalDurationProblem(tcp.idleTimeout));
  sink.error(`${path}.tcpKeepalive.time`, optionalDurationProblem(tcp.tcpKeepalive?.time));
  sink.error(`${path}.tcpKeepalive.interval`, optionalDurationProblem(tcp.tcpKeepalive?.interval));
}

function limitProblem(limit: number | undefined): string | undefined {
  return limit !== undefined && limit < 0 ? `${limit} is negative; it must be 0 or more` : undefined;
}
