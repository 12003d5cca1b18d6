/** The filters of Envoy's RBAC. */
import { packAny } from '../../envoy/any.js';
import type { FilterShape, HttpFilterShape } from '../../envoy/messages.js';
import { HttpRbac, NetworkRbac, type RbacShape } from '../../envoy/policy-messages.js';

/** What is enforced, and what is tried out. */
export interface RbacRules {
  readonly rules?: RbacShape;
  readonly shadowRules?: RbacShape;
  readonly shadowRulesStatPrefix?: string;
}

/** The filter of an HTTP connection manager. */
export function httpRbac(rules: RbacRules): HttpFilterShape {
  return { name: 'envoy.filters.http.rbac', typedConfig: packAny(HttpRbac, rules) };
}

/** The filter of a TCP chain. */
export function networkRbac(rules: RbacRules): FilterShape {
  return {
    name: 'envoy.filters.network.rbac',
    typedConfig: packAny(NetworkRbac, { ...rules, statPrefix: 'tcp.' }),
  };
}
