/** Priorities and weights of localities, by the setting in force (Istio reference 6.6). */
import type { Labels } from '../../../model/labels.js';
import { noLocality, type Locality } from '../../../model/locality.js';
import type { EndpointGroup } from '../endpoint-group.js';
import { applyDistribution } from './distribute.js';
import { applyFailover } from './failover.js';
import { applyFailoverPriority } from './failover-priority.js';
import type { LocalityLbAction } from './settings.js';
import { applyZoneAwareFailover } from './zone-aware.js';

/** Where the proxy is that asks, as far as that decides priorities or weights. */
export interface ProxyPlace {
  /** Absent counts as nowhere. */
  readonly locality?: Locality;
  /** At least those of its labels that decide priorities; absent for a proxy without labels, which gets no ranks. */
  readonly labels?: Labels;
}

/** Ranks or weighs groups for a proxy. */
export function applyLocalityLb(
  groups: readonly EndpointGroup[],
  action: LocalityLbAction | undefined,
  proxy: ProxyPlace,
): readonly EndpointGroup[] {
  if (action === undefined) return groups;
  const { locality = noLocality, labels } = proxy;
  if (action.kind === 'distribute') return applyDistribution(groups, locality, action.rules);
  const byLabels = action.labels.length > 0 && labels !== undefined;
  const ranked = byLabels ? applyFailoverPriority(groups, labels, action.labels) : groups;
  if (action.regions === undefined) return ranked;
  return action.kind === 'failover'
    ? applyFailover(ranked, locality, action.regions)
    : applyZoneAwareFailover(ranked, locality, action.regions);
}
