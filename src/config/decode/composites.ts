/** Decoders of lists, maps and messages, put together from those of their parts. */
import type { Cursor } from './cursor.js';
import { suggestion } from './describe.js';
import { isRecord } from '../../base/is-record.js';
import { type Decoder, type OptionalField } from './decoder.js';

/** A list; absent is empty. */
export function list<T>(item: Decoder<T>): Decoder<readonly T[]> {
  const zero: readonly T[] = Object.freeze([]);
  return {
    zero,
    decode: (value, at) => {
      if (Array.isArray(value))
        return value.map((entry: unknown, index) => item.decode(entry, at.item(index)));
      at.mismatch('a list', value);
      return zero;
    },
  };
}

/** A map by name; absent is empty. A name without a value holds the zero value, as in Kubernetes and in proto JSON. */
export function map<T>(entry: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  const zero: Readonly<Record<string, T>> = Object.freeze({});
  return {
    zero,
    decode: (value, at) => {
      if (!isRecord(value)) {
        at.mismatch('an object', value);
        return zero;
      }
      const result: Record<string, T> = {};
      for (const [key, raw] of Object.entries(value)) {
        setKey(result, key, raw === null || raw === undefined ? entry.zero : entry.decode(raw, at.key(key)));
      }
      return result;
    },
  };
}

/** A map by unsigned number. */
export function numberMap<T>(entry: Decoder<T>): Decoder<Readonly<Record<number, T>>> {
  const byText = map(entry);
  return {
    zero: byText.zero,
    decode: (value, at) => {
      if (isRecord(value)) {
        for (const key of Object.keys(value))
          if (!/^\d{1,10}$/.test(key)) at.key(key).error('the key has to be a number');
      }
      return byText.decode(value, at);
    },
  };
}

/** For each field of T: a decoder where the field is always there, an optional field where it may be absent. */
export type Fields<T> = {
  readonly [K in keyof T]-?: {} extends Pick<T, K> ? OptionalField<Exclude<T[K], undefined>> : Decoder<T[K]>;
};

export interface MessageOptions {
  /** Fields that Istio or Kubernetes know and Pilotlight does not read. */
  readonly ignored?: readonly string[];
  /** Fields of which at most one may be there. */
  readonly oneofs?: readonly (readonly string[])[];
  /** Fields that have to be there. */
  readonly required?: readonly string[];
}

/** A proto message: names in lowerCamelCase or snake_case; a field that does not exist is a warning. */
export function message<T extends object>(fields: Fields<T>, options: MessageOptions = {}): Decoder<T> {
  return structure(fields, { ...options, snakeCase: true, open: false });
}

/** An object of the Kubernetes API: names as they are; a field that does not exist is a warning. */
export function kubernetesObject<T extends object>(
  fields: Fields<T>,
  options: MessageOptions = {},
): Decoder<T> {
  return structure(fields, { ...options, snakeCase: false, open: false });
}

/** An object of the Kubernetes API of which only a few of many fields are read: nothing is said of the others. */
export function openObject<T extends object>(fields: Fields<T>, options: MessageOptions = {}): Decoder<T> {
  return structure(fields, { ...options, snakeCase: false, open: true });
}

interface StructureOptions extends MessageOptions {
  readonly snakeCase: boolean;
  readonly open: boolean;
}

type AnyField = Decoder<unknown> | OptionalField<unknown>;

function structure<T extends object>(fields: Fields<T>, options: StructureOptions): Decoder<T> {
  const entries = Object.entries(fields) as readonly (readonly [string, AnyField])[];
  const known = new Set([...entries.map(([name]) => name), ...(options.ignored ?? [])]);
  const zero = Object.freeze(
    Object.fromEntries(entries.flatMap(([name, field]) => ('optional' in field ? [] : [[name, field.zero]]))),
  ) as T;
  return {
    zero,
    decode: (value, at) => {
      if (!isRecord(value)) {
        at.mismatch('an object', value);
        return zero;
      }
      const written = options.snakeCase ? snakeCaseNames(value) : noNames;
      if (!options.open) warnOfUnknown(value, known, options.snakeCase, at);
      checkPresence(value, written, options, at);
      const result: Record<string, unknown> = {};
      for (const [name, field] of entries)
        decodeField(result, name, field, value, written.get(name) ?? name, at);
      return result as T;
    },
  };
}

function decodeField(
  result: Record<string, unknown>,
  name: string,
  field: AnyField,
  message: Readonly<Record<string, unknown>>,
  written: string,
  at: Cursor,
): void {
  const value = message[written];
  const absent = value === undefined || value === null;
  if (!('optional' in field)) {
    result[name] = absent ? field.zero : field.decode(value, at.field(written));
    return;
  }
  if (absent) return;
  const decoded = field.optional.decode(value, at.field(written));
  if (decoded === undefined || (field.unlessZero && isZero(decoded, field.optional))) return;
  result[name] = decoded;
}

function isZero(value: unknown, { zero }: Decoder<unknown>): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === zero || (isRecord(value) && Object.keys(value).length === 0);
}

const noNames: ReadonlyMap<string, string> = new Map();

/** lowerCamelCase names of the fields that are written in snake_case, with what is written. */
function snakeCaseNames(value: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const names = Object.keys(value).filter((name) => name.includes('_'));
  return names.length === 0 ? noNames : new Map(names.map((name) => [camelCase(name), name]));
}

/** The lowerCamelCase form that proto JSON gives a name in snake_case. */
export function camelCase(name: string): string {
  return name.includes('_')
    ? name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
    : name;
}

function warnOfUnknown(
  value: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  snakeCase: boolean,
  at: Cursor,
): void {
  for (const key of Object.keys(value)) {
    if (known.has(snakeCase ? camelCase(key) : key)) continue;
    at.field(key).warn(`unknown field${suggestion(key, known)}`);
  }
}

function checkPresence(
  value: Readonly<Record<string, unknown>>,
  written: ReadonlyMap<string, string>,
  { oneofs = [], required = [] }: MessageOptions,
  at: Cursor,
): void {
  const isPresent = (name: string): boolean => {
    const field = value[written.get(name) ?? name];
    return field !== undefined && field !== null;
  };
  for (const name of required) if (!isPresent(name)) at.field(name).error('is missing');
  for (const names of oneofs) {
    const [first, second] = names.filter(isPresent);
    if (second !== undefined) at.field(second).error(`cannot be given together with ${first ?? ''}`);
  }
}

/** Sets a key of any name; the name `__proto__` would otherwise set the object's prototype. */
function setKey<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else target[key] = value;
}
