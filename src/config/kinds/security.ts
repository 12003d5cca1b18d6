/** The types of AuthorizationPolicy and RequestAuthentication. Durations are milliseconds. */
import type { PolicyTarget } from './policy-target.js';

/** Who sends: all that is given has to hold, of each list one entry. */
export interface AuthorizationSource {
  readonly principals: readonly string[];
  readonly notPrincipals: readonly string[];
  readonly requestPrincipals: readonly string[];
  readonly notRequestPrincipals: readonly string[];
  readonly namespaces: readonly string[];
  readonly notNamespaces: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly notServiceAccounts: readonly string[];
  readonly ipBlocks: readonly string[];
  readonly notIpBlocks: readonly string[];
  readonly remoteIpBlocks: readonly string[];
  readonly notRemoteIpBlocks: readonly string[];
  readonly trustDomains: readonly string[];
  readonly notTrustDomains: readonly string[];
}

/** What is asked for. */
export interface AuthorizationOperation {
  readonly hosts: readonly string[];
  readonly notHosts: readonly string[];
  readonly ports: readonly string[];
  readonly notPorts: readonly string[];
  readonly methods: readonly string[];
  readonly notMethods: readonly string[];
  readonly paths: readonly string[];
  readonly notPaths: readonly string[];
}

/** An attribute with the values that it may have and may not have. */
export interface AuthorizationCondition {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/** One of the sources, one of the operations, and all of the conditions. */
export interface AuthorizationRule {
  readonly from: readonly { readonly source?: AuthorizationSource }[];
  readonly to: readonly { readonly operation?: AuthorizationOperation }[];
  readonly when: readonly AuthorizationCondition[];
}

export type AuthorizationAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

export interface AuthorizationPolicy extends PolicyTarget {
  readonly rules: readonly AuthorizationRule[];
  readonly action: AuthorizationAction;
  /** The extension provider of CUSTOM. */
  readonly provider?: { readonly name: string };
}

/** Which tokens are accepted, and what is handed on of them. */
export interface JwtRule {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri: string;
  readonly jwks: string;
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly outputPayloadToHeader: string;
  readonly forwardOriginalToken: boolean;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  readonly timeout?: number;
  readonly spaceDelimitedClaims: readonly string[];
}

export interface RequestAuthentication extends PolicyTarget {
  readonly jwtRules: readonly JwtRule[];
}
