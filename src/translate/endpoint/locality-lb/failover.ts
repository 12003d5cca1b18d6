/** Failover by region, zone and subzone (Istio reference 6.6). */
import type { Locality } from '../../../model/locality.js';
import type { EndpointGroup } from '../endpoint-group.js';
import { rankWithin } from './priorities.js';
import type { RegionFailover } from './settings.js';

/** Ranks: same place, zone, region, elsewhere, and elsewhere where traffic should not go first. */
const levels = 5;

/** Ranks groups by how near they are, with the rules of `failover` for other regions. */
export function applyFailover(
  groups: readonly EndpointGroup[],
  proxy: Locality,
  rules: readonly RegionFailover[],
): readonly EndpointGroup[] {
  const rule = rules.find((candidate) => candidate.from === proxy.region);
  return rankWithin(groups, levels, ({ locality }) => {
    const near = distance(proxy, locality);
    return near === 3 && rule !== undefined && rule.to !== locality.region ? 4 : near;
  });
}

/** 0 for the same place, 1 for the same zone, 2 for the same region, 3 for another one. */
function distance(a: Locality, b: Locality): number {
  if (a.region !== b.region) return 3;
  if (a.zone !== b.zone) return 2;
  return a.subZone === b.subZone ? 0 : 1;
}
