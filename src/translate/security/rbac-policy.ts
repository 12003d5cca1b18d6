/** One rule of an AuthorizationPolicy as a policy of Envoy's RBAC. */
import type {
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
} from '../../config/kinds/security.js';
import type { PermissionShape, PrincipalShape, RbacPolicyShape } from '../../envoy/policy-messages.js';
import {
  claimInBrackets,
  destinationAddress,
  destinationPort,
  filterMetadata,
  headerInBrackets,
  host,
  method,
  path,
  remoteAddress,
  requestClaim,
  requestPrincipal,
  serverName,
  sourceAddress,
  sourceNamespace,
  sourcePrincipal,
  sourceServiceAccount,
  sourceTrustDomain,
  type Attribute,
} from './attributes.js';
import { withAliasDomains, withAliases, type TrustDomains } from './trust-domains.js';

/** What the policies of a rule depend on, beside the rule. */
export interface RbacPolicySettings {
  /** The namespace of the AuthorizationPolicy. */
  readonly namespace: string;
  /** For a TCP chain, where nothing is known of requests. */
  readonly forTcp: boolean;
  /**
   * What cannot be said drops the rule, so that less is allowed. Without this it drops that condition only, so that more
   * is denied or logged.
   */
  readonly strict: boolean;
  /** Those of the mesh; absent where policies do not stand for aliases. */
  readonly trustDomains?: TrustDomains;
}

