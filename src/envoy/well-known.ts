/**
 * Shapes of protobuf's well-known messages. What is made here is in a fixed order, so that equal input gives equal
 * bytes.
 */
import { compareStrings } from '../base/compare.js';
import type {
  BoolValueShape,
  DurationShape,
  StructShape,
  TimestampShape,
  UInt32ValueShape,
  ValueShape,
} from './messages.js';

/** A JSON value in which an undefined field is as good as none. */
export type JsonInput = null | boolean | number | string | readonly JsonInput[] | JsonObjectInput;

/** A JSON object in which an undefined field is as good as none. */
export interface JsonObjectInput {
  readonly [key: string]: JsonInput | undefined;
}

/** A length of time, given in milliseconds, exact to the nanosecond. */
export function duration(milliseconds: number): DurationShape {
  const seconds = Math.trunc(milliseconds / 1000);
  const nanos = Math.round((milliseconds - seconds * 1000) * 1e6);
  return Math.abs(nanos) === 1e9 ? { seconds: seconds + Math.sign(nanos) } : { seconds, nanos };
}

/** A moment, given in whole milliseconds since the epoch. */
export function timestamp(milliseconds: number): TimestampShape {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

/** A number in the wrapper that tells 0 from unset. */
export function uint32(value: number): UInt32ValueShape {
  return { value };
}

/** A truth value in the wrapper that tells false from unset. */
export function boolValue(value: boolean): BoolValueShape {
  return { value };
}

/** A JSON object as a Struct, its keys sorted at every depth; undefined fields are left out. */
export function struct(object: JsonObjectInput): StructShape {
  const fields = Object.entries(object)
    .filter((entry): entry is [string, JsonInput] => entry[1] !== undefined)
    .map(([key, value]): [string, ValueShape] => [key, structValue(value)]);
  return { fields: sortedMap(fields) };
}

/** A JSON value as a Value. */
export function structValue(value: JsonInput): ValueShape {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (isArray(value)) return { listValue: { values: value.map(structValue) } };
  return { structValue: struct(value) };
}

/**
 * The object of a map field, its keys sorted: entries are encoded in the order of the object's keys. (Keys that
 * look like array indices come first in every object, in the order of their numbers, so that is fixed too.)
 */
export function sortedMap<V>(entries: Iterable<readonly [string, V]>): { readonly [key: string]: V } {
  return Object.fromEntries([...entries].sort(([a], [b]) => compareStrings(a, b)));
}

function isArray(value: JsonInput): value is readonly JsonInput[] {
  return Array.isArray(value);
}
