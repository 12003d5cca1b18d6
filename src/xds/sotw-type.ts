/** A type of a state-of-the-world stream. */
import type { DiscoveryRequestMessage } from '../envoy/messages.js';
import type { EncodedResource } from '../envoy/resource.js';
import { Channel, type Answer, type VerdictOutcome } from './channel.js';
import { byName, difference } from './difference.js';
import { isFullSetType } from './push-order.js';
import { encodeSotwResponse, type EncodedResponse, type ResourceForm } from './response.js';
import type { ResourceSet, Subscription } from './source.js';
import { isEmpty, subscribe, type SotwSubscription } from './subscription.js';

export class SotwType extends Channel<DiscoveryRequestMessage> {
  readonly #isWildcardType: boolean;
  #subscription: SotwSubscription;
  /** Names to answer whether or not they changed; `all` answers the whole subscription. */
  #owed: ReadonlySet<string> | 'all' | undefined;

  /** @param first the stream's first request of the type; a nonce in it is another stream's and means nothing (14). */
  constructor(typeUrl: string, first: DiscoveryRequestMessage, isWildcardType: boolean) {
    super(typeUrl);
    this.#isWildcardType = isWildcardType;
    this.#subscription = subscribe(undefined, first.resourceNames, isWildcardType).subscription;
    if (!isEmpty(this.#subscription)) this.#owed = 'all'; // 32
  }

  protected get responsesStandAlone(): boolean {
    return false;
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  readonly resumes = false;

  protected get owes(): boolean {
    return this.#owed !== undefined;
  }

  onRequest(request: DiscoveryRequestMessage): VerdictOutcome {
    const outcome = this.judge(request, request.versionInfo);
    if (outcome === 'stale') return outcome; // 21
    const change = subscribe(this.#subscription, request.resourceNames, this.#isWildcardType);
    this.#subscription = change.subscription; // 20: honoured in an ACK and in a NACK
    if (isEmpty(change.subscription)) {
      this.#owed = undefined; // 30: unsubscribed from everything
      this.forget();
    } else if (outcome === 'none') {
      this.#owed = 'all'; // a subscription made anew
    } else if (change.wildcardAdded || (change.added.length > 0 && isFullSetType(this.typeUrl))) {
      this.#owed = 'all'; // 34
    } else if (change.added.length > 0) {
      this.owe(change.added); // 36, 37
    } else if (outcome === 'repeated' && this.parentSent) {
      this.#owed = 'all'; // 60: the client warms what it got since, and waits for an answer
    }
    return outcome;
  }

  owe(names: Iterable<string>): void {
    if (this.#owed !== 'all') this.#owed = new Set([...(this.#owed ?? []), ...names]);
  }

  oweAll(): void {
    if (!isEmpty(this.#subscription)) this.#owed = 'all';
  }

  protected answerFrom(set: ResourceSet): Omit<Answer, 'set'> | undefined {
    const owed = this.#owed;
    this.#owed = undefined;
    const before = this.sent;
    const { changed, removed } =
      before === undefined ? { changed: set.resources, removed: [] } : difference(before, set);
    if (isFullSetType(this.typeUrl)) {
      if (owed === undefined && changed.length === 0 && removed.length === 0) return undefined; // 73
      return { resources: set.resources, removed: [], changed };
    }
    const resources =
      owed === 'all' ? set.resources : partialAnswer(set, this.#toTell(before, changed), owed);
    return resources.length === 0 ? undefined : { resources, removed: [], changed };
  }

  /**
   * What is no more is not told by an empty resource in place of what the client holds: absence is not deletion
   * here (35), and what refers to it may go on being used until that is told otherwise.
   */
  #toTell(before: ResourceSet | undefined, changed: readonly EncodedResource[]): readonly EncodedResource[] {
    if (before === undefined || !changed.some((resource) => resource.placeholder === true)) return changed;
    const held = byName(before);
    return changed.filter(({ name, placeholder }) => placeholder !== true || !held.has(name));
  }

  encode(
    head: { readonly nonce: string; readonly controlPlane: string | undefined },
    { set, resources }: Pick<Answer, 'set' | 'resources' | 'removed'>,
    form: ResourceForm,
  ): EncodedResponse {
    return encodeSotwResponse({ ...head, typeUrl: this.typeUrl, version: set.version }, resources, form);
  }
}

/** What changed, and what of the owed exists. */
function partialAnswer(
  set: ResourceSet,
  changed: readonly EncodedResource[],
  owed: ReadonlySet<string> | undefined,
): readonly EncodedResource[] {
  if (owed === undefined || owed.size === 0) return changed;
  const answer = new Set(changed);
  const existing = byName(set);
  for (const name of owed) {
    const resource = existing.get(name);
    if (resource !== undefined) answer.add(resource);
  }
  return [...answer];
}
