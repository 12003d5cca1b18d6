import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from '../../../../src/config/kinds/security.js';
import { describeRules } from './rules.js';

const noSource: AuthorizationSource = {
  principals: [],
  notPrincipals: [],
  requestPrincipals: [],
  notRequestPrincipals: [],
  namespaces: [],
  notNamespaces: [],
  serviceAccounts: [],
  notServiceAccounts: [],
  ipBlocks: [],
  notIpBlocks: [],
  remoteIpBlocks: [],
  notRemoteIpBlocks: [],
  trustDomains: [],
  notTrustDomains: [],
};
const noOperation: AuthorizationOperation = {
  hosts: [],
  notHosts: [],
  ports: [],
  notPorts: [],
  methods: [],
  notMethods: [],
  paths: [],
  notPaths: [],
};

const rule = (fields: Partial<AuthorizationRule>): AuthorizationRule => ({
  from: [],
  to: [],
  when: [],
  ...fields,
});
const from = (source: Partial<AuthorizationSource>): Partial<AuthorizationPolicy> => ({
  rules: [rule({ from: [{ source: { ...noSource, ...source } }] })],
});
const to = (operation: Partial<AuthorizationOperation>): Partial<AuthorizationPolicy> => ({
  rules: [rule({ to: [{ operation: { ...noOperation, ...operation } }] })],
});
const when = (
  key: string,
  values: readonly string[],
  notValues: readonly string[] = [],
): Partial<AuthorizationPolicy> => ({ rules: [rule({ when: [{ key, values, notValues }] })] });

const custom = { action: 'CUSTOM', provider: { name: 'checks' } } as const;
const target = { group: '', kind: 'Service', name: 'shop', namespace: '' };
const selector = { matchLabels: { app: 'a' } };

const base: AuthorizationPolicy = { targetRefs: [], rules: [], action: 'ALLOW' };

