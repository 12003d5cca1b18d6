/** Checking settings against an adapter's schema, with messages that name the field. */
import { type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Adapter, JsonSchema } from './adapter.js';

/** Settings that do not fit; each problem names its field. */
export class SettingsRefused extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'SettingsRefused';
    this.problems = problems;
  }
}

/** Checks a value, fills in defaults, and returns a copy. @param where the value's own name. @throws SettingsRefused */
function checkedAgainst(schema: JsonSchema, value: unknown, where: string): unknown {
  const copy: unknown = structuredClone(value ?? {});
  const check = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: true,
    strict: false,
  }).compile(schema);
  if (check(copy)) return copy;
  throw new SettingsRefused([
    ...new Set((check.errors ?? []).filter(isTold).map((error) => describe(error, where))),
  ]);
}

/** An adapter's settings, checked. @throws SettingsRefused */
export function adapterSettings<Settings>(
  adapter: Adapter<Settings>,
  value: unknown,
  where = 'settings',
): Settings {
  return checkedAgainst(adapter.settings, value, where) as Settings;
}

/** `oneOf` says that none fits, after each of them has said why. */
function isTold({ keyword }: ErrorObject): boolean {
  return keyword !== 'oneOf' && keyword !== 'anyOf' && keyword !== 'if';
}

function describe(
  { instancePath, keyword, message = 'is wrong', params }: ErrorObject,
  where: string,
): string {
  const field = `${where}${instancePath
    .split('/')
    .slice(1)
    .map((part) =>
      /^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/').replaceAll('~0', '~')}`,
    )
    .join('')}`;
  const values: Readonly<Record<string, unknown>> = params;
  switch (keyword) {
    case 'required':
      return `${field}.${String(values['missingProperty'])} is missing`;
    case 'additionalProperties':
      return `${field}.${String(values['additionalProperty'])} is not known`;
    case 'enum':
      return `${field} must be one of ${(values['allowedValues'] as readonly unknown[]).map(String).join(', ')}`;
    default:
      return `${field} ${message}`;
  }
}
