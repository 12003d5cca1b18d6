/** What one set of resources has that another has not. */
import { BriefMemo } from '../base/brief-memo.js';
import type { EncodedResource } from '../envoy/resource.js';
import type { ResourceSet } from './source.js';

export interface Difference {
  /** Resources that are new or have another content. */
  readonly changed: readonly EncodedResource[];
  /** Names that are no more. */
  readonly removed: readonly string[];
}

const nothing: Difference = { changed: [], removed: [] };

/** The last difference that was asked for of each set: many streams go from the same set to the same one. */
const known = new BriefMemo<ResourceSet, { before: ResourceSet; difference: Difference }>({ most: 256 });

/** What to tell a client that has `before` so that it has `now`. Costs little where the two have most in common. */
export function difference(before: ResourceSet, now: ResourceSet): Difference {
  if (before === now) return nothing;
  const memo = known.get(now);
  if (memo?.before === before) return memo.difference;
  const made = compare(before.resources, now.resources);
  known.set(now, { before, difference: made });
  return made;
}

/** Sets mostly keep their order: only what lies between the common beginning and the common end is looked up by name. */
function compare(before: readonly EncodedResource[], now: readonly EncodedResource[]): Difference {
  let start = 0;
  let endBefore = before.length;
  let endNow = now.length;
  while (start < endBefore && start < endNow && before[start] === now[start]) start += 1;
  while (endBefore > start && endNow > start && before[endBefore - 1] === now[endNow - 1]) {
    endBefore -= 1;
    endNow -= 1;
  }
  if (start === endBefore && start === endNow) return nothing;
  const rest = new Map<string, EncodedResource>();
  for (let at = start; at < endBefore; at += 1) {
    const resource = before[at];
    if (resource !== undefined) rest.set(resource.name, resource);
  }
  const changed: EncodedResource[] = [];
  for (let at = start; at < endNow; at += 1) {
    const resource = now[at];
    if (resource === undefined) continue;
    const old = rest.get(resource.name);
    rest.delete(resource.name);
    if (old !== resource && (old?.version !== resource.version || old.ttl !== resource.ttl))
      changed.push(resource);
  }
  const removed = [...rest.keys()];
  return changed.length === 0 && removed.length === 0 ? nothing : { changed, removed };
}

const indices = new WeakMap<ResourceSet, ReadonlyMap<string, EncodedResource>>();

/** The resources of a set by name; made once for each set. */
export function byName(set: ResourceSet): ReadonlyMap<string, EncodedResource> {
  let index = indices.get(set);
  if (index === undefined) {
    index = new Map(set.resources.map((resource) => [resource.name, resource]));
    indices.set(set, index);
  }
  return index;
}

/** `now` with those resources of `before` that it lacks: what a client holds while removals are held back. */
export function union(before: ResourceSet, now: ResourceSet, removed: readonly string[]): ResourceSet {
  const old = byName(before);
  const kept = removed.flatMap((name) => old.get(name) ?? []);
  return { version: `${now.version}+${before.version}`, resources: [...now.resources, ...kept] };
}
