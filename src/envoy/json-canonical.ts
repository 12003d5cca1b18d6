/**
 * JSON of messages that others wrote, brought to the form that `toJson` writes: names of the .proto files, keys
 * sorted, defaults left out, numbers and durations in one spelling. Nothing is lost: what this version's definitions
 * do not know stays as it stands, and is told.
 */
import protobuf, { type Field, type Type } from 'protobufjs/light.js';
import { compareStrings } from '../base/compare.js';
import { isDefault, JsonValueError, scalarFromJson, scalarToJson } from './json-scalars.js';
import { durationFromJson, durationToJson, timestampFromJson, timestampToJson } from './json-time.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-value.js';
import { hasOwnJson } from './json-write.js';
import { findMessageType } from './message-type.js';
import { fullNameOf } from './type-urls.js';

/** What the definitions of this version do not say the meaning of. */
export interface Unknown {
  /** A field of a known message, the type inside an Any, or a value that its field cannot have. */
  readonly what: 'field' | 'type' | 'value';
  /** `message.field`, the full name of the type, or `message.field` again. */
  readonly name: string;
}

/** Is told each unknown thing, each time that it is met. */
export type UnknownReporter = (unknown: Unknown) => void;

/**
 * The canonical JSON of a message of the type that `typeUrl` names; field names may be those of the .proto file or
 * lowerCamelCase, an enum a name or a number, a 64-bit integer a number or text. An `@type` of its own is left out.
 */
export function canonicalJson(typeUrl: string, json: JsonObject, report: UnknownReporter): JsonObject {
  const { '@type': _, ...fields } = json;
  const type = findMessageType(fullNameOf(typeUrl));
  if (type === undefined) {
    report({ what: 'type', name: fullNameOf(typeUrl) });
    return fields;
  }
  const canonical = messageToCanonical(type.reflected, fields, report);
  return isJsonObject(canonical) ? canonical : fields;
}

type Canonical = (json: Json, report: UnknownReporter) => Json;

interface KnownField {
  readonly key: string;
  readonly canonical: Canonical;
  readonly isLeftOut: (value: Json) => boolean;
}

const knownFields = new WeakMap<Type, ReadonlyMap<string, KnownField>>();

function messageToCanonical(type: Type, json: Json, report: UnknownReporter): Json {
  if (type.fullName === '.google.protobuf.Any') return anyToCanonical(json, report);
  if (hasOwnJson(type)) return ownJsonToCanonical(type, json, report);
  if (!isJsonObject(json)) return unreadable(type.fullName, json, report);
  const fields = fieldsOf(type);
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(json)) {
    const field = fields.get(key);
    if (field === undefined) {
      report({ what: 'field', name: `${type.fullName.slice(1)}.${key}` });
      entries.push([key, value]);
    } else if (value !== null) {
      const canonical = field.canonical(value, report);
      if (!field.isLeftOut(canonical)) entries.push([field.key, canonical]);
    }
  }
  return Object.fromEntries(entries.sort(([a], [b]) => compareStrings(a, b)));
}

function fieldsOf(type: Type): ReadonlyMap<string, KnownField> {
  const known = knownFields.get(type);
  if (known !== undefined) return known;
  const made = new Map<string, KnownField>();
  for (const field of type.fieldsArray) {
    const { protoName, jsonName, name } = field.resolve();
    const one = knownField(type, field);
    for (const key of [name, jsonName, protoName]) made.set(key, one);
  }
  knownFields.set(type, made);
  return made;
}

function knownField(type: Type, field: Field): KnownField {
  const single = singleToCanonical(type, field);
  const key = field.protoName;
  if (field.map) {
    return {
      key,
      canonical: (json, report) =>
        isJsonObject(json)
          ? sortedEntries(json, (value) => single(value, report))
          : unreadable(`${type.fullName}.${key}`, json, report),
      isLeftOut: (value) => isJsonObject(value) && Object.keys(value).length === 0,
    };
  }
  if (field.repeated) {
    return {
      key,
      canonical: (json, report) =>
        isJsonArray(json)
          ? json.map((value) => single(value, report))
          : unreadable(`${type.fullName}.${key}`, json, report),
      isLeftOut: (value) => isJsonArray(value) && value.length === 0,
    };
  }
  const present = field.hasPresence || field.resolvedType instanceof protobuf.Type;
  const zero = field.resolvedType instanceof protobuf.Enum ? field.resolvedType.valuesById[0] : undefined;
  return {
    key,
    canonical: single,
    isLeftOut: (value) =>
      !present && (value === zero || (zero === undefined && typeof value !== 'object' && isDefault(value))),
  };
}

