/**
 * Orders that Istiod leaves to chance (Istio reference C.1), taken out of resources before they are compared with
 * what a live server says: endpoints of one locality, the query parameters of a route's match, and the addresses of a
 * name, which are those of such endpoints. Resources themselves are always compared by name, so that the order of
 * clusters, listeners, routes and assignments in an answer never counts.
 */
import { compareStrings } from '../base/compare.js';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../envoy/json-value.js';

/** What `withoutChanceOrders` does, for a report. */
export const chanceOrdersNote =
  'orders that Istio leaves to chance do not count (endpoints of one locality, query parameters of a match, addresses of a name); with --exact they do';

const listsInAnyOrder: ReadonlySet<string> = new Set(['lb_endpoints', 'query_parameters', 'ips']);

/** The resource with those lists sorted by their content. */
export function withoutChanceOrders(resource: JsonObject): JsonObject {
  const sorted = sortLists(resource);
  return isJsonObject(sorted) ? sorted : resource;
}

/** The same value where nothing is to be sorted in it, so that most of a resource is not copied. */
function sortLists(value: Json): Json {
  if (isJsonArray(value)) {
    const items = value.map(sortLists);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  let changed: Record<string, Json> | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const sorted = sortLists(inner);
    const ordered = listsInAnyOrder.has(key) && isJsonArray(sorted) ? byContent(sorted) : sorted;
    if (ordered !== inner) {
      changed ??= { ...value };
      changed[key] = ordered;
    }
  }
  return changed ?? value;
}

/** Endpoints begin with their address and so stand side by side with those of the other list that differ elsewhere. */
function byContent(list: readonly Json[]): readonly Json[] {
  return list
    .map((item): [string, Json] => [JSON.stringify(item), item])
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([, item]) => item);
}
