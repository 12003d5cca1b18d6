/** Ranks of endpoints: those of a registry that stands in for another one come after everything of that one. */
import { wrappedSum, type EndpointGroup, type PlacedEndpoint } from '../endpoint-group.js';
import { compactPriorities } from './priorities.js';

/** More than there are priorities of localities. */
const step = 1_000_000;

/** Splits groups by the ranks of their endpoints; the groups themselves when all are of the first. */
export function applyRanks(groups: readonly EndpointGroup[]): readonly EndpointGroup[] {
  if (!groups.some(({ endpoints }) => endpoints.some((endpoint) => rankOf(endpoint) > 0))) return groups;
  return compactPriorities(groups.flatMap(splitByRank));
}

function splitByRank(group: EndpointGroup): readonly EndpointGroup[] {
  const ranks = [...new Set(group.endpoints.map(rankOf))].sort((a, b) => a - b);
  if (ranks.length === 0) return [group];
  return ranks.map((rank) => {
    const endpoints = group.endpoints.filter((endpoint) => rankOf(endpoint) === rank);
    return { ...group, endpoints, weight: wrappedSum(endpoints), priority: rank * step + group.priority };
  });
}

function rankOf({ source }: PlacedEndpoint): number {
  return source?.rank ?? 0;
}
