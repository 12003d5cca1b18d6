/** The decoder of RequestAuthentication. */
import type { JwtRule, RequestAuthentication } from '../../kinds/security.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { boolean, duration, string } from '../scalars.js';
import { specOnly } from './common.js';
import { policyTarget } from './policy-target.js';

const jwtRule = message<JwtRule>({
  issuer: string,
  audiences: list(string),
  jwksUri: string,
  jwks: string,
  fromHeaders: list(message<JwtRule['fromHeaders'][number]>({ name: string, prefix: string })),
  fromParams: list(string),
  fromCookies: list(string),
  outputPayloadToHeader: string,
  forwardOriginalToken: boolean,
  outputClaimToHeaders: list(
    message<JwtRule['outputClaimToHeaders'][number]>({ header: string, claim: string }),
  ),
  timeout: optional(duration),
  spaceDelimitedClaims: list(string),
});

export const requestAuthentication = specOnly(
  message<RequestAuthentication>({ ...policyTarget, jwtRules: list(jwtRule) }),
);
