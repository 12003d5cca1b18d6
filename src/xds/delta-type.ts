/** A type of a delta (incremental) stream. */
import type { DeltaDiscoveryRequestMessage } from '../envoy/messages.js';
import type { EncodedResource } from '../envoy/resource.js';
import { Channel, type Answer, type VerdictOutcome } from './channel.js';
import { byName, difference } from './difference.js';
import { isNeverRemoved } from './push-order.js';
import { encodeDeltaResponse, type EncodedResponse, type ResourceForm } from './response.js';
import type { ResourceSet, Subscription } from './source.js';
import { covers, isEmpty, subscribeDelta } from './subscription.js';

export class DeltaType extends Channel<DeltaDiscoveryRequestMessage> {
  readonly #isWildcardType: boolean;
  #subscription: Subscription;
  /** Names to answer whether or not they changed; `all` answers the whole subscription. */
  #owed: ReadonlySet<string> | 'all' | undefined;
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
    return this.#owed !== undefined;
  }

  onRequest(request: DeltaDiscoveryRequestMessage): VerdictOutcome {
    const error = request.errorDetail ?? undefined;
    const outcome = this.judge({
      nonce: request.responseNonce,
      version: '',
      error: error && { code: error.code ?? 0, message: error.message ?? '' },
    });
    const change = subscribeDelta(this.#subscription, lists(request), this.#isWildcardType);
    this.#subscription = change.subscription; // 20, 22: honoured in an ACK, in a NACK and with an old nonce
    if (isEmpty(change.subscription)) {
      this.#owed = undefined;
      this.forget();
    } else if (change.wildcardAdded) {
      this.#owed = 'all';
      this.#first = true;
    } else if (change.added.length + change.released.length > 0) {
      this.owe([...change.added, ...change.released]); // 46, 51
    }
    return outcome;
  }

  owe(names: Iterable<string>): void {
    const owed = new Set(this.#owed === 'all' ? [] : this.#owed);
    for (const name of names) {
      this.#initialVersions?.delete(name);
      owed.add(name);
    }
    if (this.#owed !== 'all') this.#owed = owed;
  }

  oweAll(): void {
    if (!isEmpty(this.#subscription)) this.#owed = 'all';
  }

  protected answerFrom(set: ResourceSet): Omit<Answer, 'set'> | undefined {
    const owed = this.#owed;
    const versions = this.#initialVersions;
    // A client that asks for everything is told that there is nothing (62).
    const isFirst = this.#first && this.#subscription.wildcard && versions === undefined;
    this.#owed = undefined;
    this.#initialVersions = undefined;
    this.#first = false;
    const told = this.sent === undefined ? sinceVersions(set, versions) : difference(this.sent, set);
    const gone = told.removed.filter(
      (name) => covers(this.#subscription, name) && !isNeverRemoved(this.typeUrl), // 64
    );
    const everything = told.changed === set.resources || (owed === 'all' && versions === undefined);
    const { resources, missing } = everything
      ? { resources: set.resources, missing: this.#missing(set, owed) }
      : withOwed(set, told.changed, owed, versions);
    const removed = missing.length === 0 ? gone : [...new Set([...gone, ...missing])];
    const needed = resources.length > 0 || removed.length > 0 || isFirst;
    return needed ? { resources, removed, changed: told.changed } : undefined;
  }

  /** Names that are asked for and do not exist (47). */
  #missing(set: ResourceSet, owed: Owed): readonly string[] {
    if (owed === undefined || owed === 'all' || owed.size === 0) return [];
    const { wildcard, names } = this.#subscription;
    if (!wildcard && set.resources.length === names.size) return [];
    const existing = byName(set);
    return [...owed].filter((name) => !existing.has(name));
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

type Owed = ReadonlySet<string> | 'all' | undefined;

/** What changed and what is owed, of which a client that resumes is not sent what it has (46, 56). */
function withOwed(
  set: ResourceSet,
  changed: readonly EncodedResource[],
  owed: Owed,
  versions: ReadonlyMap<string, string> | undefined,
): { readonly resources: readonly EncodedResource[]; readonly missing: readonly string[] } {
  if (owed === undefined || owed === 'all' || owed.size === 0) return { resources: changed, missing: [] };
  const existing = byName(set);
  const resources = new Set(changed);
  const missing: string[] = [];
  for (const name of owed) {
    const resource = existing.get(name);
    if (resource === undefined) missing.push(name);
    else if (versions?.get(name) !== resource.version) resources.add(resource);
  }
  return { resources: [...resources], missing };
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
