/**
 * Decoding messages that another version may have encoded: `decodeToJson` drops fields that its definitions do not
 * have; here they are kept, each as its bytes in base64 under `(field NUMBER)`, so that a comparison sees them.
 */
import protobuf, { type Field, type Reader, type Type } from 'protobufjs/light.js';
import type { UnknownReporter } from './json-canonical.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-value.js';
import { decodeToJson, hasOwnJson } from './json-write.js';
import { findMessageType } from './message-type.js';
import { fullNameOf } from './type-urls.js';

/** Where something stands in the JSON of a message: keys of objects and places in lists. */
type Steps = readonly (string | number)[];

interface UnknownField {
  readonly steps: Steps;
  readonly message: string;
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * The JSON of an encoded message, with the fields that are not known. Types inside an Any that are not known stay
 * bytes. Both are told to `report`.
 * @throws when the bytes cannot be decoded as this type
 */
export function decodeLosslessly(typeUrl: string, bytes: Uint8Array, report: UnknownReporter): JsonObject {
  const json = decodeToJson(typeUrl, bytes);
  const type = findMessageType(fullNameOf(typeUrl));
  if (type === undefined) {
    report({ what: 'type', name: fullNameOf(typeUrl) });
    return json;
  }
  const found: UnknownField[] = [];
  walk(type.reflected, bytes, [], found, report);
  for (const unknown of found) {
    report({ what: 'field', name: `${unknown.message} number ${unknown.number}` });
    insert(json, unknown);
  }
  return json;
}

/** Goes over the wire format of a message and gathers what its type has no field for. */
function walk(
  type: Type,
  bytes: Uint8Array,
  steps: Steps,
  found: UnknownField[],
  report: UnknownReporter,
): void {
  if (type.fullName === '.google.protobuf.Any') return walkAny(bytes, steps, found, report);
  if (hasOwnJson(type)) return;
  const reader = protobuf.Reader.create(bytes);
  const places = new Map<Field, number>();
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3];
    if (field === undefined) {
      reader.skipType(tag & 7);
      const rest = bytes.subarray(start, reader.pos);
      found.push({ steps, message: type.fullName.slice(1), number: tag >>> 3, bytes: rest });
    } else walkField(field, tag & 7, reader, steps, places, found, report);
  }
}

function walkField(
  field: Field,
  wireType: number,
  reader: Reader,
  steps: Steps,
  places: Map<Field, number>,
  found: UnknownField[],
  report: UnknownReporter,
): void {
  const { resolvedType, protoName } = field.resolve();
  if (!(resolvedType instanceof protobuf.Type) || wireType !== 2) {
    reader.skipType(wireType);
    return;
  }
  const inner = reader.bytes();
  if (field.map) {
    const { key, value } = textAndBytes(inner);
    walk(resolvedType, value, [...steps, protoName, key], found, report);
  } else if (field.repeated) {
    const place = places.get(field) ?? 0;
    places.set(field, place + 1);
    walk(resolvedType, inner, [...steps, protoName, place], found, report);
  } else walk(resolvedType, inner, [...steps, protoName], found, report);
}

/** A text in field 1 and bytes in field 2: the entry of a map of messages with text keys, or an Any. */
function textAndBytes(bytes: Uint8Array): { key: string; value: Uint8Array } {
  const reader = protobuf.Reader.create(bytes);
  let key = '';
  let value: Uint8Array = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) key = reader.string();
    else if (tag === 0x12) value = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return { key, value };
}

function walkAny(bytes: Uint8Array, steps: Steps, found: UnknownField[], report: UnknownReporter): void {
  const { key: typeUrl, value } = textAndBytes(bytes);
  if (typeUrl === '') return;
  const type = findMessageType(fullNameOf(typeUrl));
  if (type === undefined) report({ what: 'type', name: fullNameOf(typeUrl) });
  else walk(type.reflected, value, steps, found, report);
}

function insert(json: JsonObject, { steps, number, bytes }: UnknownField): void {
  let at: Json | undefined = json;
  for (const step of steps) {
    if (typeof step === 'number') at = isJsonArray(at) ? at[step] : undefined;
    else at = isJsonObject(at) ? at[step] : undefined;
  }
  if (!isJsonObject(at)) return;
  const target = at as Record<string, Json>;
  const key = `(field ${number})`;
  const before = target[key];
  const all = typeof before === 'string' ? [Buffer.from(before, 'base64'), bytes] : [bytes];
  target[key] = Buffer.concat(all).toString('base64');
}
