/** A route's CORS policy (Istio reference 7.7). */
import type { CorsPolicy } from '../../config/kinds/virtual-service.js';
import type { CorsPolicyShape } from '../../envoy/messages.js';
import { boolValue } from '../../envoy/well-known.js';
import { wholePercent } from './percent.js';
import { stringMatcher } from './string-match.js';

/** The filter for CORS, and under which routes configure it. */
export const corsFilter = 'envoy.filters.http.cors';

/** A route's configuration of the filter. */
export function corsPolicy(policy: CorsPolicy): CorsPolicyShape {
  const { allowCredentials, allowHeaders = [], allowMethods = [], exposeHeaders = [], maxAge } = policy;
  const origins = policy.allowOrigins?.map(stringMatcher) ?? policy.allowOrigin?.map((exact) => ({ exact }));
  return {
    forwardNotMatchingPreflights: boolValue(policy.unmatchedPreflights !== 'IGNORE'),
    allowOriginStringMatch: origins ?? [],
    filterEnabled: { defaultValue: wholePercent(100) },
    ...(allowCredentials !== undefined && { allowCredentials: boolValue(allowCredentials) }),
    allowHeaders: allowHeaders.join(','),
    allowMethods: allowMethods.join(','),
    exposeHeaders: exposeHeaders.join(','),
    ...(maxAge !== undefined && { maxAge: String(Math.trunc(maxAge / 1000)) }),
  };
}
