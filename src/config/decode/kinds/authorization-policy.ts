/** The decoder of AuthorizationPolicy. */
import type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
} from '../../kinds/security.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { enumeration, string } from '../scalars.js';
import { specOnly } from './common.js';
import { policyTarget } from './policy-target.js';

const texts = list(string);

const source = message<AuthorizationSource>({
  principals: texts,
  notPrincipals: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  serviceAccounts: texts,
  notServiceAccounts: texts,
  ipBlocks: texts,
  notIpBlocks: texts,
  remoteIpBlocks: texts,
  notRemoteIpBlocks: texts,
  trustDomains: texts,
  notTrustDomains: texts,
});

const operation = message<AuthorizationOperation>({
  hosts: texts,
  notHosts: texts,
  ports: texts,
  notPorts: texts,
  methods: texts,
  notMethods: texts,
  paths: texts,
  notPaths: texts,
});

const rule = message<AuthorizationRule>({
  from: list(message<{ readonly source?: AuthorizationSource }>({ source: optional(source) })),
  to: list(message<{ readonly operation?: AuthorizationOperation }>({ operation: optional(operation) })),
  when: list(message<AuthorizationCondition>({ key: string, values: texts, notValues: texts })),
});

export const authorizationPolicy = specOnly(
  message<AuthorizationPolicy>({
    ...policyTarget,
    rules: list(rule),
    action: enumeration({ ALLOW: 0, DENY: 1, AUDIT: 2, CUSTOM: 3 }),
    provider: optional(message<{ readonly name: string }>({ name: string })),
  }),
);
