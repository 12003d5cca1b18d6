/** The outbound clusters of each group of proxies: made once for each snapshot. */
import { SharedWork, type Piecewise } from '../base/piecewise.js';
import type { ProxyContext, Snapshot } from '../mesh/snapshot.js';
import { translateOutboundClusters, translateOwnClusters } from '../translate/cluster/clusters.js';
import type { Memo } from '../translate/memo.js';
import type { Translation, TranslationProblem } from '../translate/translation.js';
import type { ResourceSet, Subscription } from '../xds/source.js';
import { JoinedSets } from './joined-sets.js';
import { NamedSets } from './named-sets.js';
import type { ProxyGroup } from './proxy-group.js';

interface Outbound {
  readonly snapshot: Snapshot;
  readonly work: SharedWork<Translation>;
  /** Sets of these and a proxy's own clusters. */
  readonly sets: JoinedSets;
}

export class SharedClusters {
  readonly #memo: Memo;
  readonly #report: (problem: TranslationProblem) => void;
  readonly #outbound = new WeakMap<ProxyGroup, Outbound>();
  readonly #named = new NamedSets();

  constructor(memo: Memo, report: (problem: TranslationProblem) => void) {
    this.#memo = memo;
    this.#report = report;
  }

  /**
   * The clusters of a proxy.
   * @param before what the proxy had: the result if it has the same.
   */
  *clusters(
    context: ProxyContext,
    group: ProxyGroup,
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const outbound = this.#of(group, context);
    const shared = yield* outbound.work.result();
    const own = yield* translateOwnClusters(context, this.#memo);
    for (const problem of own.problems) this.#report(problem);
    const all = outbound.sets.join(shared.resources, own.resources, before);
    return this.#named.subscribed(all, subscription);
  }

  #of(group: ProxyGroup, context: ProxyContext): Outbound {
    const known = this.#outbound.get(group);
    if (known?.snapshot === context.snapshot && !known.work.failed) return known;
    const outbound = {
      snapshot: context.snapshot,
      work: new SharedWork(this.#translate(context)),
      sets: new JoinedSets(),
    };
    this.#outbound.set(group, outbound);
    return outbound;
  }

  *#translate(context: ProxyContext): Piecewise<Translation> {
    const translation = yield* translateOutboundClusters(context, this.#memo);
    for (const problem of translation.problems) this.#report(problem);
    return translation;
  }
}
