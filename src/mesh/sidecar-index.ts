/** Which scope a proxy has: found by its type, namespace and labels, made when first asked for (Istio reference 4.3). */
import type { ConfigObject } from '../config/object.js';
import { labelsMatch, type Labels } from '../model/labels.js';
import type { Proxy } from '../model/proxy.js';
import type { Table } from './rebuild.js';
import { gatewayScope, reuseScope, sidecarScope, type ScopeSources } from './sidecar-scope.js';
import type { SidecarIndex, SidecarScope } from './snapshot.js';

type SidecarObject = ConfigObject<'Sidecar'>;

/** What scopes are made and chosen from. */
export interface SidecarSources extends ScopeSources {
  /** Sorted by age. */
  readonly sidecars: readonly SidecarObject[];
  readonly rootNamespace: string;
}

/** Which of the scopes of a namespace: a Sidecar's, that of proxies without one, that of routers. */
type ScopeOwner = SidecarObject | 'default' | 'gateway';

type ScopesByOwner = Map<ScopeOwner, Map<string, SidecarScope>>;

/** The index of Sidecars. Scopes in which nothing changed are those of `previous`, as far as it was asked for them. */
export class SidecarTable implements SidecarIndex, Table<SidecarSources> {
  readonly sources: SidecarSources;
  readonly #byNamespace: ReadonlyMap<string, readonly SidecarObject[]>;
  readonly #rootDefault: SidecarObject | undefined;
  readonly #scopes: ScopesByOwner = new Map();
  readonly #scopesBefore: ScopesByOwner;

  constructor(sources: SidecarSources, previous?: SidecarTable) {
    this.sources = sources;
    this.#byNamespace = sidecarsByNamespace(sources.sidecars);
    this.#rootDefault = this.#byNamespace.get(sources.rootNamespace)?.find(isForAll);
    this.#scopesBefore = new Map(
      [...(previous === undefined ? [] : previous.#scopes)].map(([owner, scopes]) => [
        owner,
        new Map(scopes),
      ]),
    );
  }

  scopeFor(proxy: Proxy, labels: Labels): SidecarScope {
    const { namespace } = proxy;
    const owner = proxy.type === 'sidecar' ? (this.#sidecarFor(namespace, labels) ?? 'default') : 'gateway';
    const known = this.#scopes.get(owner)?.get(namespace);
    if (known !== undefined) return known;
    const scope = reuseScope(this.#scopesBefore.get(owner)?.get(namespace), this.#make(owner, namespace));
    const ofOwner = this.#scopes.get(owner) ?? new Map<string, SidecarScope>();
    this.#scopes.set(owner, ofOwner.set(namespace, scope));
    return scope;
  }

  /** The Sidecar of the namespace that selects the labels, else its one for all, else the root namespace's one for all. */
  #sidecarFor(namespace: string, labels: Labels): SidecarObject | undefined {
    const own = this.#byNamespace
      .get(namespace)
      ?.find(({ spec }) => labelsMatch(spec.workloadSelector?.labels ?? {}, labels));
    return own ?? this.#rootDefault;
  }

  #make(owner: ScopeOwner, namespace: string): SidecarScope {
    if (owner === 'gateway') return gatewayScope(this.sources, namespace);
    return sidecarScope(this.sources, owner === 'default' ? undefined : owner, namespace);
  }
}

function isForAll({ spec }: SidecarObject): boolean {
  return spec.workloadSelector === undefined;
}

/** In each namespace those with a selector come first. */
function sidecarsByNamespace(
  sidecars: readonly SidecarObject[],
): ReadonlyMap<string, readonly SidecarObject[]> {
  const byNamespace = new Map<string, SidecarObject[]>();
  for (const sidecar of [...sidecars.filter((object) => !isForAll(object)), ...sidecars.filter(isForAll)]) {
    const { namespace } = sidecar.metadata;
    const list = byNamespace.get(namespace);
    if (list === undefined) byNamespace.set(namespace, [sidecar]);
    else list.push(sidecar);
  }
  return byNamespace;
}
