/** Values of metadata and of a proxy's own configuration, which may hold anything: what is not of a type counts as absent. */
import { parseDuration } from '../../config/decode/duration.js';

/** An object; undefined for anything else. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A text; empty for anything else. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A number, which may be written as text; 0 for anything else. */
export function asNumber(value: unknown): number {
  return optionalNumber(value) ?? 0;
}

/** A number, which may be written as text; undefined for anything else. */
export function optionalNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Milliseconds of a text such as `15s`; undefined for anything else. */
export function optionalDuration(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

/** Go's texts for true, and true itself. */
export function asFlag(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:1|t|T|true|TRUE|True)$/.test(value));
}

/** The name of an enum's value, which may be written as its number; the first one for anything else. */
export function asEnum<Name extends string>(value: unknown, names: readonly [Name, ...Name[]]): Name {
  const name = typeof value === 'number' ? names[value] : names.find((known) => known === value);
  return name ?? names[0];
}
