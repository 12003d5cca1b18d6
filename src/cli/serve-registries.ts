/** The registries of `serve`: those of `--registry` and of the settings file, which is followed while it runs. */
import { dirname, resolve } from 'node:path';
import type { Pilot } from '../app.js';
import type { Logger } from '../base/logger.js';
import { fileEntries, flagEntry, type RegistryEntry } from '../registries/entry.js';
import { openRegistry, type OpenContext } from '../registries/open-registry.js';
import { openAll, RunningRegistries, type OpenedRegistry, type OpenEntry } from '../registries/running.js';
import { defaultStateDirectory } from '../registries/state-directory.js';
import type { MergeRule } from '../registry/merge-rules.js';
import type { ServiceRegistry } from '../registry/registry.js';
import { errorMessage } from '../base/errors.js';
import type { FileValues } from '../settings/load.js';
import { listOption, type CommandContext, type OptionSpec } from './command.js';
import type { ChosenSettings } from './serve-settings.js';

/** `--registry`. */
export const registryOption: OptionSpec = {
  flags: '--registry <TYPE=WHERE>',
  help: 'a registry to read, such as consul=http://127.0.0.1:8500 or ./my-registry.ts=…; may be given several times. pilotlight.yaml can say more (`registries:`)',
  repeatable: true,
};

/** Registries that are opened, and what follows the settings file. */
export class ServeRegistries {
  readonly merge: readonly MergeRule[];
  readonly #flags: readonly RegistryEntry[];
  readonly #opened: readonly OpenedRegistry[];
  readonly #open: OpenEntry;
  readonly #logger: Logger;
  #running: RunningRegistries | undefined;

  private constructor(
    flags: readonly RegistryEntry[],
    opened: readonly OpenedRegistry[],
    merge: readonly MergeRule[],
    open: OpenEntry,
    logger: Logger,
  ) {
    this.#flags = flags;
    this.#opened = opened;
    this.merge = merge;
    this.#open = open;
    this.#logger = logger;
  }

  /** Opens everything that flags and file list. @throws PilotError USAGE that names the entry and the field. */
  static async choose(
    { options, env }: Pick<CommandContext, 'options' | 'env'>,
    { settings, file, values }: ChosenSettings,
    logger: Logger,
  ): Promise<ServeRegistries> {
    const flags = listOption(options, 'registry').map(flagEntry);
    const stateDirectory = settings.lastKnown
      ? (settings.stateDirectory ?? defaultStateDirectory(env))
      : undefined;
    const open: OpenEntry = (entry, where) => {
      const folder = entry.text === undefined ? dirname(file) : resolve('.');
      const context: OpenContext = { folder, stateDirectory, logger, env };
      return openRegistry(entry, where, context);
    };
    const opened = await openAll([...flags, ...fileEntries(values['registries'])], open);
    return new ServeRegistries(flags, opened, mergeRules(values), open, logger);
  }

  /** What the server watches from its start. */
  get registries(): readonly ServiceRegistry[] {
    return this.#opened.map(({ registry }) => registry);
  }

  /** Takes up other values of the file in a server that runs. */
  follow(pilot: Pilot, values: FileValues): void {
    this.#running ??= new RunningRegistries(pilot, this.#open, this.#opened, this.#logger);
    try {
      pilot.setMerge(mergeRules(values));
      void this.#running.apply([...this.#flags, ...fileEntries(values['registries'])]);
    } catch (error) {
      this.#logger.error(`the registries in force stay: ${errorMessage(error)}`);
    }
  }
}

function mergeRules(values: FileValues): readonly MergeRule[] {
  const rules = values['merge'];
  return Array.isArray(rules) ? (rules as readonly MergeRule[]) : [];
}
