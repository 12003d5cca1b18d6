/** Traffic in given shares over localities (Istio reference 6.6). */
import type { LocalityLbSetting } from '../../../config/kinds/traffic-policy.js';
import { parseLocality, type Locality } from '../../../model/locality.js';
import type { EndpointGroup } from '../endpoint-group.js';

type Distribution = NonNullable<LocalityLbSetting['distribute']>[number];

/**
 * Weighs groups by the first rule for the proxy's locality; without one they stay as they are. Groups that no
 * destination of the rule covers lose their endpoints, but stay with their weight.
 */
export function applyDistribution(
  groups: readonly EndpointGroup[],
  proxy: Locality,
  rules: readonly Distribution[],
): readonly EndpointGroup[] {
  const rule = rules.find((candidate) => localityMatches(proxy, candidate.from));
  if (rule === undefined) return groups;
  const result: (EndpointGroup | undefined)[] = groups.map(() => undefined);
  for (const [destination, share] of Object.entries(rule.to)) {
    const covered = groups
      .map((group, index) => ({ group, index }))
      .filter(
        ({ group, index }) => result[index] === undefined && localityMatches(group.locality, destination),
      );
    const total = covered.reduce((sum, { group }) => (sum + (group.weight ?? 1)) >>> 0, 0);
    for (const { group, index } of covered)
      result[index] = { ...group, weight: shareOf(group, share, total) };
  }
  return groups.map((group, index) => result[index] ?? { ...group, endpoints: [] });
}

/**
 * A group's part of its destination's share, in proportion to its own weight and rounded up; products and sums
 * are modulo 2^32, as in Istio.
 */
function shareOf(group: EndpointGroup, share: number, total: number): number | undefined {
  const part = (Math.imul(group.weight ?? 1, share) >>> 0) / total;
  return part > 0 ? Math.ceil(part) >>> 0 : group.weight;
}

/** Whether a locality is covered by a rule such as `region/zone/*`; `*` and missing parts cover everything. */
export function localityMatches(locality: Locality, rule: string): boolean {
  const { region, zone, subZone } = parseLocality(rule);
  return (
    (region === '*' || region === locality.region) &&
    (zone === '*' || zone === '' || zone === locality.zone) &&
    (subZone === '*' || subZone === '' || subZone === locality.subZone)
  );
}
