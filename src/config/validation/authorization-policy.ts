/** The rules of AuthorizationPolicy: Istio's ValidateAuthorizationPolicy. */
import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from '../kinds/security.js';
import type { ConfigObject } from '../object.js';
import {
  validateAddresses,
  validateNonEmpty,
  validatePaths,
  validatePorts,
  validateServiceAccounts,
  validateTrustDomains,
  validateWildcards,
  type ValuesCheck,
} from './authorization-values.js';
import { type FindingSink, quote } from './finding.js';
import { validatePolicyTarget } from './policy-target.js';

/** Checks an AuthorizationPolicy (Istio reference 10.5). */
export function validateAuthorizationPolicy(
  { spec }: ConfigObject<'AuthorizationPolicy'>,
  sink: FindingSink,
): void {
  validatePolicyTarget(spec, sink);
  validateAction(spec, sink);
  for (const [index, rule] of spec.rules.entries()) {
    const path = `spec.rules[${index}]`;
    if (spec.action === 'CUSTOM') validateCustomRule(rule, path, sink);
    validateRule(rule, path, sink);
    if (spec.action === 'DENY' && deniesAllTcp(rule)) {
      sink.warn(
        path,
        'the rule looks at HTTP only, so on TCP ports all connections are denied; say which ports it is for',
      );
    }
  }
}

function validateAction({ action, rules, provider }: AuthorizationPolicy, sink: FindingSink): void {
  if (rules.length === 0 && (action === 'CUSTOM' || action === 'DENY')) {
    sink.error(
      'spec.rules',
      `${action} without rules is never triggered; add an empty rule {} for it to be for every request`,
    );
  } else if (action === 'CUSTOM' && (provider?.name ?? '') === '') {
    sink.error('spec.provider.name', 'CUSTOM needs the name of an extension provider');
  }
  if (provider !== undefined && action !== 'CUSTOM')
    sink.error('spec.provider', `a provider is for the action CUSTOM, not for ${action}`);
}

const notForCustom = [
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
] as const satisfies readonly (keyof AuthorizationSource)[];

const keysNotForCustom: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
]);

function validateCustomRule({ from, when }: AuthorizationRule, path: string, sink: FindingSink): void {
  for (const [index, { source }] of from.entries()) {
    for (const field of notForCustom) {
      if ((source?.[field] ?? []).length > 0)
        sink.error(`${path}.from[${index}].source.${field}`, 'is not possible with the action CUSTOM');
    }
  }
  for (const [index, { key }] of when.entries()) {
    if (keysNotForCustom.has(key) || key.startsWith('request.auth.'))
      sink.error(`${path}.when[${index}].key`, `${key} is not possible with the action CUSTOM`);
  }
}

function validateRule({ from, to, when }: AuthorizationRule, path: string, sink: FindingSink): void {
  for (const [index, { source }] of from.entries())
    validateSource(source, `${path}.from[${index}].source`, sink);
  for (const [index, { operation }] of to.entries())
    validateOperation(operation, `${path}.to[${index}].operation`, sink);
  for (const [index, condition] of when.entries())
    validateCondition(condition, `${path}.when[${index}]`, sink);
}

const sourceChecks: Readonly<Record<keyof AuthorizationSource, ValuesCheck>> = {
  principals: validateNonEmpty,
  notPrincipals: validateNonEmpty,
  requestPrincipals: validateNonEmpty,
  notRequestPrincipals: validateNonEmpty,
  namespaces: validateNonEmpty,
  notNamespaces: validateNonEmpty,
  serviceAccounts: validateServiceAccounts,
  notServiceAccounts: validateServiceAccounts,
  ipBlocks: validateAddresses,
  notIpBlocks: validateAddresses,
  remoteIpBlocks: validateAddresses,
  notRemoteIpBlocks: validateAddresses,
  trustDomains: validateTrustDomains,
  notTrustDomains: validateTrustDomains,
};

