/** Arithmetic of priorities, which every kind of failover shares. */
import type { EndpointGroup } from '../endpoint-group.js';

/** Renumbers priorities to 0..N in the same order, as Envoy wants no gap (Istio reference 6.6). */
export function compactPriorities(groups: readonly EndpointGroup[]): readonly EndpointGroup[] {
  const used = [...new Set(groups.map((group) => group.priority))].sort((a, b) => a - b);
  const compact = new Map(used.map((priority, index) => [priority, index]));
  return groups.map((group) => {
    const priority = compact.get(group.priority) ?? 0;
    return priority === group.priority ? group : { ...group, priority };
  });
}

/**
 * Ranks groups within the priorities that they already have: `levels` is how many ranks there are, so that no rank
 * of one priority reaches into the next. The result is compact.
 */
export function rankWithin(
  groups: readonly EndpointGroup[],
  levels: number,
  rank: (group: EndpointGroup) => number,
): readonly EndpointGroup[] {
  return compactPriorities(
    groups.map((group) => ({ ...group, priority: group.priority * levels + rank(group) })),
  );
}
