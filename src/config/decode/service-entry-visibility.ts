/** Decoding of `serviceEntryVisibility` of MeshConfig. */
import type { LabelSelector, ServiceEntryVisibility } from '../mesh-config.js';
import { list, message } from './composites.js';
import { mapped, optional, type Decoder } from './decoder.js';
import { boolean, enumeration, oneOfWords, string } from './scalars.js';
import { labels } from './kinds/common.js';

/** A Kubernetes label selector. */
export const labelSelector = message<LabelSelector>({
  matchLabels: labels,
  matchExpressions: list(
    message<LabelSelector['matchExpressions'][number]>(
      { key: string, operator: oneOfWords('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(string) },
      { required: ['key', 'operator'] },
    ),
  ),
});

const visibility = enumeration({ VISIBILITY_UNSPECIFIED: 0, NONE: 1, NAMESPACE: 2, PUBLIC: 3 });

type Visibility = (typeof visibility)['zero'];

interface Policy {
  readonly visibility: Visibility;
  readonly matchingRules: readonly { readonly namespaceSelector?: LabelSelector }[];
}

interface Given {
  readonly defaultVisibility: Visibility;
  readonly applyToSidecars: boolean;
  readonly policies: readonly Policy[];
}

const given = message<Given>({
  defaultVisibility: visibility,
  applyToSidecars: boolean,
  policies: list(
    message<Policy>({
      visibility,
      matchingRules: list(
        message<Policy['matchingRules'][number]>({ namespaceSelector: optional(labelSelector) }),
      ),
    }),
  ),
});

/** The policies in their order as scopes, with the default as the last, which holds for every namespace. */
export const serviceEntryVisibility: Decoder<ServiceEntryVisibility> = mapped(given, (document) => ({
  applyToSidecars: document.applyToSidecars,
  scopes: [
    ...document.policies.flatMap(scopesOfPolicy),
    { visibility: effective(document.defaultVisibility) },
  ],
}));

/** All rules of a policy have to match, so their selectors are one; a rule of an unknown kind never matches. */
function scopesOfPolicy(policy: Policy): ServiceEntryVisibility['scopes'] {
  const selectors = policy.matchingRules.map(({ namespaceSelector }) => namespaceSelector);
  const known = selectors.filter((selector) => selector !== undefined);
  if (known.length < selectors.length) return [];
  if (known.length === 0) return [{ visibility: effective(policy.visibility) }];
  return [{ visibility: effective(policy.visibility), namespaceSelector: known.reduce(bothSelectors) }];
}

/** Two selectors may ask for different values of one label, so the labels of the second become expressions. */
function bothSelectors(a: LabelSelector, b: LabelSelector): LabelSelector {
  const labelsOfB = Object.entries(b.matchLabels).map(([key, value]) => ({
    key,
    operator: 'In' as const,
    values: [value],
  }));
  return {
    matchLabels: a.matchLabels,
    matchExpressions: [...a.matchExpressions, ...labelsOfB, ...b.matchExpressions],
  };
}

function effective(named: Visibility): Exclude<Visibility, 'VISIBILITY_UNSPECIFIED'> {
  return named === 'VISIBILITY_UNSPECIFIED' ? 'PUBLIC' : named;
}
