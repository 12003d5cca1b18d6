import type { JwtRule, RequestAuthentication } from '../../../../src/config/kinds/security.js';
import { jwtRule } from '../jwt-rule.js';
import { describeRules } from './rules.js';

const issuer = 'https://issuer.example';
const rule = (fields: Partial<JwtRule>): Partial<RequestAuthentication> => ({
  jwtRules: [jwtRule(issuer, fields)],
});
const base: RequestAuthentication = { targetRefs: [], jwtRules: [] };

describeRules('RequestAuthentication', base, [
  {
    rule: 'a selector and a target are given',
    broken: {
      selector: { matchLabels: { app: 'a' } },
      targetRef: { group: '', kind: 'Service', name: 'a', namespace: '' },
    },
    finds: ['error spec'],
    fine: { selector: { matchLabels: { app: 'a' } } },
  },
  {
    rule: 'neither an issuer nor keys are named',
    broken: rule({ issuer: '' }),
    finds: ['error spec.jwtRules[0].issuer'],
    fine: rule({ issuer: '', jwksUri: 'https://issuer.example/keys' }),
  },
  {
    rule: 'the address of the keys is none, or of another scheme',
    broken: {
      jwtRules: [
        { ...jwtRule(issuer), jwksUri: 'keys' },
        { ...jwtRule(issuer), jwksUri: 'ftp://issuer.example' },
      ],
    },
    finds: ['error spec.jwtRules[0].jwksUri', 'error spec.jwtRules[1].jwksUri'],
    fine: rule({ jwksUri: 'http://issuer.example/keys' }),
  },
  {
    rule: 'keys are no key set',
    broken: {
      jwtRules: ['keys', '[]', '{"keys": {}}', '{"keys": [{"kty": "AES"}]}'].map((jwks) => ({
        ...jwtRule(issuer),
        jwks,
      })),
    },
    finds: [0, 1, 2, 3].map((index) => `error spec.jwtRules[${index}].jwks`),
    fine: rule({ jwks: '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}' }),
  },
  {
    rule: 'keys hold a secret',
    broken: rule({ jwks: '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"}]}' }),
    finds: ['warning spec.jwtRules[0].jwks'],
    fine: rule({ jwks: '{"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"}' }),
  },
  {
    rule: 'texts are empty',
    broken: rule({
      audiences: [''],
      fromHeaders: [{ name: '', prefix: '' }],
      fromParams: ['a', ''],
      fromCookies: [''],
    }),
    finds: ['audiences[0]', 'fromCookies[0]', 'fromHeaders[0]', 'fromParams[1]'].map(
      (path) => `error spec.jwtRules[0].${path}`,
    ),
    fine: rule({ audiences: ['a'], fromHeaders: [{ name: 'x', prefix: '' }], fromParams: ['a'] }),
  },
  {
    rule: 'a claim goes to no header, or to one that there cannot be',
    broken: rule({
      outputClaimToHeaders: [
        { header: '', claim: 'sub' },
        { header: 'x', claim: '' },
        { header: 'x sub', claim: 'sub' },
      ],
    }),
    finds: [
      'error spec.jwtRules[0].outputClaimToHeaders[0]',
      'error spec.jwtRules[0].outputClaimToHeaders[1]',
      'error spec.jwtRules[0].outputClaimToHeaders[2].header',
    ],
    fine: rule({ outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] }),
  },
  {
    rule: 'the time to fetch keys is none',
    broken: rule({ timeout: -1 }),
    finds: ['error spec.jwtRules[0].timeout'],
    fine: rule({ timeout: 5000 }),
  },
]);
