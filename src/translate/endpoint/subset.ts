/** Subsets of a rule. */
import type { Subset } from '../../config/kinds/traffic-policy.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';

/** The subset of a name; none for the whole service, nor for a name that the rule does not have. */
export function findSubset(rule: MergedDestinationRule | undefined, name: string): Subset | undefined {
  return name === '' ? undefined : rule?.subsets.find((subset) => subset.name === name);
}
