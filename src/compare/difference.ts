/**
 * The structural difference of two JSON trees: every leaf that is on one side only or has another value, with the
 * path to it. Lists are compared in their order; where both sides' elements have unique keys (names, addresses)
 * the elements are matched by key, so that one element more does not make all that follow it differ, and a mere
 * change of order is said as such.
 */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';

/** One difference. `left` or `right` is absent where only the other side has something. */
export type Difference =
  | { readonly kind: 'only-left'; readonly path: string; readonly left: Json }
  | { readonly kind: 'only-right'; readonly path: string; readonly right: Json }
  | { readonly kind: 'changed'; readonly path: string; readonly left: Json; readonly right: Json }
  /** The same keyed elements in another order; the values are lists of keys. */
  | { readonly kind: 'order'; readonly path: string; readonly left: Json; readonly right: Json };

/** All differences of two trees, in the order of the left one; empty when they are equal. */
export function differences(left: Json, right: Json, path = ''): Difference[] {
  const found: Difference[] = [];
  compareValues(left, right, path, found);
  return found;
}

function compareValues(left: Json, right: Json, path: string, found: Difference[]): void {
  if (isJsonObject(left) && isJsonObject(right)) compareObjects(left, right, path, found);
  else if (isJsonArray(left) && isJsonArray(right)) compareArrays(left, right, path, found);
  else if (!Object.is(left, right)) found.push({ kind: 'changed', path, left, right });
}

function compareObjects(left: JsonObject, right: JsonObject, path: string, found: Difference[]): void {
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    compareOptional(own(left, key), own(right, key), joinPath(path, key), found);
  }
}

function compareOptional(
  left: Json | undefined,
  right: Json | undefined,
  path: string,
  found: Difference[],
): void {
  if (left === undefined && right === undefined) return;
  if (left === undefined) found.push({ kind: 'only-right', path, right: right ?? null });
  else if (right === undefined) found.push({ kind: 'only-left', path, left });
  else compareValues(left, right, path, found);
}

function compareArrays(
  left: readonly Json[],
  right: readonly Json[],
  path: string,
  found: Difference[],
): void {
  const leftKeys = uniqueKeys(left);
  const rightKeys = uniqueKeys(right);
  if (leftKeys === undefined || rightKeys === undefined) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      compareOptional(left[index], right[index], `${path}[${index}]`, found);
    }
    return;
  }
  for (const key of new Set([...leftKeys.keys(), ...rightKeys.keys()])) {
    compareOptional(leftKeys.get(key), rightKeys.get(key), `${path}[${key}]`, found);
  }
  const leftOrder = [...leftKeys.keys()].filter((key) => rightKeys.has(key));
  const rightOrder = [...rightKeys.keys()].filter((key) => leftKeys.has(key));
  if (leftOrder.some((key, index) => key !== rightOrder[index])) {
    found.push({ kind: 'order', path, left: leftOrder, right: rightOrder });
  }
}

/** A list's elements by key, or undefined when some element has no key or two have the same. */
function uniqueKeys(list: readonly Json[]): ReadonlyMap<string, Json> | undefined {
  const byKey = new Map<string, Json>();
  for (const item of list) {
    const key = elementKey(item);
    if (key === undefined || byKey.has(key)) return undefined;
    byKey.set(key, item);
  }
  return byKey;
}

/** What identifies a list's element in Envoy's configuration: a name, an address, a locality. */
function elementKey(item: Json): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const named = own(item, 'name') ?? own(item, 'cluster_name');
  if (typeof named === 'string') return `name=${named}`;
  const endpoint = own(item, 'endpoint');
  if (isJsonObject(endpoint)) return `address=${addressText(endpoint)}`;
  const locality = own(item, 'locality');
  if (isJsonObject(locality)) {
    const parts = ['region', 'zone', 'sub_zone'].map((part) => text(own(locality, part)));
    return `locality=${parts.join('/')},priority=${text(own(item, 'priority'))}`;
  }
  return undefined;
}

function addressText(endpoint: JsonObject): string {
  const address = own(endpoint, 'address');
  const socket = isJsonObject(address) ? own(address, 'socket_address') : undefined;
  if (isJsonObject(socket)) return `${text(own(socket, 'address'))}:${text(own(socket, 'port_value'))}`;
  return JSON.stringify(address ?? null);
}

function text(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function joinPath(path: string, key: string): string {
  if (!/^[\w@-]+$/.test(key)) return `${path}["${key}"]`;
  return path === '' ? key : `${path}.${key}`;
}
