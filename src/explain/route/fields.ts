/** Fields of resources in JSON, of which any may be missing. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../envoy/json-value.js';

/** The value at a path of field names. */
export function field(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = value;
  for (const name of path) at = isJsonObject(at) ? at[name] : undefined;
  return at;
}

/** A text at a path; empty if there is none. Numbers, and enums in JSON, are texts too. */
export function text(value: Json | undefined, ...path: readonly string[]): string {
  const found = field(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

/** A number at a path. */
export function number(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const found = text(value, ...path);
  return found === '' || Number.isNaN(Number(found)) ? undefined : Number(found);
}

/** The objects of a list at a path. */
export function objects(value: Json | undefined, ...path: readonly string[]): readonly JsonObject[] {
  const found = field(value, ...path);
  return isJsonArray(found) ? found.filter(isJsonObject) : [];
}

/** The texts of a list at a path. */
export function texts(value: Json | undefined, ...path: readonly string[]): readonly string[] {
  const found = field(value, ...path);
  return isJsonArray(found) ? found.filter((entry): entry is string => typeof entry === 'string') : [];
}
