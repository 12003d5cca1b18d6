/** How requests are traced, of the mesh's defaults and the Telemetries of a workload. */
import type { ExtensionProvider } from '../../config/extension-provider.js';
import type { TelemetryTracing, TracingTag } from '../../config/kinds/telemetry.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { ListenerMode } from './logging.js';
import { providerNamed } from './providers.js';

/** What is chosen for one end of connections. */
export interface TracingChoice {
  readonly provider?: ExtensionProvider;
  readonly disabled: boolean;
  readonly randomSamplingPercentage?: number;
  readonly customTags: Readonly<Record<string, TracingTag>>;
  readonly useRequestIdForTraceSampling: boolean;
  readonly enableIstioTags: boolean;
  readonly disableContextPropagation: boolean;
}

const byDefault: TracingChoice = {
  disabled: false,
  customTags: {},
  useRequestIdForTraceSampling: true,
  enableIstioTags: true,
  disableContextPropagation: false,
};

/** The choice; undefined if neither Telemetries nor the mesh's default providers say anything of traces. */
export function tracingChoice(
  telemetries: readonly ConfigObject<'Telemetry'>[],
  mesh: Pick<MeshConfig, 'defaultProviders' | 'extensionProviders'>,
  mode: ListenerMode,
): TracingChoice | undefined {
  const settings = telemetries.flatMap(({ spec }) => spec.tracing);
  const [named] = mesh.defaultProviders.tracing;
  if (settings.length === 0 && named === undefined) return undefined;
  const choice = settings
    .filter(({ match }) => match === undefined || match.mode === 'CLIENT_AND_SERVER' || match.mode === mode)
    .reduce((chosen, tracing) => overridden(chosen, tracing, mesh), withProvider(byDefault, named, mesh));
  return choice.provider === undefined ? { ...choice, disabled: true } : choice;
}

function withProvider(
  { provider: _before, ...choice }: TracingChoice,
  name: string | undefined,
  mesh: Pick<MeshConfig, 'extensionProviders'>,
): TracingChoice {
  const provider = name === undefined ? undefined : providerNamed(name, mesh);
  return provider === undefined ? choice : { ...choice, provider };
}

function overridden(
  before: TracingChoice,
  tracing: TelemetryTracing,
  mesh: Pick<MeshConfig, 'extensionProviders'>,
): TracingChoice {
  const [named] = tracing.providers;
  const choice = named === undefined ? before : withProvider(before, named.name, mesh);
  const { randomSamplingPercentage, customTags } = tracing;
  return {
    ...choice,
    ...(randomSamplingPercentage !== undefined && { randomSamplingPercentage }),
    ...(Object.keys(customTags).length > 0 && { customTags }),
    disabled: tracing.disableSpanReporting ?? choice.disabled,
    useRequestIdForTraceSampling: tracing.useRequestIdForTraceSampling ?? choice.useRequestIdForTraceSampling,
    enableIstioTags: tracing.enableIstioTags ?? choice.enableIstioTags,
    disableContextPropagation: tracing.disableContextPropagation ?? choice.disableContextPropagation,
  };
}
