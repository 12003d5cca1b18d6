/** Tracing as the proxy's own configuration has it, where no Telemetry says otherwise (Istio reference 7.4). */
import { compareStrings } from '../../base/compare.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { CustomTagShape, HttpConnectionManagerShape } from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { proxyConfigValue } from '../proxy-headers.js';
import { asNumber, asObject, asText } from '../listener/json-values.js';

/** How requests of a connection manager are traced. */
export type TracingShape = NonNullable<HttpConnectionManagerShape['tracing']>;

/** What a proxy's configuration and labels say of traces: plain JSON, so that proxies that are alike share listeners. */
export interface TracingSettings {
  /** Percent of requests. */
  readonly sampling: number;
  readonly maxPathTagLength: number;
  /** Whether the tags of Istio are added. */
  readonly istioTags: boolean;
  /** Who the proxy is, by tag. */
  readonly service: Readonly<Record<string, string>>;
  /** Tags of the configuration, as it has them. */
  readonly custom: Readonly<Record<string, unknown>>;
}

const defaultSampling = 1;

/** The settings of a proxy. A share of more than all is taken for a mistake. */
export function tracingSettings({ proxy, snapshot, labels }: ProxyContext): TracingSettings {
  const setting = (name: string): unknown => proxyConfigValue(proxy, snapshot.mesh, 'tracing', name);
  const sampling = asNumber(setting('sampling')) || defaultSampling;
  return {
    sampling: sampling > 100 ? defaultSampling : sampling,
    maxPathTagLength: asNumber(setting('maxPathTagLength')),
    istioTags: setting('enableIstioTags') !== false,
    service: {
      'istio.canonical_revision': labels['service.istio.io/canonical-revision'] || 'latest',
      'istio.canonical_service': labels['service.istio.io/canonical-name'] || 'unknown',
      'istio.mesh_id': asText(proxy.metadata['MESH_ID']) || 'unknown',
      'istio.namespace': asText(proxy.metadata['NAMESPACE']) || 'default',
      'istio.cluster_id': proxy.clusterId || 'unknown',
    },
    custom: asObject(setting('customTags')) ?? {},
  };
}

/** How requests are traced; undefined where the mesh has it turned off. */
export function meshTracing(
  mesh: Pick<MeshConfig, 'enableTracing'>,
  settings: TracingSettings,
): TracingShape | undefined {
  if (!mesh.enableTracing) return undefined;
  const { sampling, maxPathTagLength } = settings;
  return {
    ...samplingFields(sampling),
    customTags: sortedTags([...istioTags(settings), ...configuredTags(settings)]),
    ...(maxPathTagLength > 0 && { maxPathTagLength: uint32(maxPathTagLength) }),
  };
}

/** Which requests are traced: those whose client or operator asks for it, and so many percent of the others. */
export function samplingFields(
  percent: number,
): Pick<TracingShape, 'clientSampling' | 'overallSampling' | 'randomSampling'> {
  return {
    clientSampling: { value: 100 },
    overallSampling: { value: 100 },
    randomSampling: { value: percent },
  };
}

/** In the order of their names. */
export function sortedTags(tags: readonly CustomTagShape[]): readonly CustomTagShape[] {
  return [...tags].sort((a, b) => compareStrings(a.tag ?? '', b.tag ?? ''));
}

/** Who the proxy is, and what policies in a dry run would have done. */
export function istioTags({ istioTags: wanted, service }: TracingSettings): readonly CustomTagShape[] {
  if (!wanted) return [];
  const literals = Object.entries(service).map(([tag, value]): CustomTagShape => ({
    tag,
    literal: { value },
  }));
  return [...literals, ...dryRunTags];
}

const dryRunTags: readonly CustomTagShape[] = ['allow', 'deny'].flatMap((effect) => [
  dryRunTag(`${effect}_policy.name`, `istio_dry_run_${effect}_shadow_effective_policy_id`),
  dryRunTag(`${effect}_policy.result`, `istio_dry_run_${effect}_shadow_engine_result`),
]);

function dryRunTag(name: string, key: string): CustomTagShape {
  return {
    tag: `istio.authorization.dry_run.${name}`,
    metadata: { kind: { request: {} }, metadataKey: { key: 'envoy.filters.http.rbac', path: [{ key }] } },
  };
}

/** Tags that the configuration gives; one of no known form is none. */
export function configuredTags({ custom }: Pick<TracingSettings, 'custom'>): readonly CustomTagShape[] {
  return Object.entries(custom).flatMap(([tag, value]): CustomTagShape[] => {
    const source = asObject(value) ?? {};
    const literal = asObject(source['literal']);
    if (literal !== undefined) return [{ tag, literal: { value: asText(literal['value']) } }];
    const environment = asObject(source['environment']);
    if (environment !== undefined) return [{ tag, environment: namedValue(environment) }];
    const header = asObject(source['header']);
    return header === undefined ? [] : [{ tag, requestHeader: namedValue(header) }];
  });
}

function namedValue(source: Readonly<Record<string, unknown>>) {
  return {
    name: asText(source['name']),
    defaultValue: asText(source['defaultValue'] ?? source['default_value']),
  };
}
