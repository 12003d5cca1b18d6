/** The settings of `serve`: chosen at the start, and followed while it runs. */
import { resolve as resolvePath } from 'node:path';
import type { Logger } from '../base/logger.js';
import { readSettingsFile, resolveSettings, settingsFileName, type FileValues } from '../settings/load.js';
import type { Setting } from '../settings/setting.js';
import { settings, type Settings } from '../settings/settings.js';
import { watchSettingsFile } from '../settings/watch.js';
import { textOption, type CommandContext, type OptionSpec } from './command.js';

const rows: readonly Setting<unknown>[] = Object.values(settings);

/** Settings with where they come from. */
export interface ChosenSettings {
  readonly settings: Settings;
  /** The settings file, whether or not it exists. */
  readonly file: string;
  /** What the file says, which is not all settings. */
  readonly values: FileValues;
  /** Settings with other values of the file. @throws PilotError USAGE. */
  readonly resolve: (file: FileValues) => Settings;
}

/** An option for each setting but the directory, which is an argument. */
export function settingOptions(): OptionSpec[] {
  return rows
    .filter(({ key }) => key !== 'directory')
    .map(({ flag, type, env, help, default: value }) => {
      const shown = value === undefined ? '' : ` (default: ${type.format(value)})`;
      return {
        flags: type.placeholder === undefined ? flag : `${flag} <${type.placeholder}>`,
        help: `${help}${shown} [${env[0] ?? ''}]`,
      };
    });
}

/** Flags, environment and file put together. @throws PilotError USAGE that names what is wrong. */
export async function chooseSettings({
  options,
  env,
}: Pick<CommandContext, 'options' | 'env'>): Promise<ChosenSettings> {
  const asked = textOption(options, 'config');
  const file = resolvePath(asked ?? settingsFileName);
  const flags = Object.fromEntries(
    rows.map(({ flag }) => {
      const value = options[camelCase(flag)];
      return [flag, typeof value === 'string' || value === true ? value : undefined];
    }),
  );
  const resolve = (values: FileValues): Settings => resolveSettings({ flags, env, file: values });
  const values = await readSettingsFile(file, asked !== undefined);
  return { settings: resolve(values ?? {}), file, values: values ?? {}, resolve };
}

/**
 * Follows the file until `signal` is aborted: a new log level counts at once, and so does what `read` makes of the
 * file's values; the rest at the next start.
 */
export function followSettings(
  { settings: initial, file, resolve }: ChosenSettings,
  logger: Logger,
  setLevel: (level: Settings['logLevel']) => void,
  read: (values: FileValues) => void,
  signal: AbortSignal,
): void {
  watchSettingsFile(
    file,
    initial,
    resolve,
    {
      changed: (next, names) => {
        setLevel(next.logLevel);
        const later = names.filter((name) => name !== 'logLevel');
        if (later.length > 0)
          logger.warn(`${file} changed; these count at the next start: ${later.join(', ')}`);
        if (names.includes('logLevel')) logger.info(`${file} changed: the log level is ${next.logLevel}`);
      },
      read,
      refused: (reason) =>
        logger.error(`${file} changed and is refused; the settings in force stay: ${reason}`),
    },
    signal,
  );
}

/** Commander's name of an option: `--xds-address` is `xdsAddress`. */
function camelCase(flag: string): string {
  return flag.replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
