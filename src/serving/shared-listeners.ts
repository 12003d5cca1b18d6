/** The outbound listeners of each group of sidecars, and the listeners of each group of routers: made once for each snapshot. */
import { SharedWork, type Piecewise } from '../base/piecewise.js';
import type { ProxyContext, Snapshot } from '../mesh/snapshot.js';
import { gatewayView, type GatewayView } from '../translate/gateway/gateway-view.js';
import { translateGatewayListeners } from '../translate/gateway/listeners.js';
import {
  hasListeners,
  translateOutboundListeners,
  translateOwnListeners,
  type OutboundListeners,
} from '../translate/listener/listeners.js';
import { outboundView, type OutboundView } from '../translate/listener/outbound-context.js';
import type { Memo } from '../translate/memo.js';
import type { TranslationProblem } from '../translate/translation.js';
import type { ResourceSet, Subscription } from '../xds/source.js';
import { JoinedSets } from './joined-sets.js';
import { NamedSets } from './named-sets.js';
import type { ProxyGroup } from './proxy-group.js';
import { resourceSet } from './resource-sets.js';

/** What is made for a view. */
interface OfView<Made> {
  readonly snapshot: Snapshot;
  readonly work: SharedWork<Made>;
}

interface Outbound extends OfView<OutboundListeners> {
  /** Sets of these and a proxy's own listeners. */
  readonly sets: JoinedSets;
}

export class SharedListeners {
  readonly #memo: Memo;
  readonly #report: (problem: TranslationProblem) => void;
  readonly #outbound = new WeakMap<ProxyGroup, WeakMap<OutboundView, Outbound>>();
  readonly #ofRouters = new WeakMap<ProxyGroup, WeakMap<GatewayView, OfView<ResourceSet>>>();
  readonly #named = new NamedSets();

  constructor(memo: Memo, report: (problem: TranslationProblem) => void) {
    this.#memo = memo;
    this.#report = report;
  }

  /**
   * The listeners of a proxy.
   * @param before what the proxy had: the result if it has the same.
   */
  *listeners(
    context: ProxyContext,
    group: ProxyGroup,
    subscription: Subscription,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    if (context.proxy.type === 'router') {
      const all = yield* this.#ofRouter(group, context, before).work.result();
      return this.#named.subscribed(all, subscription);
    }
    if (!hasListeners(context)) return resourceSet([], before);
    const view = outboundView(context, this.#memo);
    const outbound = this.#of(group, view, context);
    const shared = yield* outbound.work.result();
    const own = translateOwnListeners(context, this.#memo);
    this.#reportAll(own.problems);
    const address = context.proxy.ipAddresses[0];
    if (address !== undefined && shared.headless.has(address)) {
      const others = yield* this.#translate(context, view, address);
      const all = resourceSet([...others.resources, ...own.resources], before);
      return this.#named.subscribed(all, subscription);
    }
    const all = outbound.sets.join(shared.resources, own.resources, before);
    return this.#named.subscribed(all, subscription);
  }

  #ofRouter(group: ProxyGroup, context: ProxyContext, before: ResourceSet | undefined): OfView<ResourceSet> {
    const view = gatewayView(context, this.#memo);
    const ofGroup = this.#ofRouters.get(group) ?? new WeakMap<GatewayView, OfView<ResourceSet>>();
    this.#ofRouters.set(group, ofGroup);
    const known = ofGroup.get(view);
    if (known?.snapshot === context.snapshot && !known.work.failed) return known;
    const made = {
      snapshot: context.snapshot,
      work: new SharedWork(this.#translateRouter(context, view, before)),
    };
    ofGroup.set(view, made);
    return made;
  }

  *#translateRouter(
    context: ProxyContext,
    view: GatewayView,
    before: ResourceSet | undefined,
  ): Piecewise<ResourceSet> {
    const { resources, problems } = yield* translateGatewayListeners(context, view, this.#memo);
    this.#reportAll(problems);
    return resourceSet(resources, before);
  }

  #of(group: ProxyGroup, view: OutboundView, context: ProxyContext): Outbound {
    const ofGroup = this.#outbound.get(group) ?? new WeakMap<OutboundView, Outbound>();
    this.#outbound.set(group, ofGroup);
    const known = ofGroup.get(view);
    if (known?.snapshot === context.snapshot && !known.work.failed) return known;
    const outbound = {
      snapshot: context.snapshot,
      work: new SharedWork(this.#translate(context, view, undefined)),
      sets: new JoinedSets(),
    };
    ofGroup.set(view, outbound);
    return outbound;
  }

  *#translate(
    context: ProxyContext,
    view: OutboundView,
    ownAddress: string | undefined,
  ): Piecewise<OutboundListeners> {
    const translation = yield* translateOutboundListeners(context, view, this.#memo, ownAddress);
    this.#reportAll(translation.problems);
    return translation;
  }

  #reportAll(problems: readonly TranslationProblem[]): void {
    for (const problem of problems) this.#report(problem);
  }
}
