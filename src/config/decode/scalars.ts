/** Decoders of single values. */
import type { Cursor } from './cursor.js';
import { describeValue, suggestion } from './describe.js';
import { isRecord } from '../../base/is-record.js';
import { type Decoder } from './decoder.js';
import { parseDuration } from './duration.js';

export const string: Decoder<string> = {
  zero: '',
  decode: (value, at) => {
    if (typeof value === 'string') return value;
    at.mismatch('a string', value);
    return '';
  },
};

/** A string that has to say something. */
export const nonEmptyString: Decoder<string> = {
  zero: '',
  decode: (value, at) => {
    if (value === '') at.error('must not be empty');
    return string.decode(value, at);
  },
};

export const boolean: Decoder<boolean> = {
  zero: false,
  decode: (value, at) => {
    if (typeof value === 'boolean') return value;
    at.mismatch('true or false', value);
    return false;
  },
};

/** Any finite number; also as text, as proto JSON allows. */
export const double: Decoder<number> = {
  zero: 0,
  decode: (value, at) => {
    const number = numberOf(value);
    if (number !== undefined) return number;
    at.mismatch('a number', value);
    return 0;
  },
};

export const int32 = protoInteger(-(2 ** 31), 2 ** 31 - 1);
export const uint32 = protoInteger(0, 2 ** 32 - 1);
/** Values beyond 2^53 lose precision; no field of Istio's has use for them. */
export const uint64 = protoInteger(0, 2 ** 64);

/** An integer of the Kubernetes API, where text is not a number. */
export const kubernetesInteger: Decoder<number> = {
  zero: 0,
  decode: (value, at) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    at.mismatch('an integer', value);
    return 0;
  },
};

/** The number or the name of a port. */
export const intOrString: Decoder<number | string> = {
  zero: 0,
  decode: (value, at) => {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    at.mismatch('a number or a name', value);
    return 0;
  },
};

/** Milliseconds, from text such as `10s`, `1.5s` or `100ms`. */
export const duration: Decoder<number> = {
  zero: 0,
  decode: (value, at) => {
    const milliseconds = typeof value === 'string' ? parseDuration(value) : undefined;
    if (milliseconds !== undefined) return milliseconds;
    at.mismatch('a duration such as "10s" or "100ms"', value);
    return 0;
  },
};

/** Seconds since the epoch, from RFC 3339 text. */
export const timestamp: Decoder<number> = {
  zero: 0,
  decode: (value, at) => {
    const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d)$/;
    const milliseconds = typeof value === 'string' && rfc3339.test(value) ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(milliseconds)) return Math.floor(milliseconds / 1000);
    at.mismatch('a time such as "2026-01-31T12:00:00Z"', value);
    return 0;
  },
};

/** Bytes in base64, kept as text. */
export const base64: Decoder<string> = {
  zero: '',
  decode: (value, at) => {
    if (typeof value === 'string' && /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/.test(value))
      return value;
    at.mismatch('bytes in base64', value);
    return '';
  },
};

/** Any JSON object, as it is. */
export const jsonObject: Decoder<Readonly<Record<string, unknown>>> = {
  zero: {},
  decode: (value, at) => {
    if (isRecord(value)) return value;
    at.mismatch('an object', value);
    return {};
  },
};

/** A proto enumeration: its names with their numbers. Either may be written; the zero value is that of number 0. */
export function enumeration<N extends string>(numbers: Readonly<Record<N, number>>): Decoder<N> {
  const names = Object.keys(numbers) as N[];
  const byValue = new Map<unknown, N>(
    names.flatMap((name) => [
      [name, name],
      [numbers[name], name],
    ]),
  );
  const zero = byValue.get(0);
  if (zero === undefined) throw new Error('an enumeration has to have a value of number 0');
  return {
    zero,
    decode: (value, at) => {
      const name = byValue.get(value);
      if (name !== undefined) return name;
      mismatchedName(value, names, at);
      return zero;
    },
  };
}

/** One of several words of the Kubernetes API. There is no zero value: an absent field holds the first word. */
export function oneOfWords<W extends string>(first: W, ...others: readonly W[]): Decoder<W> {
  const words = [first, ...others];
  return {
    zero: first,
    decode: (value, at) => {
      const word = words.find((candidate) => candidate === value);
      if (word !== undefined) return word;
      mismatchedName(value, words, at);
      return first;
    },
  };
}

function mismatchedName(value: unknown, known: readonly string[], at: Cursor): void {
  const hint = typeof value === 'string' ? suggestion(value, known) : '';
  at.error(`expected one of ${known.join(', ')}, found ${describeValue(value)}${hint}`);
}

function protoInteger(least: number, most: number): Decoder<number> {
  return {
    zero: 0,
    decode: (value, at) => {
      const number = numberOf(value);
      if (number === undefined || !Number.isInteger(number)) at.mismatch('an integer', value);
      else if (number < least || number > most) at.error(`${number} is not between ${least} and ${most}`);
      else return number;
      return 0;
    },
  };
}

function numberOf(value: unknown): number | undefined {
  const isNumericText = typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(value);
  const number = isNumericText ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
