/** DestinationRules by namespace and by who may use them (Istio reference 4.5, 4.6). */
import type { ConfigObject } from '../config/object.js';
import { resolveShortName } from '../model/host.js';
import { labelsMatch, type Labels } from '../model/labels.js';
import type { Service } from '../model/service.js';
import {
  DestinationRulePool,
  RuleMerger,
  type DestinationRuleCandidate,
  type PooledRule,
} from './merge-destination-rules.js';
import { compareByAge } from './object-order.js';
import type { Table } from './rebuild.js';
import type { DestinationRuleIndex, MergedDestinationRule, RuleOwner, RulePlace } from './snapshot.js';
import { isExportedTo, toEveryone, toOwnNamespace, type ExportTo } from './visibility.js';

type DestinationRuleObject = ConfigObject<'DestinationRule'>;
type ServiceIdentity = Pick<Service, 'hostname' | 'attributes'>;

/** What DestinationRules are indexed from. */
export interface DestinationRuleSources {
  readonly objects: readonly DestinationRuleObject[];
  readonly rootNamespace: string;
  readonly domainSuffix: string;
  readonly defaultExportTo: readonly string[];
}

const selectorOnlyExport: ExportTo = new Set([toOwnNamespace]);

/** The index of all DestinationRules. Merged rules that are made of the same objects are those of `previous`. */
export class DestinationRuleTable implements DestinationRuleIndex, Table<DestinationRuleSources> {
  readonly sources: DestinationRuleSources;
  readonly #defaultIsPrivate: boolean;
  /** For clients of the same namespace as the rule. */
  readonly #local: Pools;
  /** For clients of other namespaces, by the namespace of the rule. */
  readonly #exported: Pools;
  /** Rules of the root namespace that are for its own clients only. */
  readonly #rootPrivate: DestinationRulePool;
  readonly #merger: RuleMerger;

  constructor(sources: DestinationRuleSources, previous?: DestinationRuleTable) {
    this.sources = sources;
    this.#defaultIsPrivate = sources.defaultExportTo.includes(toOwnNamespace);
    this.#local = new Pools(previous && previous.#local);
    this.#exported = new Pools(previous && previous.#exported);
    this.#rootPrivate = new DestinationRulePool(previous && previous.#rootPrivate);
    this.#merger = new RuleMerger(previous && previous.#merger);
    for (const object of [...sources.objects].sort(comparePrecedence))
      this.#add(candidate(object, sources.domainSuffix));
    this.#local.complete(this.#merger);
    this.#exported.complete(this.#merger);
    this.#rootPrivate.complete(this.#merger);
  }

  get all(): readonly DestinationRuleObject[] {
    return this.sources.objects;
  }

  forOutbound(
    service: ServiceIdentity,
    proxyNamespace: string,
    proxyLabels: Labels,
  ): MergedDestinationRule | undefined {
    let forAll: MergedDestinationRule | undefined;
    for (const { rule } of this.#candidates(service, proxyNamespace)) {
      if (rule.workloadSelector === undefined) forAll = rule;
      else if (selectsClient(rule, proxyNamespace, proxyLabels)) return rule;
    }
    return forAll;
  }

