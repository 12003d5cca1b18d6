/** A registry as settings list it: `registries:` in the settings file, or `--registry TYPE=TEXT`. */
import { PilotError } from '../base/errors.js';
import type { MappingRules } from '../adapter/mapping.js';
import { mappingSchema } from '../adapter/mapping-rules.js';
import type { JsonSchema } from '../settings/setting.js';

/** One registry of the settings. Durations are text. */
export interface RegistryEntry {
  /** A built-in type, a path (`./my-registry.ts`) or the name of a package. */
  readonly type: string;
  /** Unique; the adapter's type when absent. */
  readonly name?: string;
  /** The cluster that its endpoints are said to be in. */
  readonly cluster?: string;
  /** The adapter's own settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Text of `--registry`, of which the adapter makes settings. */
  readonly text?: string;
  readonly mapping?: MappingRules;
  readonly guard?: false | GuardEntry;
  readonly damping?: false | { readonly changes?: number; readonly halfLife?: string };
  readonly lastKnown?: false | { readonly expiry?: string };
}

/** The removal guard's rules as settings have them. */
export interface GuardEntry {
  readonly share?: number;
  readonly least?: number;
  readonly window?: string;
  readonly confirmations?: number;
  readonly holdFor?: string;
}

const duration: JsonSchema = { type: 'string', pattern: '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$' };

function switchable(properties: Readonly<Record<string, JsonSchema>>, description: string): JsonSchema {
  return {
    description: `${description} false turns it off.`,
    type: ['object', 'boolean'],
    not: { const: true },
    additionalProperties: false,
    properties,
  };
}

/** The schema of `registries:`. */
export const registriesSchema: JsonSchema = {
  type: 'array',
  description:
    'Registries to read beside the mesh directory; docs/adapters.md. Changes count while the server runs.',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['type'],
    properties: {
      type: {
        type: 'string',
        minLength: 1,
        description: 'A built-in type, the path of an adapter (./my-registry.ts), or the name of a package.',
      },
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$',
        description: 'Tells registries of one type apart; the type unless given.',
      },
      cluster: {
        type: 'string',
        minLength: 1,
        description: 'The cluster of its endpoints; Kubernetes unless given.',
      },
      settings: { type: 'object', description: 'Settings of the adapter.' },
      mapping: { ...mappingSchema, description: 'Mapping rules, laid over those of the adapter.' },
      guard: switchable(
        {
          share: { type: 'number', minimum: 0, maximum: 1 },
          least: { type: 'integer', minimum: 1 },
          window: duration,
          confirmations: { type: 'integer', minimum: 1 },
          holdFor: duration,
        },
        'When a sudden loss of endpoints is held.',
      ),
      damping: switchable(
        { changes: { type: 'integer', minimum: 2 }, halfLife: duration },
        'When an instance that changes too often counts as unhealthy.',
      ),
      lastKnown: switchable({ expiry: duration }, 'How long what was last known is kept on disk.'),
    },
  },
};

/**
 * Entries of the settings file. They fit the schema already.
 * @throws PilotError USAGE for two of one name.
 */
export function fileEntries(value: unknown): readonly RegistryEntry[] {
  const entries = Array.isArray(value) ? (value as readonly RegistryEntry[]) : [];
  entries.forEach(({ name }, index) => {
    const first = entries.findIndex((other) => name !== undefined && other.name === name);
    if (first === -1 || first === index) return;
    throw new PilotError('USAGE', `registries[${index}].name is that of registries[${first}]: ${name}`);
  });
  return entries;
}

/** An entry of `--registry TYPE=TEXT`. @throws PilotError USAGE that says what would be right. */
export function flagEntry(text: string): RegistryEntry {
  const place = text.indexOf('=');
  if (place < 1 || place === text.length - 1) {
    throw new PilotError('USAGE', `--registry: ${JSON.stringify(text)} is not TYPE=WHERE`, {
      hint: 'For example --registry consul=http://127.0.0.1:8500 or --registry ./my-registry.ts=http://127.0.0.1:9000.',
    });
  }
  return { type: text.slice(0, place), text: text.slice(place + 1) };
}
