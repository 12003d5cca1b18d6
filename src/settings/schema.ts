/** The JSON Schema of pilotlight.yaml, made from the table of settings; docs/pilotlight.schema.json is its copy. */
import { clustersSchema } from '../clusters/entry.js';
import { registriesSchema } from '../registries/entry.js';
import { mergeSchema } from '../registry/merge-rules.js';
import type { JsonSchema, Setting } from './setting.js';
import { settings } from './settings.js';

/** The whole schema. */
export function settingsSchema(): JsonSchema {
  const rows: Setting<unknown>[] = Object.values(settings);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'pilotlight.yaml',
    description: 'Settings of Pilotlight.',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(rows.map(({ key, type, help }) => [key, { ...type.schema, description: help }])),
      registries: registriesSchema,
      merge: mergeSchema,
      clusters: clustersSchema,
    },
  };
}
