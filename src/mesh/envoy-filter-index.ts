/** EnvoyFilters by the proxies that they are for, with those of their patches that are for the proxy. */
import { RE2JS } from 're2js';
import { compareStrings } from '../base/compare.js';
import type { EnvoyFilter, EnvoyFilterMatch } from '../config/kinds/envoy-filter.js';
import type { ConfigObject } from '../config/object.js';
import { maxProxyVersionLength } from '../config/validation/envoy-filter.js';
import type { Proxy } from '../model/proxy.js';
import { byNamespace } from './interned-lists.js';
import { attachesTo, type PolicyWorkload } from './policy-target.js';
import type { Table } from './rebuild.js';
import type { EnvoyFilterIndex, EnvoyFilterSelection, SelectedPatch } from './snapshot.js';

type EnvoyFilterObject = ConfigObject<'EnvoyFilter'>;

/** What EnvoyFilters are indexed from. */
export interface EnvoyFilterSources {
  readonly objects: readonly EnvoyFilterObject[];
  readonly rootNamespace: string;
}

/** The index of all EnvoyFilters. */
export class EnvoyFilterTable implements EnvoyFilterIndex, Table<EnvoyFilterSources> {
  readonly sources: EnvoyFilterSources;
  readonly #byNamespace: ReadonlyMap<string, readonly EnvoyFilterObject[]>;
  readonly #selections = new Map<string, EnvoyFilterSelection>();
  readonly #versions = new Map<string, RE2JS>();

  constructor(sources: EnvoyFilterSources, previous?: EnvoyFilterTable) {
    this.sources = sources;
    this.#byNamespace = byNamespace(sources.objects);
    if (previous === undefined) return;
    const current = new Set(sources.objects);
    for (const [key, selection] of previous.#selections)
      if (selection.patches.every(({ filter }) => current.has(filter))) this.#selections.set(key, selection);
  }

  forProxy(proxy: Proxy, workload: PolicyWorkload): EnvoyFilterSelection | undefined {
    if (this.sources.objects.length === 0) return undefined;
    const { rootNamespace } = this.sources;
    const patches = [...new Set([rootNamespace, workload.namespace])]
      .flatMap((namespace) => this.#of(namespace, workload))
      .sort((a, b) => compareFilters(a, b, rootNamespace))
      .flatMap((filter) => this.#patchesFor(filter, proxy));
    return patches.length === 0 ? undefined : this.#intern(patches);
  }

  #of(namespace: string, workload: PolicyWorkload): readonly EnvoyFilterObject[] {
    return (this.#byNamespace.get(namespace) ?? []).filter(({ spec }) =>
      attachesTo(targetOf(spec), namespace, workload),
    );
  }

  #patchesFor(filter: EnvoyFilterObject, proxy: Proxy): readonly SelectedPatch[] {
    return filter.spec.configPatches.flatMap(({ patch, match }, index) =>
      patch !== undefined && this.#matchesProxy(match?.proxy, proxy) ? [{ filter, index }] : [],
    );
  }

  #matchesProxy(match: EnvoyFilterMatch['proxy'], { istioVersion, metadata }: Proxy): boolean {
    if (match === undefined) return true;
    const { proxyVersion } = match;
    if (proxyVersion !== '' && (istioVersion === '' || !this.#isVersion(proxyVersion, istioVersion)))
      return false;
    return Object.entries(match.metadata).every(([name, value]) => metadata[name] === value);
  }

  #isVersion(expression: string, version: string): boolean {
    if (expression.length > maxProxyVersionLength) return false;
    let compiled = this.#versions.get(expression);
    if (compiled === undefined) {
      compiled = RE2JS.compile(expression);
      this.#versions.set(expression, compiled);
    }
    return compiled.matcher(version).find();
  }

  /** The same selection for the same patches. */
  #intern(patches: readonly SelectedPatch[]): EnvoyFilterSelection {
    const key = patches
      .map(({ filter: { metadata }, index }) => `${metadata.namespace}/${metadata.name}#${index}`)
      .join();
    const known = this.#selections.get(key);
    if (known !== undefined && samePatches(known.patches, patches)) return known;
    const selection = { key, patches };
    this.#selections.set(key, selection);
    return selection;
  }
}

function samePatches(a: readonly SelectedPatch[], b: readonly SelectedPatch[]): boolean {
  return a.length === b.length && a.every(({ filter }, index) => filter === b[index]?.filter);
}

function targetOf({ workloadSelector, targetRefs }: EnvoyFilter): Parameters<typeof attachesTo>[0] {
  const selector =
    workloadSelector === undefined ? {} : { selector: { matchLabels: workloadSelector.labels } };
  return { ...selector, targetRefs };
}

/** By priority; of one priority those of the root namespace first, then by age and name. */
function compareFilters(a: EnvoyFilterObject, b: EnvoyFilterObject, rootNamespace: string): number {
  const rank = ({ metadata }: EnvoyFilterObject): number => (metadata.namespace === rootNamespace ? 0 : 1);
  const name = ({ metadata }: EnvoyFilterObject): string => `${metadata.name}.${metadata.namespace}`;
  return (
    a.spec.priority - b.spec.priority ||
    rank(a) - rank(b) ||
    a.metadata.creationTime - b.metadata.creationTime ||
    compareStrings(name(a), name(b))
  );
}
