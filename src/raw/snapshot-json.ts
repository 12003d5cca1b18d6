/** The JSON form of a raw snapshot, read strictly: what is wrong is told with the field that it is in. */
import { PilotError, errorMessage } from '../base/errors.js';
import { durationFromJson } from '../envoy/json-time.js';
import type { RawResource, RawSnapshot, RawType } from './raw-source.js';

/** A node's id and what the node is to be given. */
export interface NodeSnapshot {
  readonly node: string;
  readonly snapshot: RawSnapshot;
}

/**
 * Reads `{node, types: {<type URL>: {version, resources: [{name, value, ttl}]}}}`, where `value` is the message in
 * base64 and `ttl`, which may be absent, a protobuf duration such as `"1.5s"`.
 * @throws PilotError JSON_INVALID that names the field.
 */
export function readNodeSnapshot(text: string): NodeSnapshot {
  const body = fieldsOf(parsed(text), '', ['node', 'types']);
  const node = nonEmptyText(body['node'], 'node');
  const types = recordOf(body['types'], 'types');
  const snapshot = new Map<string, RawType>();
  for (const [typeUrl, value] of Object.entries(types)) {
    const path = `types[${JSON.stringify(typeUrl)}]`;
    if (!typeUrl.includes('/') || typeUrl.endsWith('/'))
      throw invalid(
        path,
        'the key must be a type URL, such as type.googleapis.com/envoy.config.cluster.v3.Cluster',
      );
    snapshot.set(typeUrl, readType(value, path));
  }
  return { node, snapshot };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PilotError('JSON_INVALID', `the body is not JSON: ${errorMessage(error)}`, { cause: error });
  }
}

function readType(value: unknown, path: string): RawType {
  const type = fieldsOf(value, path, ['version', 'resources']);
  const version = nonEmptyText(type['version'], `${path}.version`);
  const list: unknown = type['resources'];
  if (!Array.isArray(list)) throw invalid(`${path}.resources`, 'must be a list');
  const resources: RawResource[] = [];
  const places = new Map<string, number>();
  for (const [index, item] of (list as readonly unknown[]).entries()) {
    const resource = readResource(item, `${path}.resources[${index}]`);
    const first = places.get(resource.name);
    if (first !== undefined)
      throw invalid(
        `${path}.resources[${index}].name`,
        `is "${resource.name}", as that of resources[${first}]`,
      );
    places.set(resource.name, index);
    resources.push(resource);
  }
  return { version, resources };
}

function readResource(value: unknown, path: string): RawResource {
  const resource = fieldsOf(value, path, ['name', 'value', 'ttl']);
  const name = nonEmptyText(resource['name'], `${path}.name`);
  const body = base64(resource['value'], `${path}.value`);
  return resource['ttl'] === undefined
    ? { name, body }
    : { name, body, ttl: duration(resource['ttl'], path) };
}

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function base64(value: unknown, path: string): Buffer {
  if (typeof value !== 'string' || !base64Pattern.test(value))
    throw invalid(path, 'must be the bytes of the message in base64, with padding');
  return Buffer.from(value, 'base64');
}

function duration(value: unknown, path: string): number {
  try {
    if (typeof value !== 'string') throw new Error('a duration such as "1.500s" was expected');
    const { seconds, nanos } = durationFromJson(value);
    const milliseconds = Number(seconds) * 1000 + nanos / 1e6;
    if (milliseconds > 0) return milliseconds;
  } catch (error) {
    throw invalid(`${path}.ttl`, errorMessage(error));
  }
  throw invalid(`${path}.ttl`, 'must be more than nothing');
}

function nonEmptyText(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(path, 'must be text, and not empty');
  return value;
}

function fieldsOf(value: unknown, path: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  const record = recordOf(value, path);
  for (const key of Object.keys(record)) {
    if (!known.includes(key))
      throw invalid(path === '' ? key : `${path}.${key}`, `is not a field; there are ${known.join(', ')}`);
  }
  return record;
}

function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path === '' ? 'the body' : path, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

function invalid(path: string, what: string): PilotError {
  return new PilotError('JSON_INVALID', `${path}: ${what}`);
}
