/** DestinationRules of one host and owner, put together by Istio's rules (Istio reference 4.5). */
import { deepEqual } from '../base/compare.js';
import type { ConfigObject } from '../config/object.js';
import type { Labels } from '../model/labels.js';
import { sameElements } from '../base/changes.js';
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
  readonly #candidates = new Map<string, DestinationRuleCandidate[]>();
  readonly #merged = new HostMap<readonly PooledRule[]>();
  #previous: DestinationRulePool | undefined;

  /** What is made of the same candidates as in `previous` is taken from there. */
  constructor(previous?: DestinationRulePool) {
    this.#previous = previous;
  }

  /** Takes in a rule after all that come before it; `complete` makes it count. */
  add(candidate: DestinationRuleCandidate): void {
    const ofHost = this.#candidates.get(candidate.host);
    if (ofHost === undefined) this.#candidates.set(candidate.host, [candidate]);
    else ofHost.push(candidate);
  }

  /** Merges what was added. */
  complete(merger: RuleMerger): void {
    const previous = this.#previous;
    this.#previous = undefined;
    for (const [host, candidates] of this.#candidates) {
      const known = previous && previous.#mergedOf(host, candidates);
      if (known === undefined) this.#merged.set(host, mergeCandidates(host, candidates, merger));
      else {
        this.#merged.set(host, known);
        for (const { rule } of known) merger.keep(rule);
      }
    }
  }

  /** The rules of the host that fits a service's best. */
  match(hostname: string): readonly PooledRule[] | undefined {
    return this.#merged.match(hostname);
  }

  /** The rules of a host, if they were made of these candidates. */
  #mergedOf(
    host: string,
    candidates: readonly DestinationRuleCandidate[],
  ): readonly PooledRule[] | undefined {
    const known = this.#candidates.get(host);
    return known !== undefined && sameElements(known, candidates) ? this.#merged.get(host) : undefined;
  }
}

function mergeCandidates(
  host: string,
  candidates: readonly DestinationRuleCandidate[],
  merger: RuleMerger,
): readonly PooledRule[] {
  const groups: Group[] = [];
  for (const candidate of candidates)
    if (groups.length === 0 || !joinGroups(groups, candidate)) groups.push(newGroup(candidate));
  return groups.map(({ exportTo, from }) => ({ exportTo, rule: merger.merge(host, from) }));
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
function mergeRules(host: string, from: readonly DestinationRuleObject[]): MergedDestinationRule {
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
    this.#before = previous === undefined ? new Map() : previous.#made;
  }

  /** Remembers a rule that goes on being used. */
  keep(rule: MergedDestinationRule): void {
    const [first] = rule.from;
    const made = (first && this.#made.get(first)) ?? [];
    if (first !== undefined && !made.includes(rule)) this.#made.set(first, [...made, rule]);
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
