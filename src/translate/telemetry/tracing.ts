/** How the requests of connection managers of one class are traced. */
import type { TracingTag } from '../../config/kinds/telemetry.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { CustomTagShape } from '../../envoy/messages.js';
import { boolValue, uint32 } from '../../envoy/well-known.js';
import {
  configuredTags,
  istioTags,
  meshTracing,
  samplingFields,
  sortedTags,
  type TracingSettings,
  type TracingShape,
} from './mesh-tracing.js';
import type { ProviderClusters } from '../provider-clusters.js';
import type { ListenerMode } from './logging.js';
import { tracerOf, type TracedProxy } from './tracers.js';
import { tracingChoice, type TracingChoice } from './tracing-choice.js';

/** What tracing depends on. */
export interface TracingInput {
  readonly telemetries: readonly ConfigObject<'Telemetry'>[];
  readonly mesh: MeshConfig;
  readonly clusters: ProviderClusters;
  readonly mode: ListenerMode;
  readonly settings: TracingSettings;
  readonly proxy: TracedProxy;
  /** Gateways have a span of their own for each request that they send on. */
  readonly spawnsSpans: boolean;
}

/** How requests are traced. */
export interface Tracing {
  /** Undefined where they are not. */
  readonly tracing: TracingShape | undefined;
  /** Whether a request's identifier tells if it is traced. */
  readonly samplesByRequestId: boolean;
}

/** Tracing as Telemetries or a default provider choose it; where these say nothing, that of the proxy's configuration. */
export function tracing(input: TracingInput): Tracing {
  const { telemetries, mesh, mode, settings, clusters, proxy } = input;
  const choice = tracingChoice(telemetries, mesh, mode);
  if (choice === undefined) return { tracing: meshTracing(mesh, settings), samplesByRequestId: true };
  const tracer =
    choice.disabled || choice.provider === undefined ? undefined : tracerOf(choice.provider, clusters, proxy);
  if (tracer === undefined) return { tracing: undefined, samplesByRequestId: true };
  const percent = tracer.samples ? 100 : (choice.randomSamplingPercentage ?? settings.sampling);
  const maxPathTagLength = tracer.maxTagLength || settings.maxPathTagLength;
  return {
    tracing: {
      ...samplingFields(percent),
      provider: { name: tracer.name, typedConfig: tracer.typedConfig },
      customTags: tags(choice, settings, proxy),
      ...(maxPathTagLength > 0 && { maxPathTagLength: uint32(maxPathTagLength) }),
      ...((input.spawnsSpans || tracer.spawnsSpans) && { spawnUpstreamSpan: boolValue(true) }),
      ...(choice.disableContextPropagation && proxy.minorVersion >= 30 && { noContextPropagation: true }),
    },
    samplesByRequestId: choice.useRequestIdForTraceSampling,
  };
}

/** Tags of Telemetries stand in the place of those of the proxy's configuration. */
function tags(
  { customTags, enableIstioTags }: TracingChoice,
  settings: TracingSettings,
  proxy: TracedProxy,
): readonly CustomTagShape[] {
  const given = Object.entries(customTags);
  return sortedTags([
    ...istioTags({ ...settings, istioTags: enableIstioTags }),
    ...(given.length === 0
      ? configuredTags(settings)
      : given.flatMap(([tag, source]) => customTag(tag, source, proxy))),
  ]);
}

/** Proxies before 1.29 do not know tags by a format. */
function customTag(
  tag: string,
  source: TracingTag,
  { minorVersion }: TracedProxy,
): readonly CustomTagShape[] {
  const { literal, environment, header, formatter } = source;
  if (literal !== undefined) return [{ tag, literal }];
  if (environment !== undefined) return [{ tag, environment }];
  if (header !== undefined) return [{ tag, requestHeader: header }];
  if (formatter === undefined) return [{ tag }];
  return minorVersion >= 29 ? [{ tag, value: formatter.value }] : [];
}
