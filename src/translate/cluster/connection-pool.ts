/** Connection pools: timeouts, circuit breakers and keepalive of a cluster (Istio reference 5.11). */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConnectionPoolSettings, RetryBudget, TcpKeepalive } from '../../config/kinds/traffic-policy.js';
import type {
  CircuitBreakersShape,
  CircuitBreakerThresholdsShape,
  ClusterShape,
  TcpKeepaliveShape,
} from '../../envoy/messages.js';
import { duration, uint32 } from '../../envoy/well-known.js';

/** The parts of MeshConfig that matter. */
export type MeshConnectionPool = Pick<MeshConfig, 'connectTimeout' | 'tcpKeepalive'>;

/** What a connection pool sets of a cluster. */
export type ConnectionPoolFields = Pick<
  ClusterShape,
  'connectTimeout' | 'circuitBreakers' | 'upstreamConnectionOptions'
>;

/** Limits are as good as none where nothing is set. */
const unlimited = uint32(0xffff_ffff);

const defaultThresholds: CircuitBreakerThresholdsShape = {
  maxConnections: unlimited,
  maxPendingRequests: unlimited,
  maxRequests: unlimited,
  maxRetries: unlimited,
};

const defaultCircuitBreakers: CircuitBreakersShape = { thresholds: [defaultThresholds] };

/** Timeouts and limits by a policy's pool, over what the mesh says. */
export function connectionPoolFields(
  mesh: MeshConnectionPool,
  pool: ConnectionPoolSettings | undefined,
  retryBudget: RetryBudget | undefined,
): ConnectionPoolFields {
  const tcpKeepalive = keepalive(mesh.tcpKeepalive, pool?.tcp?.tcpKeepalive);
  return {
    connectTimeout: duration(pool?.tcp?.connectTimeout ?? mesh.connectTimeout),
    circuitBreakers: circuitBreakers(pool, retryBudget),
    ...(tcpKeepalive !== undefined && { upstreamConnectionOptions: { tcpKeepalive } }),
  };
}

function circuitBreakers(
  pool: ConnectionPoolSettings | undefined,
  retryBudget: RetryBudget | undefined,
): CircuitBreakersShape {
  if (pool === undefined && retryBudget === undefined) return defaultCircuitBreakers;
  const { tcp, http } = pool ?? {};
  const thresholds: CircuitBreakerThresholdsShape = {
    maxConnections: limit(tcp?.maxConnections),
    maxPendingRequests: limit(http?.http1MaxPendingRequests),
    maxRequests: limit(http?.http2MaxRequests),
    maxRetries: limit(http?.maxRetries),
    ...(retryBudget !== undefined && { retryBudget: retryBudgetFields(retryBudget) }),
  };
  return { thresholds: [thresholds] };
}

/** 0 counts as not set. */
function limit(value: number | undefined): { readonly value?: number | undefined } {
  return value === undefined || value <= 0 ? unlimited : uint32(value);
}

function retryBudgetFields({ percent = 20, minRetryConcurrency, budgetInterval }: RetryBudget) {
  return {
    budgetPercent: { value: percent },
    ...(budgetInterval !== undefined && { budgetInterval: duration(budgetInterval) }),
    minRetryConcurrency: uint32(
      minRetryConcurrency === undefined || minRetryConcurrency === 0 ? 3 : minRetryConcurrency,
    ),
  };
}

/** The mesh's settings with those of a policy over them, field by field; undefined when there are none at all. */
function keepalive(
  mesh: TcpKeepalive | undefined,
  policy: TcpKeepalive | undefined,
): TcpKeepaliveShape | undefined {
  if (mesh === undefined && policy === undefined) return undefined;
  const probes = positive(policy?.probes) ?? positive(mesh?.probes);
  const time = policy?.time ?? mesh?.time;
  const interval = policy?.interval ?? mesh?.interval;
  return {
    ...(probes !== undefined && { keepaliveProbes: uint32(probes) }),
    ...(time !== undefined && { keepaliveTime: uint32(wholeSeconds(time)) }),
    ...(interval !== undefined && { keepaliveInterval: uint32(wholeSeconds(interval)) }),
  };
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

function wholeSeconds(milliseconds: number): number {
  return Math.trunc(milliseconds / 1000);
}
