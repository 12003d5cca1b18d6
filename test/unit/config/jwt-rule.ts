import type { JwtRule } from '../../../src/config/kinds/security.js';

/** A rule of a RequestAuthentication with an issuer, and nothing else that is not said. */
export function jwtRule(issuer: string, changes: Partial<JwtRule> = {}): JwtRule {
  return {
    issuer,
    audiences: [],
    jwksUri: '',
    jwks: '',
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    outputPayloadToHeader: '',
    forwardOriginalToken: false,
    outputClaimToHeaders: [],
    spaceDelimitedClaims: [],
    ...changes,
  };
}