  forInbound(service: ServiceIdentity, proxyNamespace: string): MergedDestinationRule | undefined {
    return this.#candidates(service, proxyNamespace).findLast(
      ({ rule }) => rule.workloadSelector === undefined,
    )?.rule;
  }

  places(service: ServiceIdentity, proxyNamespace: string): readonly RulePlace[] {
    const { rootNamespace } = this.sources;
    const namespaces = { client: proxyNamespace, service: service.attributes.namespace, root: rootNamespace };
    return owners.map((owner) => {
      const found = this.#found(owner, service, proxyNamespace) ?? none;
      const exported = this.#usable(owner, found, proxyNamespace);
      return {
        owner,
        namespace: namespaces[owner],
        found: found.map(({ rule }) => rule),
        exported: exported.map(({ rule }) => rule),
      };
    });
  }

  #add(rule: DestinationRuleCandidate): void {
    const { exportTo } = rule;
    const { namespace } = rule.object.metadata;
    if (exportTo.size === 0 || isExportedTo(exportTo, namespace, namespace)) this.#local.add(namespace, rule);
    if (!this.#isPrivate(exportTo, namespace)) this.#exported.add(namespace, rule);
    else if (namespace === this.sources.rootNamespace) this.#rootPrivate.add(rule);
  }

  #isPrivate(exportTo: ExportTo, namespace: string): boolean {
    if (exportTo.size === 0) return this.#defaultIsPrivate;
    return exportTo.size === 1 && (exportTo.has(toOwnNamespace) || exportTo.has(namespace));
  }

  /** The rules of the first pool that has some for the host: the client's, the service's, the root namespace's. */
  #candidates(service: ServiceIdentity, proxyNamespace: string): readonly PooledRule[] {
    for (const owner of owners) {
      const found = this.#found(owner, service, proxyNamespace);
      const usable = found === undefined ? none : this.#usable(owner, found, proxyNamespace);
      if (usable.length > 0) return usable;
    }
    return none;
  }

  /** The rules of one owner for the host that fits best. */
  #found(
    owner: RuleOwner,
    { hostname, attributes }: ServiceIdentity,
    proxyNamespace: string,
  ): readonly PooledRule[] | undefined {
    const { rootNamespace } = this.sources;
    switch (owner) {
      case 'client':
        return proxyNamespace === rootNamespace
          ? this.#rootPrivate.match(hostname)
          : this.#local.match(proxyNamespace, hostname);
      case 'service':
        return this.#exported.match(attributes.namespace, hostname);
      case 'root':
        return this.#exported.match(rootNamespace, hostname);
    }
  }

  /** A client's own rules count for it; those of others if they are exported to it. */
  #usable(owner: RuleOwner, found: readonly PooledRule[], client: string): readonly PooledRule[] {
    if (owner === 'client') return found;
    return found.filter(
      ({ exportTo }) => exportTo.size === 0 || exportTo.has(toEveryone) || exportTo.has(client),
    );
  }
}

const owners: readonly RuleOwner[] = ['client', 'service', 'root'];
const none: readonly PooledRule[] = [];

/** Whether a rule with a workload selector is for a client: of its own namespace, with its labels. */
export function selectsClient(
  { namespace, workloadSelector }: MergedDestinationRule,
  proxyNamespace: string,
  proxyLabels: Labels,
): boolean {
  return (
    workloadSelector !== undefined &&
    namespace === proxyNamespace &&
    labelsMatch(workloadSelector, proxyLabels)
  );
}

/** A pool for each namespace. */
class Pools {
  readonly #byNamespace = new Map<string, DestinationRulePool>();
  #previous: Pools | undefined;

  constructor(previous: Pools | undefined) {
    this.#previous = previous;
  }

  add(namespace: string, rule: DestinationRuleCandidate): void {
    let pool = this.#byNamespace.get(namespace);
    if (pool === undefined) {
      const previous = this.#previous;
      pool = new DestinationRulePool(previous && previous.#byNamespace.get(namespace));
      this.#byNamespace.set(namespace, pool);
    }
    pool.add(rule);
  }

  complete(merger: RuleMerger): void {
    this.#previous = undefined;
    for (const pool of this.#byNamespace.values()) pool.complete(merger);
  }

  match(namespace: string, hostname: string): readonly PooledRule[] | undefined {
    return this.#byNamespace.get(namespace)?.match(hostname);
  }
}

const candidates = new WeakMap<
  DestinationRuleObject,
  { readonly domain: string; readonly made: DestinationRuleCandidate }
>();

/** The same for the same object in the same domain. */
function candidate(object: DestinationRuleObject, domain: string): DestinationRuleCandidate {
  const known = candidates.get(object);
  if (known?.domain === domain) return known.made;
  const { host, exportTo, workloadSelector } = object.spec;
  const made = {
    object,
    host: resolveShortName(host, object.metadata.namespace, domain),
    exportTo: workloadSelector === undefined ? new Set(exportTo) : selectorOnlyExport,
  };
  candidates.set(object, { domain, made });
  return made;
}

/** Rules with a workload selector first, then by age. */
function comparePrecedence(a: DestinationRuleObject, b: DestinationRuleObject): number {
  const selects = ({ spec }: DestinationRuleObject): number => (spec.workloadSelector === undefined ? 1 : 0);
  return selects(a) - selects(b) || compareByAge(a, b);
}
