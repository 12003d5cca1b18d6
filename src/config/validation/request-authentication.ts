/** The rules of RequestAuthentication: Istio's ValidateRequestAuthentication. */
import type { JwtRule } from '../kinds/security.js';
import type { ConfigObject } from '../object.js';
import { optionalDurationProblem } from './duration.js';
import { type FindingSink, quote } from './finding.js';
import { headerNameProblem } from './header.js';
import { validatePolicyTarget } from './policy-target.js';

/** Checks a RequestAuthentication (Istio reference 10.5). */
export function validateRequestAuthentication(
  { spec }: ConfigObject<'RequestAuthentication'>,
  sink: FindingSink,
): void {
  validatePolicyTarget(spec, sink);
  for (const [index, rule] of spec.jwtRules.entries()) validateJwtRule(rule, `spec.jwtRules[${index}]`, sink);
}

function validateJwtRule(rule: JwtRule, path: string, sink: FindingSink): void {
  validateTexts(rule.audiences, `${path}.audiences`, 'audience', sink);
  if (rule.issuer === '' && rule.jwksUri === '')
    sink.error(`${path}.issuer`, 'is empty; an issuer or a jwksUri is needed');
  if (rule.jwksUri !== '') sink.error(`${path}.jwksUri`, jwksUriProblem(rule.jwksUri));
  validateJwks(rule.jwks, `${path}.jwks`, sink);
  validateTexts(
    rule.fromHeaders.map(({ name }) => name),
    `${path}.fromHeaders`,
    'header name',
    sink,
  );
  validateTexts(rule.fromParams, `${path}.fromParams`, 'query parameter', sink);
  validateTexts(rule.fromCookies, `${path}.fromCookies`, 'cookie name', sink);
  for (const [index, { header, claim }] of rule.outputClaimToHeaders.entries()) {
    const at = `${path}.outputClaimToHeaders[${index}]`;
    if (header === '' || claim === '') sink.error(at, 'needs a header and a claim');
    else sink.error(`${at}.header`, headerNameProblem(header));
  }
  sink.error(`${path}.timeout`, optionalDurationProblem(rule.timeout));
}

function validateTexts(values: readonly string[], path: string, what: string, sink: FindingSink): void {
  for (const [index, value] of values.entries())
    if (value === '') sink.error(`${path}[${index}]`, `${what} is empty`);
}

function jwksUriProblem(uri: string): string | undefined {
  if (!URL.canParse(uri)) return `${quote(uri)} is not a URI`;
  const { protocol } = new URL(uri);
  return protocol === 'http:' || protocol === 'https:'
    ? undefined
    : `${quote(uri)} does not begin with http:// or https://`;
}

const keyTypes: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP', 'oct']);

/** Keys have to be a JSON Web Key Set, or a single key; secret parts of them are of no use to whoever checks. */
function validateJwks(jwks: string, path: string, sink: FindingSink): void {
  if (jwks === '') return;
  const keys = keysOf(parsedJson(jwks));
  if (keys === undefined || !keys.every((key) => keyTypes.has(key['kty']))) {
    sink.error(path, 'is not a JSON Web Key Set: {"keys": [{"kty": "RSA", …}]}');
    return;
  }
  for (const [index, key] of keys.entries()) {
    if ('d' in key || key['kty'] === 'oct')
      sink.warn(path, `the key at ${index} holds a secret, which checking tokens does not need`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is no key set, which the caller says.
    return undefined;
  }
}

function keysOf(value: unknown): readonly Fields[] | undefined {
  if (!isFields(value)) return undefined;
  if (!('keys' in value)) return [value];
  const { keys } = value;
  return Array.isArray(keys) && keys.every(isFields) ? keys : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
