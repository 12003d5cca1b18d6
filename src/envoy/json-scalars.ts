/** Single values in canonical protobuf JSON: numbers, 64-bit numbers, floats, bytes; both ways. */
import type { Int64 } from '../gen/xds.js';
import type { Json } from './json-value.js';

/** A value that is not what its field takes; the message says what was expected. */
export class JsonValueError extends Error {}

const integerRanges: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

/** Whether a scalar type has 64-bit integers, which JSON holds as strings. */
function is64Bit(type: string): boolean {
  return type.endsWith('64');
}

/** Writes a value of a protobuf scalar type. */
export function scalarToJson(type: string, value: unknown): Json {
  if (is64Bit(type)) return bigIntOf(value).toString();
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (type === 'float' || type === 'double') return floatToJson(value as number, type === 'float');
  return value as Json;
}

/** Whether a value is what an unset field of its type reads as. */
export function isDefault(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    return value instanceof Uint8Array ? value.length === 0 : bigIntOf(value) === 0n;
  }
  return value === 0 || value === '' || value === false || value === '0';
}

/** A 64-bit integer in any form that protobufjs takes or gives. */
export function bigIntOf(value: unknown): bigint {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint')
    return BigInt(value);
  const { low, high, unsigned } = value as Int64;
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0);
}

/** A 64-bit integer as protobufjs takes it: a number where that is exact. */
export function int64Of(value: bigint, unsigned: boolean): number | Int64 {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned };
}

/**
 * Reads a value of a protobuf scalar type.
 * @throws {JsonValueError} when it is not one
 */
export function scalarFromJson(type: string, json: Json): string | number | boolean | Int64 | Uint8Array {
  switch (type) {
    case 'string':
      if (typeof json !== 'string') throw new JsonValueError('a string was expected');
      return json;
    case 'bool':
      if (typeof json !== 'boolean') throw new JsonValueError('true or false was expected');
      return json;
    case 'bytes':
      return bytesFromJson(json);
    case 'float':
    case 'double':
      return floatFromJson(json);
    default:
      return integerFromJson(type, json);
  }
}

/** The key of a map entry, of any scalar type that may be one; its canonical text. */
export function mapKeyFromJson(type: string, key: string): string {
  if (type === 'string') return key;
  if (type !== 'bool') return bigIntOf(integerFromJson(type, key)).toString();
  if (key !== 'true' && key !== 'false') throw new JsonValueError('a key of true or false was expected');
  return key;
}

function floatToJson(value: number, isFloat32: boolean): Json {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  // The search below goes through text, which would lose the sign of a negative zero.
  return isFloat32 && value !== 0 ? shortestFloat32(value) : value;
}

/** The number of the fewest digits that is the same 32-bit float. */
function shortestFloat32(value: number): number {
  const rounded = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(rounded.toPrecision(digits));
    if (Math.fround(candidate) === rounded) return candidate;
  }
  return Number(rounded.toPrecision(9));
}

function floatFromJson(json: Json): number {
  if (typeof json === 'number') return json;
  if (json === 'NaN') return NaN;
  if (json === 'Infinity') return Infinity;
  if (json === '-Infinity') return -Infinity;
  if (typeof json === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(json)) return Number(json);
  throw new JsonValueError('a number was expected');
}

function integerFromJson(type: string, json: Json): number | Int64 {
  const [min, max] = integerRanges[type] ?? [0n, 0n];
  const isText = typeof json === 'string' && /^-?\d+$/.test(json);
  const isNumber = typeof json === 'number' && Number.isInteger(json);
  if (!isText && !isNumber) throw new JsonValueError(`a whole number (${type}) was expected`);
  const value = BigInt(json);
  if (value < min || value > max) throw new JsonValueError(`out of range for ${type}`);
  return is64Bit(type) ? int64Of(value, min === 0n) : Number(value);
}

function bytesFromJson(json: Json): Uint8Array {
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json)) {
    throw new JsonValueError('a base64 string was expected');
  }
  return Buffer.from(json, 'base64');
}
