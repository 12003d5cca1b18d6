/** Which providers log what, of the mesh's defaults and the Telemetries of a workload. */
import type { Telemetry, TelemetryAccessLogging, WorkloadMode } from '../../config/kinds/telemetry.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';

/** Which end of connections a listener is of. */
export type ListenerMode = Exclude<WorkloadMode, 'CLIENT_AND_SERVER'>;

/** What a provider logs. */
export interface LoggingChoice {
  readonly disabled: boolean;
  /** A CEL expression. */
  readonly filter?: string;
}

/**
 * The choices by the name of the provider, as it is written. Of the Telemetries each names its providers in place of those
 * before; undefined if neither they nor the mesh say anything of logs.
 */
export function loggingChoices(
  telemetries: readonly ConfigObject<'Telemetry'>[],
  { defaultProviders }: Pick<MeshConfig, 'defaultProviders'>,
  mode: ListenerMode,
): ReadonlyMap<string, LoggingChoice> | undefined {
  const levels = telemetries.map(({ spec }) => spec.accessLogging).filter((level) => level.length > 0);
  const defaults = defaultProviders.accessLogging;
  if (levels.length === 0) {
    return defaults.length === 0 ? undefined : new Map(defaults.map((name) => [name, { disabled: false }]));
  }
  const { inScope, filters } = scopeOf(levels, defaults, mode);
  const choices = new Map<string, LoggingChoice>();
  let inherited = defaults;
  for (const logging of levels.flat()) {
    const own = namesOf(logging);
    inherited = own.length > 0 ? own : inherited;
    if (!isForMode(logging, mode)) continue;
    for (const name of inherited) {
      if (!inScope.has(name)) continue;
      const filter = filters.get(name);
      if (logging.disabled === true) choices.set(name, { disabled: true });
      else choices.set(name, { disabled: false, ...(filter !== undefined && { filter }) });
    }
  }
  return choices;
}

type Level = Telemetry['accessLogging'];

/** The providers of the last level that names any, and of each provider the filter that was given last. */
function scopeOf(
  levels: readonly Level[],
  defaults: readonly string[],
  mode: ListenerMode,
): { readonly inScope: ReadonlySet<string>; readonly filters: ReadonlyMap<string, string | undefined> } {
  const filters = new Map<string, string | undefined>();
  let inScope = new Set(defaults);
  for (const level of levels) {
    const names = new Set<string>();
    for (const logging of level) {
      if (!isForMode(logging, mode)) continue;
      for (const name of namesOf(logging)) {
        names.add(name);
        filters.set(name, logging.filter?.expression);
      }
    }
    if (names.size > 0) inScope = names;
  }
  return { inScope, filters };
}

function namesOf({ providers }: TelemetryAccessLogging): readonly string[] {
  return providers.map(({ name }) => name);
}

function isForMode({ match }: TelemetryAccessLogging, mode: ListenerMode): boolean {
  return match === undefined || match.mode === 'CLIENT_AND_SERVER' || match.mode === mode;
}
