/**
 * What a state-of-the-world stream is subscribed to for one type, and what each request makes of it
 * (xDS protocol: "How the client specifies what resources to return"). A value: every request gives a new one.
 */
import type { Subscription } from './source.js';

/** A subscription with the memory that the protocol's legacy wildcard needs. */
export interface TypeSubscription extends Subscription {
  /** Some request of the stream has named a resource: from then on an empty list means "nothing", not "everything". */
  readonly named: boolean;
}

/** What a request changed. */
export interface SubscriptionChange {
  readonly subscription: TypeSubscription;
  /** Names that were not subscribed to before. */
  readonly added: ReadonlySet<string>;
  /** The wildcard was not subscribed to before. */
  readonly wildcardAdded: boolean;
}

const nothing: TypeSubscription = { wildcard: false, names: new Set(), named: false };

/**
 * The subscription after a request that names `names`.
 *
 * @param isWildcardType whether an empty list of the first request means everything (CDS, LDS).
 */
export function subscribe(
  previous: TypeSubscription | undefined,
  names: readonly string[],
  isWildcardType: boolean,
): SubscriptionChange {
  const before = previous ?? nothing;
  const next = new Set(names);
  const explicitWildcard = next.delete('*');
  const named = before.named || names.length > 0;
  const wildcard = explicitWildcard || (isWildcardType && names.length === 0 && !before.named);
  const added = new Set([...next].filter((name) => !before.names.has(name)));
  const sameNames = added.size === 0 && next.size === before.names.size;
  return {
    // Reusing the set lets sources recognise an unchanged subscription without comparing it.
    subscription: { wildcard, names: sameNames ? before.names : next, named },
    added,
    wildcardAdded: wildcard && !before.wildcard,
  };
}