function validateSource(source: AuthorizationSource | undefined, path: string, sink: FindingSink): void {
  if (source === undefined || isEmpty(source)) {
    sink.error(path, 'is empty; leave out "from" for a rule that is for every source');
    return;
  }
  const accounts = source.serviceAccounts.length + source.notServiceAccounts.length;
  const others = [source.principals, source.notPrincipals, source.namespaces, source.notNamespaces];
  if (accounts > 0 && others.some((values) => values.length > 0))
    sink.error(path, 'service accounts cannot be given together with namespaces or principals');
  checkLists(source, sourceChecks, path, sink);
}

const operationChecks: Readonly<Record<keyof AuthorizationOperation, ValuesCheck>> = {
  hosts: validateNonEmpty,
  notHosts: validateNonEmpty,
  ports: validatePorts,
  notPorts: validatePorts,
  methods: validateNonEmpty,
  notMethods: validateNonEmpty,
  paths: validatePaths,
  notPaths: validatePaths,
};

function validateOperation(
  operation: AuthorizationOperation | undefined,
  path: string,
  sink: FindingSink,
): void {
  if (operation === undefined || isEmpty(operation))
    sink.error(path, 'is empty; leave out "to" for a rule that is for every operation');
  else checkLists(operation, operationChecks, path, sink);
}

function isEmpty(lists: AuthorizationSource | AuthorizationOperation): boolean {
  return Object.values(lists).every((values: readonly string[]) => values.length === 0);
}

function checkLists<L extends Readonly<Record<keyof L, readonly string[]>>>(
  lists: L,
  checks: Readonly<Record<keyof L, ValuesCheck>>,
  path: string,
  sink: FindingSink,
): void {
  for (const field of Object.keys(checks) as (keyof L & string)[])
    checks[field](lists[field], `${path}.${field}`, sink);
}

const attributeChecks: ReadonlyMap<string, ValuesCheck> = new Map([
  ['source.ip', validateAddresses],
  ['remote.ip', validateAddresses],
  ['source.namespace', validateNonEmpty],
  ['source.serviceAccount', validateServiceAccounts],
  ['source.principal', validateNonEmpty],
  ['source.trustDomain', validateWildcards],
  ['request.auth.principal', validateNonEmpty],
  ['request.auth.audiences', validateNonEmpty],
  ['request.auth.presenter', validateNonEmpty],
  ['destination.ip', validateAddresses],
  ['destination.port', validatePorts],
  ['connection.sni', validateNonEmpty],
]);

/** Attributes whose name is followed by a key in brackets. */
const keyedAttributes = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];

function validateCondition(
  { key, values, notValues }: AuthorizationCondition,
  path: string,
  sink: FindingSink,
): void {
  if (key === '') {
    sink.error(`${path}.key`, 'is empty');
    return;
  }
  if (values.length === 0 && notValues.length === 0) {
    sink.error(path, `one of values and notValues is needed for ${quote(key)}`);
    return;
  }
  const keyed = keyedAttributes.some((attribute) => key.startsWith(attribute));
  if (keyed && !/^[^[]+\[.+\]$/s.test(key))
    sink.error(`${path}.key`, `${quote(key)} needs the form attribute[key]`);
  const check = keyed ? validateNonEmpty : attributeChecks.get(key);
  if (check === undefined) {
    sink.error(`${path}.key`, `there is no attribute ${quote(key)}`);
    return;
  }
  check(values, `${path}.values`, sink);
  check(notValues, `${path}.notValues`, sink);
}

/** Whether a rule says nothing that could be told of a TCP connection, so that a denial is of all of them. */
function deniesAllTcp({ from, to }: AuthorizationRule): boolean {
  const tcpInTo = to.some(
    ({ operation }) => operation !== undefined && hasAny(operation, ['ports', 'notPorts']),
  );
  if (to.length > 0) return !tcpInTo;
  return from.length > 0 && !from.some(({ source }) => source !== undefined && hasAny(source, tcpSources));
}

const tcpSources = [
  'principals',
  'notPrincipals',
  'ipBlocks',
  'notIpBlocks',
  'namespaces',
  'notNamespaces',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
] as const satisfies readonly (keyof AuthorizationSource)[];

function hasAny<L extends object>(lists: L, fields: readonly (keyof L)[]): boolean {
  return fields.some((field) => {
    const values = lists[field];
    return Array.isArray(values) && values.length > 0;
  });
}
