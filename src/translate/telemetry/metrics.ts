/** The filters that count requests and connections. */
import { compareStrings } from '../../base/compare.js';
import {
  istioMetrics,
  type IstioMetric,
  type MetricsOverride,
  type TelemetryMetrics,
} from '../../config/kinds/telemetry.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import { packAny, type PackedAny } from '../../envoy/any.js';
import { StatsConfig, type MetricConfigShape } from '../../envoy/policy-messages.js';
import { duration, sortedMap } from '../../envoy/well-known.js';
import type { ListenerMode } from './logging.js';
import { providerNamed } from './providers.js';

/** What metrics depend on. */
export interface MetricsInput {
  readonly telemetries: readonly ConfigObject<'Telemetry'>[];
  readonly mesh: MeshConfig;
  readonly mode: ListenerMode;
  /** The destination is guessed by the Host header where no route tells it: for sidecars' clients only. */
  readonly trustsHostHeader: boolean;
}

/** A filter for connection managers and for TCP chains alike. */
export interface StatsFilter {
  readonly name: string;
  readonly typedConfig: PackedAny;
}

/** A filter for each provider that collects metrics, in the order of their names. Prometheus is the only kind. */
export function statsFilters(input: MetricsInput): readonly StatsFilter[] {
  const metrics = input.telemetries.flatMap(({ spec }) => spec.metrics);
  return providersInScope(metrics, input.mesh)
    .filter((name) => providerNamed(name, input.mesh)?.prometheus !== undefined)
    .flatMap((name) => {
      const counted = overridesOf(name, metrics, input);
      return counted === undefined ? [] : [statsFilter(counted, input)];
    });
}

/** The default ones, or those that are named last; of these only such as are named or inherited at all. */
function providersInScope(
  metrics: readonly TelemetryMetrics[],
  { defaultProviders }: Pick<MeshConfig, 'defaultProviders'>,
): readonly string[] {
  let names = defaultProviders.metrics;
  for (const { providers } of metrics) if (providers.length > 0) names = providers.map(({ name }) => name);
  return [...new Set(names)].sort(compareStrings);
}

interface Override {
  disabled?: boolean;
  readonly tags: Map<string, MetricsOverride['tagOverrides'][string]>;
}

interface Counted {
  readonly overrides: ReadonlyMap<string, Override>;
  readonly reportingInterval?: number;
}

/** What is counted otherwise than by default; undefined where nothing is. Later overrides win, tag by tag. */
function overridesOf(
  provider: string,
  metrics: readonly TelemetryMetrics[],
  { mesh, mode }: MetricsInput,
): Counted | undefined {
  const overrides = new Map<string, Override>();
  let allDisabled = false;
  let reportingInterval: number | undefined;
  let inherited = mesh.defaultProviders.metrics;
  for (const each of metrics) {
    if (each.providers.length > 0) inherited = each.providers.map(({ name }) => name);
    if (!inherited.includes(provider)) continue;
    reportingInterval = each.reportingInterval ?? reportingInterval;
    for (const override of each.overrides.filter((candidate) => isForMode(candidate, mode))) {
      if (isOfAll(override) && override.disabled === true) {
        allDisabled = true;
        continue;
      }
      allDisabled = false;
      for (const metric of metricsOf(override)) merge(overrides, metric, override);
    }
  }
  if (allDisabled) return undefined;
  return { overrides, ...(reportingInterval !== undefined && { reportingInterval }) };
}

function merge(
  overrides: Map<string, Override>,
  metric: string,
  { disabled, tagOverrides }: MetricsOverride,
): void {
  const merged: Override = overrides.get(metric) ?? { tags: new Map() };
  if (disabled !== undefined) merged.disabled = disabled;
  for (const [tag, change] of Object.entries(tagOverrides)) merged.tags.set(tag, change);
  overrides.set(metric, merged);
}

function isForMode({ match }: MetricsOverride, mode: ListenerMode): boolean {
  return match === undefined || match.mode === 'CLIENT_AND_SERVER' || match.mode === mode;
}

function isOfAll({ match }: MetricsOverride): boolean {
  return match?.customMetric === undefined && (match?.metric ?? 'ALL_METRICS') === 'ALL_METRICS';
}

const allMetrics = istioMetrics.filter((metric) => metric !== 'ALL_METRICS');

function metricsOf(override: MetricsOverride): readonly string[] {
  if (isOfAll(override)) return allMetrics;
  const name = override.match?.customMetric ?? override.match?.metric;
  return name === undefined ? [] : [name];
}

/** Istio's metrics as Prometheus knows them. */
const prometheusNames: ReadonlyMap<string, string> = new Map<Exclude<IstioMetric, 'ALL_METRICS'>, string>([
  ['REQUEST_COUNT', 'requests_total'],
  ['REQUEST_DURATION', 'request_duration_milliseconds'],
  ['REQUEST_SIZE', 'request_bytes'],
  ['RESPONSE_SIZE', 'response_bytes'],
  ['TCP_OPENED_CONNECTIONS', 'tcp_connections_opened_total'],
  ['TCP_CLOSED_CONNECTIONS', 'tcp_connections_closed_total'],
  ['TCP_SENT_BYTES', 'tcp_sent_bytes_total'],
  ['TCP_RECEIVED_BYTES', 'tcp_received_bytes_total'],
  ['GRPC_REQUEST_MESSAGES', 'request_messages_total'],
  ['GRPC_RESPONSE_MESSAGES', 'response_messages_total'],
]);

function statsFilter(
  { overrides, reportingInterval }: Counted,
  { trustsHostHeader }: MetricsInput,
): StatsFilter {
  const config = {
    disableHostHeaderFallback: !trustsHostHeader,
    ...(reportingInterval !== undefined && { tcpReportingDuration: duration(reportingInterval) }),
    metrics: [...overrides]
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([metric, override]) => metricConfig(metric, override)),
  };
  return { name: 'istio.stats', typedConfig: packAny(StatsConfig, config) };
}

function metricConfig(metric: string, { disabled = false, tags }: Override): MetricConfigShape {
  const sorted = [...tags].sort(([a], [b]) => compareStrings(a, b));
  const set = sorted.filter(([, { operation }]) => operation === 'UPSERT');
  const removed = sorted.filter(([, { operation }]) => operation === 'REMOVE');
  return {
    name: prometheusNames.get(metric) ?? metric,
    drop: disabled,
    dimensions: sortedMap(set.map(([tag, { value }]) => [tag, value])),
    tagsToRemove: removed.map(([tag]) => tag),
  };
}
