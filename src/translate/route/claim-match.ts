/** Conditions on the claims of a JWT, which VirtualServices write like headers (Istio reference 7.7). */
import type { StringMatch } from '../../config/kinds/virtual-service.js';
import type { RouteMatchShape } from '../../envoy/messages.js';
import { stringMatcher } from './string-match.js';

/** The prefix of names that stand for claims. */
const claims = '@request.auth.claims';
/** Where the filter that checks JWTs leaves what it read. */
const jwtFilter = 'envoy.filters.http.jwt_authn';

type MetadataMatcherShape = NonNullable<RouteMatchShape['dynamicMetadata']>[number];

/** The condition on a claim, which may be a text or a list of texts. */
export function claimMatcher(name: string, match: StringMatch | undefined): MetadataMatcherShape {
  const value = { stringMatch: match === undefined ? {} : stringMatcher(match) };
  return {
    filter: jwtFilter,
    path: ['payload', ...claimPath(name.slice(claims.length))].map((key) => ({ key })),
    value: { orMatch: { valueMatchers: [{ listMatch: { oneOf: value } }, value] } },
  };
}

/** The steps of `.a.b`, or of `[a][b]`. */
function claimPath(text: string): readonly string[] {
  return text.startsWith('.') ? text.slice(1).split('.') : text.slice(1, -1).split('][');
}
