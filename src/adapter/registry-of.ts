/** A registry of an adapter, with everything that the kit does for it. */
import { asyncScheduler, defer, type SchedulerLike } from 'rxjs';
import { silentLogger, type Logger } from '../base/logger.js';
import type { LastKnownKeeper } from '../registry/last-known.js';
import type { ServiceRegistry } from '../registry/registry.js';
import { defaultGuard, type GuardRules } from '../registry/safety.js';
import type { Adapter, AdapterContext } from './adapter.js';
import { adapterRegistry } from './adapter-registry.js';
import { defaultDamping, type DampingRules } from './flap-damping.js';
import type { MappingRules } from './mapping.js';
import { mappingFault } from './mapping-rules.js';
import { adapterSettings, SettingsRefused } from './settings.js';

/** What a registry is opened with. What is absent has the kit's defaults. */
export interface RegistryOptions {
  /** The adapter's type when absent. */
  readonly name?: string | undefined;
  /** Checked against the adapter's schema. */
  readonly settings?: unknown;
  /** Laid over the adapter's own rules. */
  readonly mapping?: MappingRules | undefined;
  /** False turns it off. */
  readonly guard?: Partial<GuardRules> | false | undefined;
  /** False turns it off. */
  readonly damping?: Partial<DampingRules> | false | undefined;
  readonly lastKnown?: LastKnownKeeper | undefined;
  /** The cluster that endpoints are said to be in; `Kubernetes` when absent, as for ServiceEntries. */
  readonly cluster?: string | undefined;
  readonly logger?: Logger | undefined;
  readonly scheduler?: SchedulerLike | undefined;
  readonly random?: (() => number) | undefined;
  readonly env?: AdapterContext['env'] | undefined;
  /** What relative paths in settings are relative to; the current folder when absent. */
  readonly folder?: string | undefined;
}

/**
 * Opens a registry: settings are checked and the adapter is asked to read at once, so that what is wrong is told here;
 * reading itself begins with the first watch.
 *
 * @throws SettingsRefused, or what the adapter throws for settings that it cannot use.
 */
export function registryOf<Settings>(
  adapter: Adapter<Settings>,
  options: RegistryOptions = {},
): ServiceRegistry {
  const { name = adapter.type, scheduler = asyncScheduler, guard, damping, lastKnown } = options;
  const settings = adapterSettings(adapter, options.settings);
  const context: AdapterContext = {
    name,
    logger: options.logger ?? silentLogger,
    scheduler,
    random: options.random ?? Math.random,
    env: options.env ?? process.env,
    folder: options.folder ?? process.cwd(),
  };
  const own = typeof adapter.mapping === 'function' ? adapter.mapping(settings) : adapter.mapping;
  const mapping: MappingRules = { ...own, ...options.mapping };
  const fault = mappingFault(mapping);
  if (fault !== undefined) throw new SettingsRefused([fault]);
  // The Observable of the present watch is made anew by each, so that nothing of one is left for the next.
  let first: ReturnType<typeof adapter.open> | undefined = adapter.open(settings, context);
  return adapterRegistry({
    identity: { provider: adapter.type, name, cluster: options.cluster ?? 'Kubernetes' },
    read: () =>
      defer(() => {
        const read = first ?? adapter.open(settings, context);
        first = undefined;
        return read;
      }),
    mapping,
    safety: {
      ...(guard === false ? {} : { guard: { ...defaultGuard, ...guard } }),
      ...(lastKnown === undefined ? {} : { lastKnown }),
    },
    ...(damping === false ? {} : { damping: { ...defaultDamping, ...damping } }),
    context,
  });
}
