/** A type of a delta (incremental) stream. */
import type { DeltaDiscoveryRequestMessage } from '../envoy/messages.js';
import type { EncodedResource } from '../envoy/resource.js';
import { Channel, type Answer, type VerdictOutcome } from './channel.js';
import { byName, difference } from './difference.js';
import { noNames } from './names.js';
import { isNeverRemoved } from './push-order.js';
import { encodeDeltaResponse, type EncodedResponse, type ResourceForm } from './response.js';
import type { ResourceSet, Subscription } from './source.js';
import { covers, isEmpty, subscribeDelta } from './subscription.js';

export class DeltaType extends Channel<DeltaDiscoveryRequestMessage> {
  readonly #isWildcardType: boolean;
  #subscription: Subscription;
  /** Names to answer whether or not they changed, and whether or not they exist. */
  #owed: ReadonlySet<string> | undefined;
  /** Whatever exists of the subscription is to be answered. */
  #owesAll = false;
  /** Versions that the client brought from another stream, until it was first answered. */
  #initialVersions: Map<string, string> | undefined;
  /** Nothing was answered yet. */
  #first = true;

  /** @param first the stream's first request of the type; a nonce in it is another stream's and means nothing (14). */
  constructor(typeUrl: string, first: DeltaDiscoveryRequestMessage, isWildcardType: boolean) {
    super(typeUrl);
    this.#isWildcardType = isWildcardType;
    const versions = Object.entries(first.initialResourceVersions ?? {});
    if (versions.length > 0) this.#initialVersions = new Map(versions);
    const change = subscribeDelta(undefined, lists(first), isWildcardType);
    this.#subscription = change.subscription;
    if (!isEmpty(this.#subscription)) this.#owed = change.subscription.names;
  }

  protected get responsesStandAlone(): boolean {
    return true;
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  get resumes(): boolean {
    return this.#initialVersions !== undefined;
  }

  protected get owes(): boolean {
    return this.#owed !== undefined || this.#owesAll;
  }

  onRequest(request: DeltaDiscoveryRequestMessage): VerdictOutcome {
    const outcome = this.judge(request, '');
    const change = subscribeDelta(this.#subscription, lists(request), this.#isWildcardType);
    this.#subscription = change.subscription; // 20, 22: honoured in an ACK, in a NACK and with an old nonce
    if (isEmpty(change.subscription)) {
      this.#owed = undefined;
      this.#owesAll = false;
      this.forget();
      return outcome;
    }
    if (change.wildcardAdded) {
      this.#owesAll = true;
      this.#first = true;
    }
    if (change.added.length + change.released.length > 0) {
      this.owe([...change.added, ...change.released]); // 46, 47, 51
    }
    return outcome;
  }

  owe(names: Iterable<string>): void {
    const owed = new Set(this.#owed);
    for (const name of names) {
      this.#initialVersions?.delete(name);
      owed.add(name);
    }
    this.#owed = owed;
  }

  oweAll(): void {
    if (!isEmpty(this.#subscription)) this.#owesAll = true;
  }

  protected answerFrom(set: ResourceSet): Omit<Answer, 'set'> | undefined {
    const owed = this.#owed ?? noNames;
    const owesAll = this.#owesAll;
    const versions = this.#initialVersions;
    // A client that asks for everything is told that there is nothing (62).
    const isFirst = this.#first && this.#subscription.wildcard && versions === undefined;
    this.#owed = undefined;
    this.#owesAll = false;
    this.#initialVersions = undefined;
    this.#first = false;
    const told = this.sent === undefined ? sinceVersions(set, versions) : difference(this.sent, set);
    const gone = told.removed.filter(
      (name) => covers(this.#subscription, name) && !isNeverRemoved(this.typeUrl), // 64
    );
    const everything = told.changed === set.resources || (owesAll && versions === undefined);
    const resources = everything ? set.resources : withOwed(set, told.changed, owed, versions);
    const missing = this.#missing(set, owed);
    const removed = missing.length === 0 ? gone : [...new Set([...gone, ...missing])];
    const needed = resources.length > 0 || removed.length > 0 || isFirst;
    return needed ? { resources, removed, changed: told.changed } : undefined;
  }

  /** Names that are asked for and do not exist (47); those that are no longer asked for are none of them. */
  #missing(set: ResourceSet, owed: ReadonlySet<string>): readonly string[] {
    if (owed.size === 0) return [];
    const { wildcard, names } = this.#subscription;
    if (!wildcard && set.resources.length === names.size) return [];
    const existing = byName(set);
    return [...owed].filter((name) => !existing.has(name) && covers(this.#subscription, name));
  }

  encode(
    head: { readonly nonce: string; readonly controlPlane: string | undefined },
    { set, resources, removed }: Pick<Answer, 'set' | 'resources' | 'removed'>,
    form: ResourceForm,
  ): EncodedResponse {
    return encodeDeltaResponse(
      { ...head, typeUrl: this.typeUrl, version: set.version },
      resources,
      removed,
      form,
    );
  }
}

/** What changed, and what exists of the owed, of which a client that resumes is not sent what it has (46, 56). */
function withOwed(
  set: ResourceSet,
  changed: readonly EncodedResource[],
  owed: ReadonlySet<string>,
  versions: ReadonlyMap<string, string> | undefined,
): readonly EncodedResource[] {
  if (owed.size === 0) return changed;
  const existing = byName(set);
  const resources = new Set(changed);
  for (const name of owed) {
    const resource = existing.get(name);
    if (resource !== undefined && versions?.get(name) !== resource.version) resources.add(resource);
  }
  return [...resources];
}

/** What a client with resources of these versions lacks (55, 56, 57). */
function sinceVersions(
  set: ResourceSet,
  versions: ReadonlyMap<string, string> | undefined,
): ReturnType<typeof difference> {
  if (versions === undefined) return { changed: set.resources, removed: [] };
  const existing = byName(set);
  return {
    changed: set.resources.filter(({ name, version }) => versions.get(name) !== version),
    removed: [...versions.keys()].filter((name) => !existing.has(name)),
  };
}

function lists({ resourceNamesSubscribe, resourceNamesUnsubscribe }: DeltaDiscoveryRequestMessage): {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
} {
  return { subscribe: resourceNamesSubscribe, unsubscribe: resourceNamesUnsubscribe };
}
