/** DestinationRules of one host and owner, put together by Istio's rules (Istio reference 4.5). */
import { deepEqual } from '../base/compare.js';
import type { ConfigObject } from '../config/object.js';
import type { Labels } from '../model/labels.js';
import { sameElements } from '../registry/changes.js';
import { HostMap } from './host-map.js';
import type { MergedDestinationRule } from './snapshot.js';
import type { ExportTo } from './visibility.js';

type DestinationRuleObject = ConfigObject<'DestinationRule'>;

/** A rule as it takes part in merging. */
export interface DestinationRuleCandidate {
  readonly object: DestinationRuleObject;
  /** In full. */
  readonly host: string;
  /** As declared, empty for the mesh's default; `.` alone for a rule with a workload selector. */
  readonly exportTo: ExportTo;
}

/** Rules that became one. */
export interface PooledRule {
  readonly exportTo: ExportTo;
  readonly rule: MergedDestinationRule;
}

interface Group {
  readonly exportTo: ExportTo;
  readonly selector: Labels | undefined;
  readonly from: DestinationRuleObject[];
}

/** Rules of several hosts among which those of one host are merged. */
export class DestinationRulePool {
  readonly #groups = new Map<string, Group[]>();
  readonly #merged = new HostMap<readonly PooledRule[]>();

  /** Takes in a rule after all that come before it; `complete` makes it count. */
  add(candidate: DestinationRuleCandidate): void {
    const groups = this.#groups.get(candidate.host);
    if (groups === undefined) this.#groups.set(candidate.host, [newGroup(candidate)]);
    else if (!joinGroups(groups, candidate)) groups.push(newGroup(candidate));
  }

  /** Merges what was added. */
  complete(merger: RuleMerger): void {
    for (const [host, groups] of this.#groups) {
      this.#merged.set(
        host,
        groups.map(({ exportTo, from }) => ({ exportTo, rule: merger.merge(host, from) })),
      );
    }
    this.#groups.clear();
  }

  /** The rules of the host that fits a service's best. */
  match(hostname: string): readonly PooledRule[] | undefined {
    return this.#merged.match(hostname);
  }
}

function newGroup({ object, exportTo }: DestinationRuleCandidate): Group {
  return { exportTo, selector: object.spec.workloadSelector?.matchLabels, from: [object] };
}

/**
 * Adds a rule to every group that it belongs to, and says whether it needs no group of its own. As in Istio, the last
 * group that was looked at decides about that, so a rule can both be in a group and have one of its own.
 */
function joinGroups(groups: readonly Group[], candidate: DestinationRuleCandidate): boolean {
  const selector = candidate.object.spec.workloadSelector?.matchLabels;
  let joined = false;
  for (const group of groups) {
    const sameExport = deepEqual(candidate.exportTo, group.exportTo);
    joined = sameExport;
    if (!sameExport && !exportsMore(candidate.exportTo, group.exportTo)) continue;
    if (selector !== undefined && group.selector !== undefined && !deepEqual(selector, group.selector)) {
      joined = false;
      continue;
    }
    if ((selector === undefined) === (group.selector === undefined)) joined = true;
    group.from.push(candidate.object);
  }
  return joined;
}

/** Whether a rule is exported to all of another's namespaces, and that one says where it is exported to. */
function exportsMore(exportTo: ExportTo, than: ExportTo): boolean {
  return than.size > 0 && [...than].every((entry) => exportTo.has(entry));
}

/**
 * One rule of several: subsets of all, of each name the first; the first traffic policy that there is; everything
 * else from the first rule.
 */
export function mergeRules(host: string, from: readonly DestinationRuleObject[]): MergedDestinationRule {
  const [first] = from;
  if (first === undefined) throw new Error(`no DestinationRule to merge for ${host}`);
  const subsets = [...first.spec.subsets];
  for (const { spec } of from.slice(1)) {
    const known = new Set(subsets.map(({ name }) => name));
    subsets.push(...spec.subsets.filter(({ name }) => !known.has(name)));
  }
  const trafficPolicy = from.find(({ spec }) => spec.trafficPolicy !== undefined)?.spec.trafficPolicy;
  const { name, namespace } = first.metadata;
  const { exportTo, workloadSelector } = first.spec;
  return {
    name,
    namespace,
    host,
    ...(trafficPolicy !== undefined && { trafficPolicy }),
    subsets,
    exportTo,
    ...(workloadSelector !== undefined && { workloadSelector: workloadSelector.matchLabels }),
    from,
  };
}

/** Merges rules, and gives the same merged rule for the same list of rules, also if it was made for an index before. */
export class RuleMerger {
  /** What was made, by the first of the rules. */
  readonly #made = new Map<DestinationRuleObject, MergedDestinationRule[]>();
  readonly #before: ReadonlyMap<DestinationRuleObject, readonly MergedDestinationRule[]>;

  constructor(previous?: RuleMerger) {
    this.#before = new Map(previous === undefined ? [] : previous.#made);
  }

  /** The rule of a host for a list that is not empty. */
  merge(host: string, from: readonly DestinationRuleObject[]): MergedDestinationRule {
    const [first] = from;
    const made = (first && this.#made.get(first)) ?? [];
    const isIt = (rule: MergedDestinationRule): boolean =>
      rule.host === host && sameElements(rule.from, from);
    const known = made.find(isIt);
    if (known !== undefined) return known;
    const rule = (first && this.#before.get(first)?.find(isIt)) ?? mergeRules(host, from);
    if (first !== undefined) this.#made.set(first, [...made, rule]);
    return rule;
  }
}
