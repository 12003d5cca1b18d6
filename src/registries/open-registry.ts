/** A registry of the settings, opened. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Adapter } from '../adapter/adapter.js';
import { registryOf } from '../adapter/registry-of.js';
import { errorMessage, PilotError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { lastKnownFile, type LastKnownKeeper } from '../registry/last-known.js';
import type { GuardRules } from '../registry/safety.js';
import type { ServiceRegistry } from '../registry/registry.js';
import { parseDuration } from '../settings/setting.js';
import type { GuardEntry, RegistryEntry } from './entry.js';
import { loadAdapter } from './load-adapter.js';

/** What registries of the settings are opened with. */
export interface OpenContext {
  /** What relative paths in settings are relative to. */
  readonly folder: string;
  /** Where last known values are kept; nowhere when absent. */
  readonly stateDirectory?: string | undefined;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const defaultExpiry = 24 * 3_600_000;

/**
 * Loads the adapter of an entry and opens the registry. Nothing is read before it is watched.
 * @throws PilotError USAGE that names the entry and the field that is wrong.
 */
export async function openRegistry(
  entry: RegistryEntry,
  where: string,
  context: OpenContext,
): Promise<ServiceRegistry> {
  try {
    const adapter = await loadAdapter(entry.type, context.folder);
    return open(adapter, entry, context);
  } catch (error) {
    const hint = error instanceof PilotError ? error.hint : undefined;
    throw new PilotError('USAGE', `${where}: ${errorMessage(error)}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function open(adapter: Adapter<never>, entry: RegistryEntry, context: OpenContext): ServiceRegistry {
  const { cluster, mapping, damping } = entry;
  const name = entry.name ?? adapter.type;
  const settings = entry.text === undefined ? entry.settings : settingsFromText(adapter, entry.text);
  return registryOf(adapter, {
    name,
    settings,
    cluster,
    mapping,
    guard: entry.guard === undefined || entry.guard === false ? entry.guard : guardRules(entry.guard),
    damping:
      damping === undefined || damping === false
        ? damping
        : {
            ...(damping.changes === undefined ? {} : { changes: damping.changes }),
            ...(damping.halfLife === undefined ? {} : { halfLife: parseDuration(damping.halfLife) }),
          },
    lastKnown: keeper(adapter.type, name, settings, entry, context),
    logger: context.logger,
    env: context.env,
    folder: context.folder,
  });
}

function settingsFromText(adapter: Adapter<never>, text: string): unknown {
  if (adapter.fromText === undefined)
    throw new Error(`${adapter.type} cannot be given on the command line; list it in pilotlight.yaml`);
  return adapter.fromText(text);
}

function guardRules({ window, holdFor, ...numbers }: GuardEntry): Partial<GuardRules> {
  return {
    ...numbers,
    ...(window === undefined ? {} : { window: parseDuration(window) }),
    ...(holdFor === undefined ? {} : { holdFor: parseDuration(holdFor) }),
  };
}

function keeper(
  type: string,
  name: string,
  settings: unknown,
  { lastKnown, mapping }: RegistryEntry,
  { stateDirectory, logger }: OpenContext,
): LastKnownKeeper | undefined {
  if (stateDirectory === undefined || lastKnown === false) return undefined;
  // What another server said, or by other rules, is not what this registry said last.
  const identity = createHash('sha256')
    .update(JSON.stringify({ type, name, settings, mapping }))
    .digest('hex');
  return lastKnownFile({
    path: join(stateDirectory, `${type}-${name}-${identity.slice(0, 12)}.json`),
    identity,
    expiry: lastKnown?.expiry === undefined ? defaultExpiry : parseDuration(lastKnown.expiry),
    problem: (message) => logger.warn(message, { registry: `${type}/${name}` }),
  });
}
