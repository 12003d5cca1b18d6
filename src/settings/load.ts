/** Where a setting's value comes from: flag, environment, pilotlight.yaml, default, in this order. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { PilotError, errorMessage, systemErrorCode } from '../base/errors.js';
import { settingsSchema } from './schema.js';
import { badValue, type Setting } from './setting.js';
import { settings, type SettingName, type Settings } from './settings.js';

/** The name of the settings file that is looked for in the current folder. */
export const settingsFileName = 'pilotlight.yaml';

/** Values of pilotlight.yaml by key, not yet read as their types. */
export type FileValues = Readonly<Record<string, unknown>>;

/** What the sources say, most important first. */
export interface SettingSources {
  /** Text by flag (`--xds-address`), `true` for a switch. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: FileValues;
}

/** All settings. @throws PilotError USAGE that names the flag, variable or key whose value is wrong. */
export function resolveSettings(sources: SettingSources): Settings {
  const values = Object.keys(settings).map((name) => {
    const row: Setting<unknown> = settings[name as SettingName];
    return [name, resolveSetting(row, sources)] as const;
  });
  return Object.fromEntries(values) as Settings;
}

function resolveSetting(row: Setting<unknown>, { flags, env, file }: SettingSources): unknown {
  const given = flags[row.flag];
  if (typeof given === 'boolean') return given;
  if (given !== undefined) return read(row, row.flag, given);
  for (const variable of row.env) {
    const value = env[variable];
    if (value !== undefined && value !== '') return read(row, variable, value);
  }
  const value = file[row.key];
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number')
    return read(row, `${row.key} in ${settingsFileName}`, `${value}`);
  return row.default;
}

function read(row: Setting<unknown>, where: string, value: string): unknown {
  try {
    return row.type.parse(value);
  } catch (error) {
    throw badValue(where, error);
  }
}

/**
 * Reads and checks a settings file. Relative paths in it become absolute, from the file's folder.
 *
 * @param path the file; when it was not asked for by name (`required` false), a missing one is no error.
 * @throws PilotError USAGE when it cannot be read or breaks the schema.
 */
export async function readSettingsFile(path: string, required: boolean): Promise<FileValues | undefined> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    if (!required && systemErrorCode(error) === 'ENOENT') return undefined;
    throw new PilotError('USAGE', `the settings file ${path} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  const values = await parseSettings(path, source);
  const folder = dirname(resolve(path));
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      isPath(key) && typeof value === 'string' ? resolve(folder, value) : value,
    ]),
  );
}

function isPath(key: string): boolean {
  const rows: Setting<unknown>[] = Object.values(settings);
  return rows.some((row) => row.key === key && row.type.isPath === true);
}

async function parseSettings(path: string, source: string): Promise<FileValues> {
  let values: unknown;
  try {
    values = parse(source) ?? {};
  } catch (error) {
    throw new PilotError('USAGE', `the settings file ${path} is not YAML: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  // Most runs have no settings file, and loading the checker takes a while.
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const check = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(settingsSchema());
  if (!check(values)) {
    const reasons = (check.errors ?? []).map(({ instancePath, message, params }) => {
      const extra: unknown = params['additionalProperty'];
      return `${fieldOf(instancePath)} ${message ?? 'is wrong'}${typeof extra === 'string' ? ` (${extra})` : ''}`;
    });
    throw new PilotError('USAGE', `the settings file ${path} is refused: ${reasons.join('; ')}`, {
      hint: 'docs/settings.md lists every setting; docs/pilotlight.schema.json is the schema.',
    });
  }
  return values as FileValues;
}

/** `/registries/0/name` as `registries[0].name`. */
function fieldOf(pointer: string): string {
  if (pointer === '') return 'the document';
  return pointer
    .slice(1)
    .replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
}
