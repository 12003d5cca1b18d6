/**
 * What a stream is subscribed to for one type, and what each request makes of it (xDS protocol: "How the client
 * specifies what resources to return"). Values: every change gives a new one, and no change the same one.
 */
import { changeNames, noNames, replaceNames, type NameSet } from './names.js';
import type { Subscription } from './source.js';

/** A state-of-the-world subscription, with the memory that the protocol's legacy wildcard needs. */
export interface SotwSubscription extends Subscription {
  readonly names: NameSet;
  /** Some request of the stream has named a resource: from then on an empty list means "nothing", not "everything". */
  readonly named: boolean;
}

/** What a request changed. */
export interface SubscriptionChange<T extends Subscription> {
  readonly subscription: T;
  /** Names that were not subscribed to before. */
  readonly added: readonly string[];
  /** The wildcard was not subscribed to before. */
  readonly wildcardAdded: boolean;
}

const nothing: SotwSubscription = { wildcard: false, names: noNames, placeholders: true, named: false };

/**
 * The subscription after a state-of-the-world request that names `names`.
 *
 * @param isWildcardType whether an empty list of the first request means everything (CDS, LDS).
 */
export function subscribe(
  previous: SotwSubscription | undefined,
  names: readonly string[],
  isWildcardType: boolean,
): SubscriptionChange<SotwSubscription> {
  const before = previous ?? nothing;
  const wanted = new Set(names);
  const explicitWildcard = wanted.delete('*');
  const named = before.named || names.length > 0;
  const wildcard = explicitWildcard || (isWildcardType && names.length === 0 && !before.named);
  const next = replaceNames(before.names, wanted);
  const same =
    previous !== undefined && next === before.names && wildcard === before.wildcard && named === before.named;
  return {
    subscription: same ? previous : { wildcard, names: next, placeholders: true, named },
    added: next === before.names ? [] : [...next].filter((name) => !before.names.has(name)),
    wildcardAdded: wildcard && !before.wildcard,
  };
}

/** A delta request's lists. */
export interface DeltaLists {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

/** What a delta request changed. `added` holds every name that it subscribes to, also those that were there (46). */
export interface DeltaSubscriptionChange extends SubscriptionChange<Subscription> {
  /** Names that were unsubscribed from while the wildcard holds on: the client waits to hear what becomes of them (51). */
  readonly released: readonly string[];
}

const nothingDelta: Subscription = { wildcard: false, names: noNames, placeholders: false };

/** Of most requests, which only accept a response. */
const noChange = { added: [], wildcardAdded: false, released: [] } as const;

/**
 * The subscription after a delta request.
 *
 * @param isWildcardType whether a first request without names means everything (CDS, LDS).
 */
export function subscribeDelta(
  previous: Subscription | undefined,
  lists: DeltaLists,
  isWildcardType: boolean,
): DeltaSubscriptionChange {
  if (previous !== undefined && lists.subscribe.length + lists.unsubscribe.length === 0)
    return { subscription: previous, ...noChange };
  const before = previous ?? nothingDelta;
  const legacy = previous === undefined && isWildcardType && lists.subscribe.length === 0; // 52
  const dropped = lists.unsubscribe.includes('*');
  const asked = legacy || lists.subscribe.includes('*');
  const wildcard = (before.wildcard || asked) && !dropped; // 53: both at once is nothing
  const removed = dropped ? lists.unsubscribe.filter((name) => name !== '*') : lists.unsubscribe;
  const added = withoutAny(lists.subscribe, removed, asked); // 54
  const names = changeNames(before.names, added, removed);
  const same = previous !== undefined && names === before.names && wildcard === before.wildcard;
  return {
    subscription: same ? previous : { wildcard, names, placeholders: false },
    added,
    wildcardAdded: asked && wildcard,
    released: wildcard ? removed.filter((name) => before.names.has(name)) : [],
  };
}

function withoutAny(
  names: readonly string[],
  unwanted: readonly string[],
  hasWildcard: boolean,
): readonly string[] {
  if (unwanted.length === 0 && !hasWildcard) return names;
  const out = new Set(unwanted).add('*');
  return names.filter((name) => !out.has(name));
}

/** Whether nothing is subscribed to. */
export function isEmpty({ wildcard, names }: Subscription): boolean {
  return !wildcard && names.size === 0;
}

/** Whether a name is subscribed to. */
export function covers({ wildcard, names }: Subscription, name: string): boolean {
  return wildcard || names.has(name);
}