describeRules('AuthorizationPolicy', base, [
  {
    rule: 'a selector and targets are given',
    broken: { selector, targetRefs: [target] },
    finds: ['error spec'],
    fine: { targetRefs: [target] },
  },
  {
    rule: 'a selector has a wildcard',
    broken: { selector: { matchLabels: { app: '*' } } },
    finds: ['error spec.selector.matchLabels.app'],
    fine: { selector },
  },
  {
    rule: 'a target is of another namespace, without a name, or of another kind',
    broken: {
      targetRefs: [
        { ...target, namespace: 'b' },
        { ...target, name: '' },
        { ...target, kind: 'Deployment', group: 'apps' },
      ],
    },
    finds: [
      'error spec.targetRefs[0].namespace',
      'error spec.targetRefs[1].name',
      'error spec.targetRefs[2]',
    ],
    says: '"apps/Deployment"',
    fine: { targetRefs: [{ ...target, group: 'gateway.networking.k8s.io', kind: 'Gateway' }] },
  },
  {
    rule: 'a single target is wrong',
    broken: { targetRef: { ...target, name: '' } },
    finds: ['error spec.targetRef.name'],
    fine: { targetRef: { ...target, group: 'networking.istio.io', kind: 'ServiceEntry' } },
  },
  {
    rule: 'DENY has no rules',
    broken: { action: 'DENY' },
    finds: ['error spec.rules'],
    says: 'never triggered',
    fine: { action: 'DENY', rules: [rule({})] },
  },
  {
    rule: 'CUSTOM has no rules',
    broken: custom,
    finds: ['error spec.rules'],
    fine: { ...custom, rules: [rule({})] },
  },
  {
    rule: 'CUSTOM has no provider',
    broken: { action: 'CUSTOM', rules: [rule({})] },
    finds: ['error spec.provider.name'],
    fine: { ...custom, rules: [rule({})] },
  },
  {
    rule: 'a provider is given for another action',
    broken: { provider: { name: 'checks' } },
    finds: ['error spec.provider'],
    fine: { action: 'AUDIT' },
  },
  {
    rule: 'CUSTOM goes by who a peer is',
    broken: { ...custom, ...from({ principals: ['a'], notNamespaces: ['b'], ipBlocks: ['1.2.3.4'] }) },
    finds: [
      'error spec.rules[0].from[0].source.notNamespaces',
      'error spec.rules[0].from[0].source.principals',
    ],
    fine: { ...custom, ...from({ ipBlocks: ['1.2.3.4'] }) },
  },
  {
    rule: 'CUSTOM goes by who a peer or a user is, in a condition',
    broken: {
      ...custom,
      rules: [
        rule({
          when: ['source.principal', 'request.auth.claims[group]'].map((key) => ({
            key,
            values: ['a'],
            notValues: [],
          })),
        }),
      ],
    },
    finds: ['error spec.rules[0].when[0].key', 'error spec.rules[0].when[1].key'],
    fine: { ...custom, ...when('request.headers[x-group]', ['a']) },
  },
  {
    rule: 'a source is missing, or says nothing',
    broken: { rules: [rule({ from: [{}, { source: noSource }] })] },
    finds: ['error spec.rules[0].from[0].source', 'error spec.rules[0].from[1].source'],
    fine: from({ namespaces: ['a'] }),
  },
  {
    rule: 'an operation is missing, or says nothing',
    broken: { rules: [rule({ to: [{}, { operation: noOperation }] })] },
    finds: ['error spec.rules[0].to[0].operation', 'error spec.rules[0].to[1].operation'],
    fine: to({ hosts: ['a'] }),
  },
  {
    rule: 'values are empty',
    broken: from({ principals: [''], requestPrincipals: ['a', ''] }),
    finds: [
      'error spec.rules[0].from[0].source.principals[0]',
      'error spec.rules[0].from[0].source.requestPrincipals[1]',
    ],
    fine: from({ principals: ['*'] }),
  },
  {
    rule: 'addresses are none',
    broken: from({ ipBlocks: ['10.0.0.0/40', 'a'], notRemoteIpBlocks: [''] }),
    finds: [
      'error spec.rules[0].from[0].source.ipBlocks[0]',
      'error spec.rules[0].from[0].source.ipBlocks[1]',
      'error spec.rules[0].from[0].source.notRemoteIpBlocks[0]',
    ],
    fine: from({ ipBlocks: ['10.0.0.0/8', '1.2.3.4', '::1', 'fd00::/8'] }),
  },
  {
    rule: 'service accounts have a wildcard or too many parts',
    broken: from({ serviceAccounts: ['a*', 'a/b/c', '/a'] }),
    finds: [0, 1, 2].map((index) => `error spec.rules[0].from[0].source.serviceAccounts[${index}]`),
    fine: from({ serviceAccounts: ['a', 'b/c'] }),
  },
  {
    rule: 'there are too many service accounts',
    broken: from({ serviceAccounts: Array.from({ length: 17 }, (_, index) => `a${index}`) }),
    finds: ['error spec.rules[0].from[0].source.serviceAccounts'],
    says: '17 values; at most 16',
    fine: from({ serviceAccounts: Array.from({ length: 16 }, (_, index) => `a${index}`) }),
  },
  {
    rule: 'a service account is too long',
    broken: from({ serviceAccounts: ['a'.repeat(321)] }),
    finds: ['error spec.rules[0].from[0].source.serviceAccounts[0]'],
    fine: from({ serviceAccounts: ['a'.repeat(320)] }),
  },
  {
    rule: 'service accounts are given with namespaces',
    broken: from({ serviceAccounts: ['a'], namespaces: ['b'] }),
    finds: ['error spec.rules[0].from[0].source'],
    fine: from({ serviceAccounts: ['a'], ipBlocks: ['1.2.3.4'] }),
  },
  {
    rule: 'trust domains have wildcards in their middle, or more than a domain',
    broken: from({ trustDomains: ['a*b', '*a*', 'a/ns'] }),
    finds: [0, 1, 2].map((index) => `error spec.rules[0].from[0].source.trustDomains[${index}]`),
    fine: from({ trustDomains: ['*', 'a*', '*a'] }),
  },
  {
    rule: 'ports are none',
    broken: to({ ports: ['65536', 'http', ''], notPorts: ['-1'] }),
    finds: [
      'error spec.rules[0].to[0].operation.notPorts[0]',
      ...[0, 1, 2].map((index) => `error spec.rules[0].to[0].operation.ports[${index}]`),
    ],
    says: 'port "65536" is not in 0..65535',
    fine: to({ ports: ['0', '65535'] }),
  },
  {
    rule: 'templates of paths are wrong',
    broken: to({ paths: ['/a/{**}/{*}', '/a/{b}', '/a/x{*}', '/{*}/a*', '/{*}//a', ''] }),
    finds: [0, 1, 2, 3, 4, 5].map((index) => `error spec.rules[0].to[0].operation.paths[${index}]`),
    fine: to({ paths: ['/a*', '*', '/a/{*}/b/{**}', '/{**}/b'] }),
  },
  {
    rule: 'a condition has no attribute',
    broken: when('', ['a']),
    finds: ['error spec.rules[0].when[0].key'],
    fine: when('source.ip', ['1.2.3.4']),
  },
  {
    rule: 'a condition has no values',
    broken: when('source.ip', []),
    finds: ['error spec.rules[0].when[0]'],
    fine: when('source.ip', [], ['1.2.3.4']),
  },
  {
    rule: 'a condition has an attribute that there is not',
    broken: when('source.name', ['a']),
    finds: ['error spec.rules[0].when[0].key'],
    says: '"source.name"',
    fine: when('source.namespace', ['a']),
  },
  {
    rule: 'an attribute with a key lacks its brackets',
    broken: when('request.headers.x', ['a']),
    finds: ['error spec.rules[0].when[0].key'],
    says: 'attribute[key]',
    fine: when('request.headers[x]', ['a']),
  },
  {
    rule: 'values of a condition are wrong',
    broken: when('destination.port', ['80', 'x'], ['70000']),
    finds: ['error spec.rules[0].when[0].notValues[0]', 'error spec.rules[0].when[0].values[1]'],
    fine: when('destination.port', ['80'], ['81']),
  },
  {
    rule: 'a denial of something of HTTP denies all of TCP',
    broken: { action: 'DENY', ...to({ methods: ['GET'] }) },
    finds: ['warning spec.rules[0]'],
    fine: { action: 'DENY', ...to({ methods: ['GET'], ports: ['80'] }) },
  },
  {
    rule: 'a denial of users denies all of TCP',
    broken: { action: 'DENY', ...from({ requestPrincipals: ['*'] }) },
    finds: ['warning spec.rules[0]'],
    fine: { action: 'DENY', ...from({ requestPrincipals: ['*'], namespaces: ['a'] }) },
  },
]);

describeRules('AuthorizationPolicy', { ...base, action: 'DENY', rules: [rule({})] }, [
  {
    rule: 'another action than ALLOW and DENY is tried out',
    broken: { action: 'AUDIT' },
    finds: ['error metadata.annotations[istio.io/dry-run]'],
    fine: { action: 'ALLOW' },
    metadata: { annotations: { 'istio.io/dry-run': 'true' } },
  },
]);
