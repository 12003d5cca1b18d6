/** The difference of two answers: for each type, what is only here, only there, and different. */
import { compareStrings } from '../base/compare.js';
import { differences, type Difference } from './difference.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';

/**
 * What a proxy is served: lists of resources as canonical protobuf JSON by type (`cds`, `eds`, `lds`, `rds`,
 * `nds`), the shape of `pilotlight xds -o json`. An absent type was not asked for.
 */
export type Answer = { readonly [type: string]: readonly JsonObject[] };

/** One resource that differs between two answers. */
export type ResourceDifference =
  | { readonly kind: 'only-left' | 'only-right'; readonly type: string; readonly name: string }
  | {
      readonly kind: 'different';
      readonly type: string;
      readonly name: string;
      readonly differences: readonly Difference[];
    };

/** The name of a resource: `name`, or `cluster_name` of an assignment; the name table has none. */
export function resourceName(resource: JsonObject): string {
  const name = resource['name'] ?? resource['cluster_name'];
  return typeof name === 'string' ? name : '';
}

/**
 * Compares the resources of one type by name; order among resources does not count, all else does. Two resources
 * of one name on a side are told apart by their place (`name#2`). `compare` may remember what it found.
 */
export function compareResources(
  type: string,
  left: readonly JsonObject[],
  right: readonly JsonObject[],
  compare: (left: JsonObject, right: JsonObject) => readonly Difference[] = differences,
): ResourceDifference[] {
  const lefts = numbered(left);
  const rights = numbered(right);
  const names = [...new Set([...lefts.keys(), ...rights.keys()])].sort(compareStrings);
  return names.flatMap((name): ResourceDifference[] => {
    const a = lefts.get(name);
    const b = rights.get(name);
    if (a === undefined) return [{ kind: 'only-right', type, name }];
    if (b === undefined) return [{ kind: 'only-left', type, name }];
    const found = compare(a, b);
    return found.length === 0 ? [] : [{ kind: 'different', type, name, differences: found }];
  });
}

function numbered(resources: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  const byName = new Map<string, JsonObject>();
  for (const resource of resources) {
    const name = resourceName(resource);
    let key = name;
    for (let copy = 2; byName.has(key); copy += 1) key = `${name}#${copy}`;
    byName.set(key, resource);
  }
  return byName;
}

/** Checks that a JSON value is an answer. Undefined: it is not. */
export function asAnswer(value: Json): Answer | undefined {
  if (!isJsonObject(value)) return undefined;
  const lists = Object.values(value);
  return lists.every((list) => isJsonArray(list) && list.every((item) => isJsonObject(item)))
    ? (value as Answer)
    : undefined;
}
