/**
 * Messages to canonical protobuf JSON, as Envoy's config_dump prints it: field names of the .proto files, the
 * content of an Any in place, keys sorted, fields at their default left out unless they have presence.
 *
 * The first message of a type compiles its fields into functions; later ones only run them.
 */
import protobuf, { type Field, type Type } from 'protobufjs/light.js';
import { compareStrings } from '../base/compare.js';
import { isDefault, scalarToJson } from './json-scalars.js';
import { durationToJson, timestampToJson } from './json-time.js';
import { isJsonObject, type Json, type JsonObject } from './json-value.js';
import { findMessageType, type MessageType } from './message-type.js';
import { fullNameOf } from './type-urls.js';

/** A message in either form; its fields by their names in code. */
type Fields = Readonly<Record<string, unknown>>;
type Write = (value: unknown) => Json;
type WriteMessage = (message: Fields) => Json;

/**
 * The JSON of a message, given as a shape or as it was decoded.
 * @throws when the bytes of an Any in it cannot be decoded as the type that it names
 */
export function toJson<S extends object, D extends S>(
  type: MessageType<S, D>,
  message: NoInfer<S>,
): JsonObject {
  const json = messageWriter(type.reflected)(message as Fields);
  return isJsonObject(json) ? json : { value: json };
}

/**
 * The JSON of an encoded message. Of a type that is not generated, `{ "@type", "value" }` with the bytes in base64.
 * @throws when the bytes cannot be decoded as this type
 */
export function decodeToJson(typeUrl: string, bytes: Uint8Array): JsonObject {
  const type = findMessageType(fullNameOf(typeUrl));
  return type === undefined ? opaque(typeUrl, bytes) : toJson(type, type.decode(bytes));
}

const writers = new WeakMap<Type, WriteMessage>();

function messageWriter(type: Type): WriteMessage {
  const known = writers.get(type);
  if (known !== undefined) return known;
  const writer = wellKnownWriters[type.fullName] ?? fieldsWriter(type);
  writers.set(type, writer);
  return writer;
}

interface FieldWriter {
  readonly key: string;
  readonly name: string;
  /** Undefined for what is left out. */
  readonly write: (value: unknown) => Json | undefined;
}

function fieldsWriter(type: Type): WriteMessage {
  let fields: readonly FieldWriter[] | undefined;
  return (message) => {
    fields ??= type.fieldsArray.map(fieldWriter).sort((a, b) => compareStrings(a.key, b.key));
    const json: Record<string, Json> = {};
    for (const { key, name, write } of fields) {
      const value = message[name];
      const written = value === undefined || value === null ? undefined : write(value);
      if (written !== undefined) json[key] = written;
    }
    return json;
  };
}

function fieldWriter(field: Field): FieldWriter {
  const { protoName: key, name } = field.resolve();
  const write = singleWriter(field);
  if (field.map) return { key, name, write: (value) => mapToJson(value as Fields, write) };
  if (field.repeated) return { key, name, write: (value) => listToJson(value as readonly unknown[], write) };
  if (field.hasPresence || field.resolvedType instanceof protobuf.Type) return { key, name, write };
  return { key, name, write: (value) => (isDefault(value) ? undefined : write(value)) };
}

function singleWriter(field: Field): Write {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) return (value) => messageWriter(resolvedType)(value as Fields);
  if (!(resolvedType instanceof protobuf.Enum)) return (value) => scalarToJson(type, value);
  if (resolvedType.fullName === '.google.protobuf.NullValue') return () => null;
  const names = resolvedType.valuesById;
  return (value) => names[value as number] ?? (value as number);
}

function listToJson(list: readonly unknown[], write: Write): Json | undefined {
  return list.length === 0 ? undefined : list.map(write);
}

function mapToJson(map: Fields, write: Write): Json | undefined {
  const keys = Object.keys(map).sort(compareStrings);
  return keys.length === 0 ? undefined : Object.fromEntries(keys.map((key) => [key, write(map[key])]));
}

/** Messages with a JSON form of their own, by their name in the reflection. */
const wellKnownWriters: Readonly<Record<string, WriteMessage>> = {
  '.google.protobuf.Any': anyToJson,
  '.google.protobuf.Duration': durationToJson,
  '.google.protobuf.Timestamp': timestampToJson,
  '.google.protobuf.Struct': structToJson,
  '.google.protobuf.Value': valueToJson,
  '.google.protobuf.ListValue': listValueToJson,
  '.google.protobuf.DoubleValue': ({ value }) => scalarToJson('double', value ?? 0),
  '.google.protobuf.FloatValue': ({ value }) => scalarToJson('float', value ?? 0),
  '.google.protobuf.Int64Value': ({ value }) => scalarToJson('int64', value ?? 0),
  '.google.protobuf.UInt64Value': ({ value }) => scalarToJson('uint64', value ?? 0),
  '.google.protobuf.Int32Value': ({ value }) => scalarToJson('int32', value ?? 0),
  '.google.protobuf.UInt32Value': ({ value }) => scalarToJson('uint32', value ?? 0),
  '.google.protobuf.BoolValue': ({ value }) => scalarToJson('bool', value ?? false),
  '.google.protobuf.StringValue': ({ value }) => scalarToJson('string', value ?? ''),
  '.google.protobuf.BytesValue': ({ value }) => scalarToJson('bytes', value ?? new Uint8Array(0)),
};

/** Whether a message stands under `value` inside an Any, as its JSON need not be an object. */
export function hasOwnJson(type: Type): boolean {
  return Object.hasOwn(wellKnownWriters, type.fullName);
}

function anyToJson({ typeUrl, value }: Fields): Json {
  const url = typeof typeUrl === 'string' ? typeUrl : '';
  const bytes = value instanceof Uint8Array ? value : new Uint8Array(0);
  if (url === '' && bytes.length === 0) return {};
  const type = findMessageType(fullNameOf(url));
  if (type === undefined) return opaque(url, bytes);
  const json = messageWriter(type.reflected)(type.decode(bytes) as Fields);
  return hasOwnJson(type.reflected) || !isJsonObject(json)
    ? { '@type': url, value: json }
    : { '@type': url, ...json };
}

function opaque(typeUrl: string, bytes: Uint8Array): JsonObject {
  return { '@type': typeUrl, value: scalarToJson('bytes', bytes) };
}

function structToJson({ fields }: Fields): Json {
  return mapToJson((fields ?? {}) as Fields, (value) => valueToJson(value as Fields)) ?? {};
}

function listValueToJson({ values }: Fields): Json {
  return ((values ?? []) as readonly Fields[]).map(valueToJson);
}

function valueToJson({ stringValue, numberValue, boolValue, structValue, listValue }: Fields): Json {
  if (typeof stringValue === 'string') return stringValue;
  if (typeof boolValue === 'boolean') return boolValue;
  if (typeof numberValue === 'number') return scalarToJson('double', numberValue);
  if (typeof structValue === 'object' && structValue !== null) return structToJson(structValue as Fields);
  if (typeof listValue === 'object' && listValue !== null) return listValueToJson(listValue as Fields);
  return null;
}
