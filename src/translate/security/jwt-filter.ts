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

/** Key sets that were fetched, as text, by `keySetName`; what is not there could not be fetched. */
export type FetchedKeys = Readonly<Record<string, string>>;

/** What the filter depends on. */
export interface JwtInput {
  /** Those for the workload, in Istio's order. */
  readonly policies: readonly ConfigObject<'RequestAuthentication'>[];
  readonly keys: FetchedKeys;
  /** The route is chosen anew once the token is known, so that routes can match its claims: for gateways. */
  readonly clearRouteCache: boolean;
}

/** The name of the key set that a rule needs fetched; undefined for one that holds its keys. */
export function keySetName({ jwks, jwksUri, issuer }: JwtRule): string | undefined {
  return jwks === '' ? `${jwksUri} ${issuer}` : undefined;
}

/** What becomes of rules whose keys were not fetched. */
export function unfetchedProblems({ policies, keys }: JwtInput): readonly TranslationProblem[] {
  return policies.flatMap(({ metadata, spec }) =>
    spec.jwtRules
      .filter((rule) => isUnfetched(rule, keys))
      .map(({ issuer, jwksUri }) => ({
        subject: `RequestAuthentication ${metadata.namespace}/${metadata.name}`,
        message: `every token of ${issuer || jwksUri} is refused, as its keys are not fetched; give them as "jwks"`,
      })),
  );
}

function isUnfetched(rule: JwtRule, keys: FetchedKeys): boolean {
  const name = keySetName(rule);
  return name !== undefined && keys[name] === undefined;
}

/** The filter of all rules; undefined when there are none. */
export function jwtFilter({ policies, keys, clearRouteCache }: JwtInput): HttpFilterShape | undefined {
  const rules = policies
    .flatMap(({ spec }) => spec.jwtRules)
    .sort((a, b) => compareStrings(a.issuer, b.issuer));
  if (rules.length === 0) return undefined;
  const providers = rules.map((rule, index): [string, JwtProviderShape] => [
    `origins-${index}`,
    provider(rule, keys, clearRouteCache),
  ]);
  const config = {
    providers: sortedMap(providers),
    rules: [{ match: anyPath, requires: requirement(providers.map(([name]) => name)) }],
    bypassCorsPreflight: true,
  };
  return { name: 'envoy.filters.http.jwt_authn', typedConfig: packAny(JwtAuthentication, config) };
}

function provider(rule: JwtRule, keys: FetchedKeys, clearRouteCache: boolean): JwtProviderShape {
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
    localJwks: { inlineString: keysOf(rule, keys) },
  };
}

/** Those of the rule itself; else those that were fetched; else such as nobody can sign with. */
function keysOf(rule: JwtRule, keys: FetchedKeys): string {
  const name = keySetName(rule);
  return name === undefined ? rule.jwks : (keys[name] ?? unfetchedKeys);
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
