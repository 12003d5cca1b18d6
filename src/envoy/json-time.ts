/** Durations and timestamps in canonical protobuf JSON. */
import type { Int64 } from '../gen/xds.js';
import { bigIntOf, int64Of, JsonValueError } from './json-scalars.js';
import type { Json } from './json-value.js';

/** Fields of Duration and of Timestamp. */
export interface SecondsAndNanos {
  readonly seconds?: unknown;
  readonly nanos?: unknown;
}

const longestDuration = 315_576_000_000n;

/** Such as `10s`, `0.100s`: seconds with no, 3, 6 or 9 digits of fraction. */
export function durationToJson({ seconds, nanos }: SecondsAndNanos): string {
  const whole = bigIntOf(seconds ?? 0);
  const fraction = typeof nanos === 'number' ? nanos : 0;
  const sign = whole < 0n || fraction < 0 ? '-' : '';
  return `${sign}${whole < 0n ? -whole : whole}${fractionDigits(Math.abs(fraction))}s`;
}

/** @throws {JsonValueError} when it is no duration */
export function durationFromJson(json: Json): { seconds: number | Int64; nanos: number } {
  const parts = typeof json === 'string' ? /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(json) : null;
  if (parts === null) throw new JsonValueError('a duration such as "1.500s" was expected');
  const [, sign, whole = '0', fraction = ''] = parts;
  const seconds = BigInt(whole);
  if (seconds > longestDuration) throw new JsonValueError('out of range for a duration');
  const nanos = Number(fraction.padEnd(9, '0'));
  return sign === '-'
    ? { seconds: int64Of(-seconds, false), nanos: 0 - nanos }
    : { seconds: Number(seconds), nanos };
}

/** Such as `2026-01-02T03:04:05.600Z`. */
export function timestampToJson({ seconds, nanos }: SecondsAndNanos): string {
  const date = new Date(Number(bigIntOf(seconds ?? 0)) * 1000);
  return date.toISOString().replace(/\.000Z$/, `${fractionDigits(typeof nanos === 'number' ? nanos : 0)}Z`);
}

/** @throws {JsonValueError} when it is no RFC 3339 time */
export function timestampFromJson(json: Json): { seconds: number; nanos: number } {
  const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
  const parts = typeof json === 'string' ? pattern.exec(json) : null;
  const milliseconds = parts === null ? NaN : Date.parse(`${parts[1]}${parts[3]}`);
  if (Number.isNaN(milliseconds))
    throw new JsonValueError('a time such as "2026-01-02T03:04:05Z" was expected');
  return { seconds: milliseconds / 1000, nanos: Number((parts?.[2] ?? '').padEnd(9, '0')) };
}

/** A fraction of a second with its point, in the fewest groups of three digits; nothing for none. */
function fractionDigits(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.replace(/(000){1,2}$/, '')}`;
}
