/** Where things were read from, as text and as data. */
import type { AnyObject, ConfigObject } from '../config/object.js';
import type { Provenance } from '../model/service.js';
import type { Source } from './explanation.js';

/** The source of a value of a registry. */
export function sourceOf({ object, location, registry }: Provenance): Source {
  return { object: object ?? registry, ...(location !== undefined && { location }), registry };
}

/** The source of a configuration object. */
export function objectSource({ kind, metadata, origin }: ConfigObject | AnyObject): Source {
  const name = metadata.namespace === '' ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  const location = origin.line === undefined ? origin.file : `${origin.file ?? origin.source}:${origin.line}`;
  return { object: `${kind} ${name}`, ...(location !== undefined && { location }) };
}

/** `Kind namespace/name (file:line)`. */
export function sourceText({ object, location }: Source): string {
  return location === undefined ? object : `${object} (${location})`;
}

/** The same of a configuration object. */
export function objectText(object: ConfigObject): string {
  return sourceText(objectSource(object));
}

/** A list in brackets; each entry as it stands in YAML. */
export function listText(values: Iterable<string>): string {
  return `[${[...values].join(', ')}]`;
}

/** `key=value` with commas. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
