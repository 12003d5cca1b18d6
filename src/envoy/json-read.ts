/** Messages from canonical protobuf JSON. */
import protobuf, { type Enum, type Field, type Type } from 'protobufjs/light.js';
import { PilotError } from '../base/errors.js';
import { compareStrings } from '../base/compare.js';
import { JsonValueError, mapKeyFromJson, scalarFromJson } from './json-scalars.js';
import { durationFromJson, timestampFromJson } from './json-time.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-value.js';
import { hasOwnJson } from './json-write.js';
import { findMessageType, type MessageType } from './message-type.js';
import { fullNameOf } from './type-urls.js';
import { struct, structValue } from './well-known.js';

/** Where a value stands: the way from the message to it. */
interface Path {
  readonly parent: Path | undefined;
  readonly step: string;
  /** Of the message itself: where unknown fields are told of instead of refused. */
  readonly unknown?: (field: string) => void;
}

/** How JSON is read. */
export interface FromJsonOptions {
  /** Takes the path of each field that does not exist and is passed over; without it such a field is refused. */
  readonly onUnknown?: (field: string) => void;
}

type Read = (json: Json, path: Path) => unknown;

/**
 * The shape of a message from its JSON. Takes what `toJson` gives, and beside it lowerCamelCase field names, numbers
 * for enums and strings for numbers; null is as good as absent. Map keys come out sorted.
 * @throws {PilotError} JSON_INVALID with the path of a field that does not exist, or whose value it cannot have
 */
export function fromJson<S extends object, D extends S>(
  type: MessageType<S, D>,
  json: unknown,
  { onUnknown }: FromJsonOptions = {},
): S {
  const path: Path = {
    parent: undefined,
    step: type.fullName,
    ...(onUnknown !== undefined && { unknown: onUnknown }),
  };
  return messageReader(type.reflected)(json as Json, path) as S;
}

const readers = new WeakMap<Type, Read>();

function messageReader(type: Type): Read {
  const known = readers.get(type);
  if (known !== undefined) return known;
  const reader = wellKnownReaders[type.fullName] ?? fieldsReader(type);
  readers.set(type, reader);
  return reader;
}

interface FieldReader {
  readonly field: Field;
  readonly read: Read;
}

function fieldsReader(type: Type): Read {
  let fields: ReadonlyMap<string, FieldReader> | undefined;
  return (json, path) => {
    fields ??= fieldReaders(type);
    if (!isJsonObject(json)) throw invalid(path, `an object (${type.fullName.slice(1)}) was expected`);
    const shape: Record<string, unknown> = {};
    const chosen = new Map<string, string>();
    for (const [key, value] of Object.entries(json)) {
      const at = { parent: path, step: `.${key}` };
      const known = fields.get(key);
      if (known === undefined) {
        if (passedOver(at)) continue;
        throw invalid(at, `unknown field of ${type.fullName.slice(1)}`);
      }
      const { field, read } = known;
      if (value === undefined || (value === null && !takesNull(field))) continue;
      if (Object.hasOwn(shape, field.name)) throw invalid(at, 'the field is given twice');
      const other = field.partOf === null ? undefined : chosen.get(field.partOf.name);
      if (other !== undefined) throw invalid(at, `excludes ${other}, which is given too`);
      if (field.partOf !== null) chosen.set(field.partOf.name, key);
      shape[field.name] = read(value, at);
    }
    return shape;
  };
}

function fieldReaders(type: Type): ReadonlyMap<string, FieldReader> {
  const readers = new Map<string, FieldReader>();
  for (const field of type.fieldsArray) {
    const { protoName, jsonName, name } = field.resolve();
    const reader = { field, read: fieldReader(field) };
    for (const key of [name, jsonName, protoName]) readers.set(key, reader);
  }
  return readers;
}

function fieldReader(field: Field): Read {
  const single = singleReader(field);
  if (field.map) {
    const keyType = field instanceof protobuf.MapField ? field.keyType : 'string';
    return (json, path) => readMap(json, path, keyType, single);
  }
  return field.repeated ? (json, path) => readList(json, path, single) : single;
}

function singleReader(field: Field): Read {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) return (json, path) => messageReader(resolvedType)(json, path);
  if (resolvedType instanceof protobuf.Enum) return (json, path) => readEnum(resolvedType, json, path);
  return checked((json) => scalarFromJson(type, json));
}

function readMap(json: Json, path: Path, keyType: string, read: Read): unknown {
  if (!isJsonObject(json)) throw invalid(path, 'an object was expected');
  const entries = Object.keys(json)
    .sort(compareStrings)
    .map((key): [string, unknown] => {
      const at = { parent: path, step: `[${JSON.stringify(key)}]` };
      return [checked(() => mapKeyFromJson(keyType, key))(key, at), read(json[key] ?? null, at)];
    });
  return Object.fromEntries(entries);
}