function singleToCanonical(type: Type, field: Field): Canonical {
  const { resolvedType, type: scalar, protoName } = field;
  const name = `${type.fullName}.${protoName}`;
  if (resolvedType instanceof protobuf.Type)
    return (json, report) => messageToCanonical(resolvedType, json, report);
  if (resolvedType instanceof protobuf.Enum) {
    const { values, valuesById } = resolvedType;
    return (json, report) => {
      if (typeof json === 'number') return valuesById[json] ?? json;
      return typeof json === 'string' && Object.hasOwn(values, json) ? json : unreadable(name, json, report);
    };
  }
  return readable(name, (json) => scalarToJson(scalar, scalarFromJson(scalar, json)));
}

const wrappers: Readonly<Record<string, string>> = {
  '.google.protobuf.DoubleValue': 'double',
  '.google.protobuf.FloatValue': 'float',
  '.google.protobuf.Int64Value': 'int64',
  '.google.protobuf.UInt64Value': 'uint64',
  '.google.protobuf.Int32Value': 'int32',
  '.google.protobuf.UInt32Value': 'uint32',
  '.google.protobuf.BoolValue': 'bool',
  '.google.protobuf.StringValue': 'string',
  '.google.protobuf.BytesValue': 'bytes',
};

function ownJsonToCanonical({ fullName }: Type, json: Json, report: UnknownReporter): Json {
  const wrapped = wrappers[fullName];
  if (wrapped !== undefined)
    return readable(fullName, (value) => scalarToJson(wrapped, scalarFromJson(wrapped, value)))(json, report);
  if (fullName === '.google.protobuf.Duration')
    return readable(fullName, (value) => durationToJson(durationFromJson(value)))(json, report);
  if (fullName === '.google.protobuf.Timestamp')
    return readable(fullName, (value) => timestampToJson(timestampFromJson(value)))(json, report);
  return sortedDeep(json);
}

/** An Any of a type that is not known stays as it stands. */
function anyToCanonical(json: Json, report: UnknownReporter): Json {
  if (!isJsonObject(json)) return unreadable('.google.protobuf.Any', json, report);
  const { '@type': typeUrl, ...rest } = json;
  if (typeof typeUrl !== 'string') {
    return Object.keys(json).length === 0 ? json : unreadable('.google.protobuf.Any', json, report);
  }
  const type = findMessageType(fullNameOf(typeUrl));
  if (type === undefined) {
    report({ what: 'type', name: fullNameOf(typeUrl) });
    return sortedDeep(json);
  }
  if (hasOwnJson(type.reflected)) {
    const value = messageToCanonical(type.reflected, rest['value'] ?? null, report);
    return { '@type': typeUrl, value };
  }
  const fields = messageToCanonical(type.reflected, rest, report);
  return isJsonObject(fields) ? { '@type': typeUrl, ...fields } : json;
}

function readable(name: string, read: (json: Json) => Json): Canonical {
  return (json, report) => {
    try {
      return read(json);
    } catch (error) {
      if (error instanceof JsonValueError) return unreadable(name, json, report);
      throw error;
    }
  };
}

function unreadable(name: string, json: Json, report: UnknownReporter): Json {
  report({ what: 'value', name: name.replace(/^\./, '') });
  return json;
}

function sortedEntries(object: JsonObject, each: (value: Json) => Json): JsonObject {
  return Object.fromEntries(
    Object.keys(object)
      .sort(compareStrings)
      .map((key) => [key, each(object[key] ?? null)]),
  );
}

function sortedDeep(json: Json): Json {
  if (isJsonArray(json)) return json.map(sortedDeep);
  return isJsonObject(json) ? sortedEntries(json, sortedDeep) : json;
}
