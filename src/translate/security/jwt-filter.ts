/** The filter that checks tokens, of RequestAuthentications. */
import { compareStrings } from '../../base/compare.js';
import type { JwtRule } from '../../config/kinds/security.js';
import type { ConfigObject } from '../../config/object.js';
import { packAny } from '../../envoy/any.js';
import type { HttpFilterShape } from '../../envoy/messages.js';
import {
  JwtAuthentication,
  type JwtProviderShape,
  type JwtRequirementShape,
} from '../../envoy/policy-messages.js';
import { sortedMap } from '../../envoy/well-known.js';
import { anyPath } from '../route/route-match.js';
import type { TranslationProblem } from '../translation.js';
import { unfetchedKeys } from './unfetched-keys.js';

/** What the filter depends on. */
export interface JwtInput {
  /** Those for the workload, in Istio's order. */
  readonly policies: readonly ConfigObject<'RequestAuthentication'>[];
  /** The route is chosen anew once the token is known, so that routes can match its claims: for gateways. */
  readonly clearRouteCache: boolean;
}

/** What becomes of rules whose keys are elsewhere and have not been fetched. */
export function unfetchedProblems({ policies }: Pick<JwtInput, 'policies'>): readonly TranslationProblem[] {
  return policies.flatMap(({ metadata, spec }) =>
    spec.jwtRules
      .filter(({ jwks }) => jwks === '')
      .map(({ issuer, jwksUri }) => ({
        subject: `RequestAuthentication ${metadata.namespace}/${metadata.name}`,
        message: `every token of ${issuer || jwksUri} is refused, as its keys have not been fetched; a rule may hold them as "jwks"`,
      })),
  );
}

/** The filter of all rules; undefined when there are none. */
export function jwtFilter({ policies, clearRouteCache }: JwtInput): HttpFilterShape | undefined {
  const rules = policies
    .flatMap(({ spec }) => spec.jwtRules)
    .sort((a, b) => compareStrings(a.issuer, b.issuer));
  if (rules.length === 0) return undefined;
  const providers = rules.map((rule, index): [string, JwtProviderShape] => [
    `origins-${index}`,
    provider(rule, clearRouteCache),
  ]);
  const config = {
    providers: sortedMap(providers),
    rules: [{ match: anyPath, requires: requirement(providers.map(([name]) => name)) }],
    bypassCorsPreflight: true,
  };
  return { name: 'envoy.filters.http.jwt_authn', typedConfig: packAny(JwtAuthentication, config) };
}

function provider(rule: JwtRule, clearRouteCache: boolean): JwtProviderShape {
  return {
    issuer: rule.issuer,
    audiences: rule.audiences,
    forward: rule.forwardOriginalToken,
    forwardPayloadHeader: rule.outputPayloadToHeader,
    payloadInMetadata: 'payload',
    normalizePayloadInMetadata: { spaceDelimitedClaims: spaceDelimitedClaims(rule) },
    clearRouteCache,
    claimToHeaders: rule.outputClaimToHeaders.map(({ header, claim }) => ({
      headerName: header,
      claimName: claim,
    })),
    fromHeaders: rule.fromHeaders.map(({ name, prefix }) => ({ name, valuePrefix: prefix })),
    fromParams: rule.fromParams,
    fromCookies: rule.fromCookies,
    // Without keys, such as nobody can sign with.
    localJwks: { inlineString: rule.jwks === '' ? unfetchedKeys : rule.jwks },
  };
}

function spaceDelimitedClaims({ spaceDelimitedClaims: named }: JwtRule): readonly string[] {
  return [...new Set([...named, 'permission', 'scope'])].sort(compareStrings);
}

/**
 * A token of any of the providers, or none. Every token that there is has to be valid, except that of several in one
 * place only one can be.
 */
function requirement(names: readonly string[]): JwtRequirementShape {
  const each = names.map((providerName): JwtRequirementShape => ({
    requiresAny: { requirements: [{ providerName }, { allowMissing: {} }] },
  }));
  const [only] = each;
  if (each.length === 1 && only !== undefined) return only;
  return {
    requiresAny: {
      requirements: [
        ...names.map((providerName) => ({ providerName })),
        { requiresAll: { requirements: each } },
      ],
    },
  };
}
