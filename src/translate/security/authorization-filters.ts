/** The filters that enforce AuthorizationPolicies, as Istiod builds them. */
import type { AuthorizationAction } from '../../config/kinds/security.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { FilterShape, HttpFilterShape } from '../../envoy/messages.js';
import { RbacAction, type RbacPolicyShape, type RbacShape } from '../../envoy/policy-messages.js';
import { sortedMap } from '../../envoy/well-known.js';
import type { ProviderClusters } from '../provider-clusters.js';
import type { TranslationProblem } from '../translation.js';
import { extAuthzFilters, providerPrefix, type CustomRules } from './ext-authz.js';
import { httpRbac, networkRbac, type RbacRules } from './rbac-filters.js';
import { rbacPolicy } from './rbac-policy.js';

type Policy = ConfigObject<'AuthorizationPolicy'>;

/** Everything that the filters depend on. */
export interface AuthorizationInput {
  /** Those for the workload, in Istio's order. */
  readonly policies: readonly Policy[];
  readonly mesh: MeshConfig;
  readonly clusters: ProviderClusters;
}

/** Filters for HTTP connection managers and for TCP chains. */
export interface AuthorizationFilters {
  /** Of the action CUSTOM. */
  readonly customHttp: readonly HttpFilterShape[];
  readonly customTcp: readonly FilterShape[];
  /** Of all other actions. */
  readonly http: readonly HttpFilterShape[];
  readonly tcp: readonly FilterShape[];
  readonly problems: readonly TranslationProblem[];
}

/** Builds all filters of a workload. */
export function authorizationFilters(input: AuthorizationInput): AuthorizationFilters {
  const custom = customRules(input).map((rules) => extAuthzFilters(rules, input));
  return {
    customHttp: custom.flatMap(({ http }) => http),
    customTcp: custom.flatMap(({ tcp }) => tcp),
    http: actions.flatMap((action) => {
      const rules = rulesOf(input, action, false);
      return rules === undefined ? [] : [httpRbac(rules)];
    }),
    tcp: actions.flatMap((action) => {
      const rules = rulesOf(input, action, true);
      return rules === undefined ? [] : [networkRbac(rules)];
    }),
    problems: custom.flatMap(({ problems }) => problems),
  };
}

/** In the order in which they are enforced. */
const actions = ['AUDIT', 'DENY', 'ALLOW'] as const;

const rbacActions: Readonly<Record<AuthorizationAction, RbacAction>> = {
  ALLOW: RbacAction.ALLOW,
  DENY: RbacAction.DENY,
  AUDIT: RbacAction.LOG,
  CUSTOM: RbacAction.DENY,
};

function rulesOf(
  input: AuthorizationInput,
  action: (typeof actions)[number],
  forTcp: boolean,
): RbacRules | undefined {
  const policies = input.policies.filter(({ spec }) => spec.action === action);
  if (policies.length === 0) return undefined;
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const tried = policies.filter(isDryRun);
  return {
    ...(enforced.length > 0 && { rules: rbac(enforced, action, forTcp, '', input) }),
    ...(tried.length > 0 && { shadowRules: rbac(tried, action, forTcp, '', input) }),
    shadowRulesStatPrefix: tried.length > 0 ? triedPrefixes[action] : triedPrefixes.ALLOW,
  };
}

/** Where results of what is tried out are kept. Istiod names the first one even where nothing is tried out. */
const triedPrefixes = { ALLOW: 'istio_dry_run_allow_', DENY: 'istio_dry_run_deny_', AUDIT: '' } as const;

/** Truth as Go writes it. */
const trueTexts: ReadonlySet<string | undefined> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

function isDryRun({ metadata }: Policy): boolean {
  return trueTexts.has(metadata.annotations['istio.io/dry-run']);
}

function customRules(input: AuthorizationInput): readonly CustomRules[] {
  const byProvider = new Map<string, Policy[]>();
  for (const policy of input.policies) {
    if (policy.spec.action !== 'CUSTOM') continue;
    const provider = policy.spec.provider?.name ?? '';
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), policy]);
  }
  return [...byProvider]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, policies]) => ({
      provider,
      providers: byProvider.size,
      http: rbac(policies, 'CUSTOM', false, providerPrefix(provider), input),
      tcp: rbac(policies, 'CUSTOM', true, providerPrefix(provider), input),
      subject: policies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)[0] ?? '',
    }));
}

/** @param prefix of the names of policies, by which a provider's are told */
function rbac(
  policies: readonly Policy[],
  action: AuthorizationAction,
  forTcp: boolean,
  prefix: string,
  { mesh }: AuthorizationInput,
): RbacShape {
  const trustDomains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const named = policies.flatMap(({ metadata: { namespace, name }, spec }): [string, RbacPolicyShape][] => {
    const nameOf = (index: number): string => `${prefix}ns[${namespace}]-policy[${name}]-rule[${index}]`;
    if (spec.rules.length === 0) return [[nameOf(0), never]];
    return spec.rules.flatMap((rule, index): [string, RbacPolicyShape][] => {
      const policy = rbacPolicy(rule, { namespace, forTcp, strict: action === 'ALLOW', trustDomains });
      return policy === undefined ? [] : [[nameOf(index), policy]];
    });
  });
  return { action: rbacActions[action], policies: sortedMap(named) };
}

const never: RbacPolicyShape = {
  permissions: [{ notRule: { any: true } }],
  principals: [{ notId: { any: true } }],
};
