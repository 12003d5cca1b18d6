/** Failover by labels that an endpoint shares with the proxy (Istio reference 6.6). */
import type { Labels } from '../../../model/labels.js';
import { networkLabel } from '../../../model/workload-labels.js';
import { wrappedSum, type EndpointGroup, type PlacedEndpoint } from '../endpoint-group.js';
import { compactPriorities } from './priorities.js';

/** One entry of `failoverPriority`: the label, and the value that counts in place of the proxy's own. */
interface PriorityLabel {
  readonly name: string;
  readonly value: string;
}

/** Splits each group by how many of the labels its endpoints share with the proxy, first label first. */
export function applyFailoverPriority(
  groups: readonly EndpointGroup[],
  proxyLabels: Labels,
  failoverPriority: readonly string[],
): readonly EndpointGroup[] {
  const wanted = priorityLabels(failoverPriority, proxyLabels);
  const networkFirst = failoverPriority[0] === networkLabel;
  return compactPriorities(
    groups.flatMap((group) =>
      splitGroup(group, (endpoint) => priorityOf(endpoint.labels, wanted, networkFirst)),
    ),
  );
}

/** The label that an entry of `failoverPriority` names: what stands before `=`. */
export function priorityLabelName(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}

/**
 * A value after `=` counts for every entry of that label. An entry with more than one `=` has none, as Istio
 * splits it into more than two parts and then leaves it alone.
 */
function priorityLabels(failoverPriority: readonly string[], proxyLabels: Labels): readonly PriorityLabel[] {
  const fixed = new Map<string, string>();
  for (const entry of failoverPriority) {
    const [name = '', value, ...rest] = entry.split('=');
    if (value !== undefined && rest.length === 0) fixed.set(name, value);
  }
  return failoverPriority.map((entry) => {
    const name = priorityLabelName(entry);
    return { name, value: fixed.get(name) ?? labelValue(proxyLabels, name) };
  });
}

/**
 * 0 if all labels agree, else the number of labels from the first that differs on. A network that differs, if it
 * is the first label, adds the number of all labels and the others still count, so that one's own network comes
 * before everything else.
 */
function priorityOf(labels: Labels, wanted: readonly PriorityLabel[], networkFirst: boolean): number {
  let otherNetwork = 0;
  for (const [index, { name, value }] of wanted.entries()) {
    if (value === labelValue(labels, name)) continue;
    if (index > 0 || !networkFirst) return wanted.length - index + otherNetwork;
    otherNetwork = wanted.length;
  }
  return otherNetwork;
}

/** A label that is not there equals an empty one. */
function labelValue(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

function splitGroup(group: EndpointGroup, priorityOf: (endpoint: PlacedEndpoint) => number): EndpointGroup[] {
  const byPriority = new Map<number, PlacedEndpoint[]>();
  for (const endpoint of group.endpoints) {
    const priority = priorityOf(endpoint);
    const others = byPriority.get(priority);
    if (others === undefined) byPriority.set(priority, [endpoint]);
    else others.push(endpoint);
  }
  return [...byPriority]
    .sort(([a], [b]) => a - b)
    .map(([priority, endpoints]) => ({ ...group, priority, endpoints, weight: wrappedSum(endpoints) }));
}
