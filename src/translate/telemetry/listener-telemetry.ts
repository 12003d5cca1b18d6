/** What telemetry adds to the listeners of a proxy (Istio reference 7.4). */
import type { FilterShape, HttpFilterShape } from '../../envoy/messages.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { asText } from '../listener/json-values.js';
import type { Memo } from '../memo.js';
import { providerClusters } from '../provider-clusters.js';
import { policyWorkload } from '../security/listener-policies.js';
import { accessLogs, type AccessLogs } from './access-logs.js';
import { tracingSettings } from './mesh-tracing.js';
import { statsFilters } from './metrics.js';
import type { TracedProxy } from './tracers.js';
import { tracing, type Tracing, type TracingInput } from './tracing.js';

/** Which way the connections of a listener go, and through what kind of proxy. */
export type TelemetryClass = 'sidecar-outbound' | 'sidecar-inbound' | 'gateway';

/** Everything that telemetry adds to the listeners of one class. */
export interface Telemetry extends AccessLogs, Tracing {
  /** Behind the filters for faults and CORS. */
  readonly httpFilters: readonly HttpFilterShape[];
  /** Before the TCP proxy. */
  readonly networkFilters: readonly FilterShape[];
}

/** The telemetry of a proxy's listeners of a class; the same object as long as it is the same. */
export function listenerTelemetry(
  context: ProxyContext,
  telemetryClass: TelemetryClass,
  memo: Memo,
): Telemetry {
  const { snapshot, proxy } = context;
  const input: TelemetryInput = {
    telemetries: snapshot.telemetries.forWorkload(policyWorkload(context)),
    mesh: snapshot.mesh,
    clusters: providerClusters(snapshot, memo),
    mode: telemetryClass === 'sidecar-inbound' ? 'SERVER' : 'CLIENT',
    settings: memo.intern(tracingSettings(context)),
    proxy: memo.intern(tracedProxy(context)),
    spawnsSpans: proxy.type === 'router',
    trustsHostHeader: telemetryClass === 'sidecar-outbound',
    counts: proxy.dialect !== 'plain',
  };
  return memo.group('listener telemetry').compute(telemetryClass, input, buildTelemetry);
}

interface TelemetryInput extends TracingInput {
  readonly trustsHostHeader: boolean;
  /** The filter that counts is in Istio's build of Envoy only; a plain one refuses a listener that has it. */
  readonly counts: boolean;
}

function buildTelemetry(input: TelemetryInput): Telemetry {
  const filters = input.counts ? statsFilters(input) : [];
  return { ...accessLogs(input), ...tracing(input), httpFilters: filters, networkFilters: filters };
}

const newest = Number.MAX_SAFE_INTEGER;

function tracedProxy({ proxy, labels }: ProxyContext): TracedProxy {
  const [, minor] = /^(?:release-)?1\.(\d+)/.exec(proxy.istioVersion) ?? [];
  return {
    minorVersion: minor === undefined ? newest : Number(minor),
    serviceCluster: proxy.serviceCluster,
    serviceName: serviceName({ proxy, labels }),
  };
}

/** The name of a proxy's service by OpenTelemetry's conventions for Kubernetes. */
function serviceName({ proxy, labels }: Pick<ProxyContext, 'proxy' | 'labels'>): string {
  const { metadata, name } = proxy;
  const annotations: unknown = metadata['ANNOTATIONS'];
  const annotated =
    typeof annotations === 'object' && annotations !== null
      ? (annotations as Readonly<Record<string, unknown>>)['resource.opentelemetry.io/service.name']
      : undefined;
  const containers = asText(metadata['APP_CONTAINERS']);
  const candidates = [
    asText(annotated),
    labels['app.kubernetes.io/instance'],
    labels['app.kubernetes.io/name'],
    asText(metadata['WORKLOAD_NAME']),
    name.includes('.') ? name.slice(0, name.indexOf('.')) : '',
    containers.includes(',') ? '' : containers,
  ];
  return candidates.find((candidate) => candidate !== undefined && candidate !== '') ?? 'unknown_service';
}