/** Values of an attribute that a rule asks for and asks not to be. */
interface Criterion<Condition> {
  readonly attribute: Attribute<Condition>;
  readonly httpOnly?: boolean;
  /** The values again, with the mesh's aliases. */
  readonly alias?: (values: readonly string[], domains: TrustDomains) => readonly string[];
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/** The policy of a rule; undefined for one that cannot be said. */
export function rbacPolicy(
  rule: AuthorizationRule,
  settings: RbacPolicySettings,
): RbacPolicyShape | undefined {
  const criteria = conditionCriteria(rule, settings);
  if (criteria === undefined) return undefined;
  const whos = aliasedSources(rule, criteria.principals, settings);
  const whats =
    rule.to.length === 0
      ? [criteria.permissions]
      : rule.to.map(({ operation }) => [...operationCriteria(operation), ...criteria.permissions]);
  const permissions = whats.map((what) => conjunction(what, permissionLogic, settings));
  const principals = whos.map((who) => conjunction(who, principalLogic, settings));
  if (!allSaid(permissions) || !allSaid(principals)) return undefined;
  return { permissions, principals };
}

function allSaid<T>(conditions: readonly (T | undefined)[]): conditions is readonly T[] {
  return conditions.every((condition) => condition !== undefined);
}

interface Criteria {
  readonly permissions: readonly Criterion<PermissionShape>[];
  readonly principals: readonly Criterion<PrincipalShape>[];
}

/** The conditions of a rule; undefined if one of them is of an attribute that there is none of. */
function conditionCriteria(
  { when }: AuthorizationRule,
  { namespace }: RbacPolicySettings,
): Criteria | undefined {
  const permissions: Criterion<PermissionShape>[] = [];
  const principals: Criterion<PrincipalShape>[] = [];
  for (const { key, values, notValues } of when) {
    const permission = permissionOf(key);
    const principal = principalOf(key, namespace);
    if (permission !== undefined) permissions.push({ ...permission, values, notValues });
    else if (principal !== undefined) principals.push({ ...principal, values, notValues });
    else return undefined;
  }
  return { permissions, principals };
}

type Kind<Condition> = Omit<Criterion<Condition>, 'values' | 'notValues'>;

function permissionOf(key: string): Kind<PermissionShape> | undefined {
  switch (key) {
    case 'destination.ip':
      return { attribute: destinationAddress };
    case 'destination.port':
      return { attribute: destinationPort };
    case 'connection.sni':
      return { attribute: serverName };
    default:
      return key.startsWith('experimental.envoy.filters.') ? { attribute: filterMetadata(key) } : undefined;
  }
}

const ofPrincipal: Kind<PrincipalShape> = { attribute: sourcePrincipal, alias: withAliases };
const ofTrustDomain: Kind<PrincipalShape> = { attribute: sourceTrustDomain, alias: withAliasDomains };
const ofRequestPrincipal: Kind<PrincipalShape> = { attribute: requestPrincipal, httpOnly: true };

const headers = 'request.headers';
const claims = 'request.auth.claims';

function principalOf(key: string, namespace: string): Kind<PrincipalShape> | undefined {
  switch (key) {
    case 'source.ip':
      return { attribute: sourceAddress };
    case 'remote.ip':
      return { attribute: remoteAddress };
    case 'source.namespace':
      return { attribute: sourceNamespace };
    case 'source.trustDomain':
      return ofTrustDomain;
    case 'source.serviceAccount':
      return { attribute: sourceServiceAccount(namespace) };
    case 'source.principal':
      return ofPrincipal;
    case 'request.auth.principal':
      return ofRequestPrincipal;
    case 'request.auth.audiences':
      return { attribute: requestClaim('aud'), httpOnly: true };
    case 'request.auth.presenter':
      return { attribute: requestClaim('azp'), httpOnly: true };
  }
  if (key.startsWith(headers))
    return { attribute: headerInBrackets(key.slice(headers.length)), httpOnly: true };
  return key.startsWith(claims)
    ? { attribute: claimInBrackets(key.slice(claims.length)), httpOnly: true }
    : undefined;
}

/**
 * The criteria of each source, with aliases put in. Istiod puts the aliases into the conditions anew for each source,
 * on top of those that are there: with several sources they are repeated.
 */
function aliasedSources(
  { from }: AuthorizationRule,
  conditions: readonly Criterion<PrincipalShape>[],
  { namespace, trustDomains }: RbacPolicySettings,
): readonly (readonly Criterion<PrincipalShape>[])[] {
  let repeated = conditions;
  for (let times = Math.max(from.length, 1); times > 0; times -= 1)
    repeated = repeated.map((criterion) => aliased(criterion, trustDomains));
  if (from.length === 0) return [repeated];
  return from.map(({ source }) => [
    ...sourceCriteria(source, namespace).map((criterion) => aliased(criterion, trustDomains)),
    ...repeated,
  ]);
}

function aliased<Condition>(
  criterion: Criterion<Condition>,
  domains: TrustDomains | undefined,
): Criterion<Condition> {
  const { alias, values, notValues } = criterion;
  if (alias === undefined || domains === undefined) return criterion;
  return { ...criterion, values: alias(values, domains), notValues: alias(notValues, domains) };
}

function sourceCriteria(
  source: AuthorizationSource | undefined,
  namespace: string,
): readonly Criterion<PrincipalShape>[] {
  if (source === undefined) return [];
  return given([
    { ...ofPrincipal, values: source.principals, notValues: source.notPrincipals },
    { ...ofRequestPrincipal, values: source.requestPrincipals, notValues: source.notRequestPrincipals },
    {
      attribute: sourceServiceAccount(namespace),
      values: source.serviceAccounts,
      notValues: source.notServiceAccounts,
    },
    { ...ofTrustDomain, values: source.trustDomains, notValues: source.notTrustDomains },
    { attribute: sourceNamespace, values: source.namespaces, notValues: source.notNamespaces },
    { attribute: remoteAddress, values: source.remoteIpBlocks, notValues: source.notRemoteIpBlocks },
    { attribute: sourceAddress, values: source.ipBlocks, notValues: source.notIpBlocks },
  ]);
}

function operationCriteria(
  operation: AuthorizationOperation | undefined,
): readonly Criterion<PermissionShape>[] {
  if (operation === undefined) return [];
  return given([
    { attribute: host, httpOnly: true, values: operation.hosts, notValues: operation.notHosts },
    { attribute: method, httpOnly: true, values: operation.methods, notValues: operation.notMethods },
    { attribute: path, httpOnly: true, values: operation.paths, notValues: operation.notPaths },
    { attribute: destinationPort, values: operation.ports, notValues: operation.notPorts },
  ]);
}

function given<Condition>(criteria: readonly Criterion<Condition>[]): readonly Criterion<Condition>[] {
  return criteria.filter(({ values, notValues }) => values.length > 0 || notValues.length > 0);
}

/** How conditions are put together. */
interface Logic<Condition> {
  readonly any: Condition;
  readonly and: (conditions: readonly Condition[]) => Condition;
  readonly or: (conditions: readonly Condition[]) => Condition;
  readonly not: (condition: Condition) => Condition;
}

const permissionLogic: Logic<PermissionShape> = {
  any: { any: true },
  and: (rules) => ({ andRules: { rules } }),
  or: (rules) => ({ orRules: { rules } }),
  not: (notRule) => ({ notRule }),
};

const principalLogic: Logic<PrincipalShape> = {
  any: { any: true },
  and: (ids) => ({ andIds: { ids } }),
  or: (ids) => ({ orIds: { ids } }),
  not: (notId) => ({ notId }),
};

/** All of the criteria; undefined if one cannot be said and all have to be. */
function conjunction<Condition>(
  criteria: readonly Criterion<Condition>[],
  logic: Logic<Condition>,
  settings: RbacPolicySettings,
): Condition | undefined {
  const conditions: Condition[] = [];
  for (const criterion of criteria) {
    const positive = disjunction(criterion, criterion.values, logic, settings);
    const negative = disjunction(criterion, criterion.notValues, logic, settings);
    if (positive === 'unsayable' || negative === 'unsayable') return undefined;
    if (positive !== undefined) conditions.push(positive);
    if (negative !== undefined) conditions.push(logic.not(negative));
  }
  return logic.and(conditions.length === 0 ? [logic.any] : conditions);
}

/** One of the values; undefined if there is none to be said. */
function disjunction<Condition>(
  { attribute: { one, all }, httpOnly = false }: Criterion<Condition>,
  values: readonly string[],
  logic: Logic<Condition>,
  { forTcp, strict }: RbacPolicySettings,
): Condition | undefined | 'unsayable' {
  if (values.length === 0) return undefined;
  const hidden = forTcp && httpOnly;
  if (all !== undefined) {
    const condition = hidden ? undefined : all(values);
    return condition ?? (strict ? 'unsayable' : undefined);
  }
  const said: Condition[] = [];
  for (const value of values) {
    const condition = hidden ? undefined : one?.(value);
    if (condition !== undefined) said.push(condition);
    else if (strict) return 'unsayable';
  }
  return said.length === 0 ? undefined : logic.or(said);
}
