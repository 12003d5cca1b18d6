/**
 * Priorities for Envoy's zone-aware routing (Istio reference 6.6): it balances over the zones of the highest
 * priority, which therefore holds the proxy's region and nothing else.
 */
import type { Locality } from '../../../model/locality.js';
import type { EndpointGroup } from '../endpoint-group.js';
import { rankWithin } from './priorities.js';
import type { RegionFailover } from './settings.js';

/** Ranks: own region, the region to fail over to, any other. */
const levels = 3;

/** Ranks groups by region. */
export function applyZoneAwareFailover(
  groups: readonly EndpointGroup[],
  proxy: Locality,
  rules: readonly RegionFailover[],
): readonly EndpointGroup[] {
  const rule = rules.find((candidate) => candidate.from === proxy.region);
  return rankWithin(groups, levels, ({ locality }) => {
    if (locality.region === proxy.region) return 0;
    return rule !== undefined && rule.to === locality.region ? 1 : 2;
  });
}