function readList(json: Json, path: Path, read: Read): unknown {
  if (!isJsonArray(json)) throw invalid(path, 'a list was expected');
  return json.map((item, index) => read(item, { parent: path, step: `[${index}]` }));
}

function readEnum(type: Enum, json: Json, path: Path): number {
  if (json === null && type.fullName === '.google.protobuf.NullValue') return 0;
  if (typeof json === 'number' && Number.isInteger(json)) return json;
  const number = typeof json === 'string' && Object.hasOwn(type.values, json) ? type.values[json] : undefined;
  if (number === undefined) throw invalid(path, `not one of ${Object.keys(type.values).join(', ')}`);
  return number;
}

function takesNull({ resolvedType }: Field): boolean {
  const name = resolvedType?.fullName;
  return name === '.google.protobuf.Value' || name === '.google.protobuf.NullValue';
}

/** Messages with a JSON form of their own, by their name in the reflection. */
const wellKnownReaders: Readonly<Record<string, Read>> = {
  '.google.protobuf.Any': readAny,
  '.google.protobuf.Duration': checked(durationFromJson),
  '.google.protobuf.Timestamp': checked(timestampFromJson),
  '.google.protobuf.Struct': readStruct,
  '.google.protobuf.Value': structValue,
  '.google.protobuf.ListValue': (json, path) => ({ values: readList(json, path, structValue) }),
  '.google.protobuf.DoubleValue': wrapperReader('double'),
  '.google.protobuf.FloatValue': wrapperReader('float'),
  '.google.protobuf.Int64Value': wrapperReader('int64'),
  '.google.protobuf.UInt64Value': wrapperReader('uint64'),
  '.google.protobuf.Int32Value': wrapperReader('int32'),
  '.google.protobuf.UInt32Value': wrapperReader('uint32'),
  '.google.protobuf.BoolValue': wrapperReader('bool'),
  '.google.protobuf.StringValue': wrapperReader('string'),
  '.google.protobuf.BytesValue': wrapperReader('bytes'),
};

function wrapperReader(type: string): Read {
  return checked((json) => ({ value: scalarFromJson(type, json) }));
}

function readStruct(json: Json, path: Path): unknown {
  if (!isJsonObject(json)) throw invalid(path, 'an object was expected');
  return struct(json);
}

function readAny(json: Json, path: Path): unknown {
  if (!isJsonObject(json)) throw invalid(path, 'an object with "@type" was expected');
  const { '@type': typeUrl, ...rest } = json;
  if (typeUrl === undefined && Object.keys(rest).length === 0) return {};
  if (typeof typeUrl !== 'string') throw invalid(path, 'the Any has no "@type"');
  const type = findMessageType(fullNameOf(typeUrl));
  if (type === undefined) return { typeUrl, value: readOpaque(rest, typeUrl, path) };
  const inner = hasOwnJson(type.reflected) ? (rest['value'] ?? null) : rest;
  return { typeUrl, value: type.encode(messageReader(type.reflected)(inner, path) as object) };
}

/** The bytes of a message of unknown type, which can only be in base64. */
function readOpaque(json: JsonObject, typeUrl: string, path: Path): unknown {
  const other = Object.keys(json).find((key) => key !== 'value');
  if (other !== undefined) throw invalid(path, `${fullNameOf(typeUrl)} is not a type that is known`);
  return checked((value) => scalarFromJson('bytes', value))(json['value'] ?? '', {
    parent: path,
    step: '.value',
  });
}

/** Reads with a function that does not know where its value stands. */
function checked<T>(read: (json: Json) => T): (json: Json, path: Path) => T {
  return (json, path) => {
    try {
      return read(json);
    } catch (error) {
      if (error instanceof JsonValueError)
        throw invalid(path, `${error.message}, not ${JSON.stringify(json)}`);
      throw error;
    }
  };
}

/** Whether unknown fields are passed over; if so, this one is told of. */
function passedOver(path: Path): boolean {
  let root = path;
  while (root.parent !== undefined) root = root.parent;
  root.unknown?.(pathText(path));
  return root.unknown !== undefined;
}

function invalid(path: Path, reason: string): PilotError {
  return new PilotError('JSON_INVALID', `${pathText(path)}: ${reason}`);
}

function pathText(path: Path): string {
  let text = '';
  for (let at: Path | undefined = path; at !== undefined; at = at.parent) text = at.step + text;
  return text;
}
