/** The form of mapping rules: their schema, and what a schema cannot say. */
import { parsePrefix, parseIp } from '../base/ip.js';
import type { JsonSchema } from './adapter.js';
import type { MappingRules } from './mapping.js';
import { templateFault } from './template.js';

const texts: JsonSchema = { type: 'array', items: { type: 'string', minLength: 1 } };
const textMap: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };

const sourcePattern = '^(meta|tag|attribute)\\..+$';

function rule(more: JsonSchema = {}): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      from: { type: 'array', items: { type: 'string', pattern: sourcePattern } },
      default: { type: 'string' },
      ...more,
    },
  };
}

function record(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties };
}

const selections: JsonSchema = {
  type: 'array',
  items: record({ services: texts, tags: texts, metadata: textMap, attributes: textMap, addresses: texts }),
};

/** The schema of mapping rules. */
export const mappingSchema: JsonSchema = record({
  host: { type: 'string', minLength: 1 },
  namespace: { type: 'string', minLength: 1 },
  exportTo: texts,
  meshExternal: { type: 'boolean' },
  port: { type: 'integer', minimum: 1, maximum: 65535 },
  protocol: rule(),
  version: rule(),
  locality: record({ region: rule(), zone: rule(), subZone: rule() }),
  weight: rule({ scale: { type: 'number', exclusiveMinimum: 0 } }),
  labels: record({
    include: texts,
    exclude: texts,
    tags: { type: 'boolean' },
    plainTags: { type: 'string', minLength: 1 },
    rename: textMap,
    add: textMap,
  }),
  serviceAccount: rule(),
  tlsMode: rule(),
  network: rule(),
  include: selections,
  exclude: selections,
});

/** What is wrong with rules that fit the schema, with the field's name; undefined when nothing is. */
export function mappingFault({
  host,
  namespace,
  include = [],
  exclude = [],
}: MappingRules): string | undefined {
  for (const [field, template] of Object.entries({ host, namespace })) {
    const fault = template === undefined ? undefined : templateFault(template);
    if (fault !== undefined) return `mapping.${field} ${fault}`;
  }
  for (const [field, list] of Object.entries({ include, exclude })) {
    const wrong = list
      .flatMap(({ addresses = [] }) => addresses)
      .find(
        (range) => range.includes('/') && parsePrefix(range) === undefined && parseIp(range) === undefined,
      );
    if (wrong !== undefined) return `mapping.${field}: ${JSON.stringify(wrong)} is no range of addresses`;
  }
  return undefined;
}
