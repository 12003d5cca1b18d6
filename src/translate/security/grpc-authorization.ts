/**
 * The filters of gRPC servers that enforce AuthorizationPolicies. A server knows the actions ALLOW and DENY only, and
 * nothing of dry runs or of aliases of trust domains: as Istiod builds them.
 */
import type { ConfigObject } from '../../config/object.js';
import { packAny } from '../../envoy/any.js';
import type { HttpFilterShape } from '../../envoy/messages.js';
import { HttpRbac, RbacAction, type RbacPolicyShape } from '../../envoy/policy-messages.js';
import { sortedMap } from '../../envoy/well-known.js';
import { rbacPolicy } from './rbac-policy.js';

type Policy = ConfigObject<'AuthorizationPolicy'>;

/** The filters of policies for a server: denials first. A filter without rules is left out. */
export function grpcAuthorizationFilters(policies: readonly Policy[]): readonly HttpFilterShape[] {
  return [
    ...rbacFilter('envoy.filters.http.rbac.DENY', 'DENY', policies),
    ...rbacFilter('envoy.filters.http.rbac', 'ALLOW', policies),
  ];
}

function rbacFilter(
  name: string,
  action: 'ALLOW' | 'DENY',
  policies: readonly Policy[],
): readonly HttpFilterShape[] {
  const named = policies
    .filter(({ spec }) => spec.action === action)
    .flatMap((policy) => rulesOf(policy, action));
  if (named.length === 0) return [];
  const rules = { action: RbacAction[action], policies: sortedMap(named) };
  return [{ name, typedConfig: packAny(HttpRbac, { rules }) }];
}

function rulesOf(
  { metadata: { namespace, name }, spec }: Policy,
  action: 'ALLOW' | 'DENY',
): readonly (readonly [string, RbacPolicyShape])[] {
  return spec.rules.flatMap((rule, index) => {
    const policy = rbacPolicy(rule, { namespace, forTcp: false, strict: action === 'ALLOW' });
    return policy === undefined ? [] : [[`${namespace}-${name}-${index}`, policy] as const];
  });
}
