/**
 * The attributes of AuthorizationPolicies as conditions of Envoy's RBAC. What an attribute cannot say (a header in a TCP
 * chain, a value of the wrong form) is undefined; what becomes of the rule then depends on its action.
 */
import { canonicalIp, parsePrefix } from '../../base/ip.js';
import { isPathTemplate, anySegments, oneSegment } from '../../config/validation/authorization-values.js';
import { packAny } from '../../envoy/any.js';
import type { CidrRangeShape, StringMatcherShape } from '../../envoy/messages.js';
import {
  UriTemplateMatchConfig,
  type PermissionShape,
  type PrincipalShape,
} from '../../envoy/policy-messages.js';
import { uint32 } from '../../envoy/well-known.js';
import {
  anyText,
  claimMatcher,
  claimsMatcher,
  headerMatcher,
  listWith,
  metadataMatcher,
  oneOfValues,
  quoteRegex,
  regex,
  textMatcher,
  textValue,
} from './value-matchers.js';

/** What one value of an attribute, or all of them together, ask for. */
export interface Attribute<Condition> {
  readonly one?: (value: string) => Condition | undefined;
  readonly all?: (values: readonly string[]) => Condition | undefined;
}

// What is done

/** The address that was connected to. */
export const destinationAddress: Attribute<PermissionShape> = {
  one: (value) => mapped(cidrRange(value), (destinationIp) => ({ destinationIp })),
};

/** The port that was connected to. */
export const destinationPort: Attribute<PermissionShape> = {
  one: (value) => {
    const port = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    return port <= 65_535 ? { destinationPort: port } : undefined;
  },
};

/** The name that the client asked for in TLS. */
export const serverName: Attribute<PermissionShape> = {
  one: (value) => ({ requestedServerName: textMatcher(value) }),
};

/** Metadata of any filter: `experimental.envoy.filters.a.b[c]`; a value in brackets is one of a list. */
export function filterMetadata(key: string): Attribute<PermissionShape> {
  const match = /^experimental\.([^[]*)\[(.*?)\]?$/s.exec(key);
  const [, filter, name] = match ?? [];
  return {
    all: (values) =>
      filter === undefined || name === undefined
        ? undefined
        : { metadata: metadataMatcher(filter, [name], oneOfValues(values.map(metadataValue))) },
  };
}

function metadataValue(value: string) {
  const isList = value.startsWith('[') && value.endsWith(']');
  return isList ? listWith(textValue(value.replace(/^[[\]]+|[[\]]+$/g, ''))) : textValue(value);
}

/** The host of a request, in either case. */
export const host: Attribute<PermissionShape> = {
  one: (value) => ({ header: headerMatcher(':authority', value, true) }),
};

/** The method of a request. */
export const method: Attribute<PermissionShape> = {
  one: (value) => ({ header: headerMatcher(':method', value) }),
};

/** The path of a request without its query, which may be a template. */
export const path: Attribute<PermissionShape> = {
  one: (value) =>
    isPathTemplate(value) ? { uriTemplate: uriTemplate(value) } : { urlPath: { path: textMatcher(value) } },
};

function uriTemplate(value: string) {
  const pathTemplate = value.replaceAll(oneSegment, '*').replaceAll(anySegments, '**');
  return { name: 'uri-template', typedConfig: packAny(UriTemplateMatchConfig, { pathTemplate }) };
}

// Who does it

/** The address of the connection. */
export const sourceAddress: Attribute<PrincipalShape> = {
  one: (value) => mapped(cidrRange(value), (directRemoteIp) => ({ directRemoteIp })),
};

/** The address that headers or the PROXY protocol tell. */
export const remoteAddress: Attribute<PrincipalShape> = {
  one: (value) => mapped(cidrRange(value), (remoteIp) => ({ remoteIp })),
};

/** The namespace in the client's certificate. */
export const sourceNamespace: Attribute<PrincipalShape> = {
  one: (value) => authenticated(regex(`.*/ns/${value.split('*').map(quoteRegex).join('.*')}/.*`)),
};

/** The account in the client's certificate, `account` or `namespace/account`. @param namespace that of the policy */
export function sourceServiceAccount(namespace: string): Attribute<PrincipalShape> {
  return {
    one: (value) => {
      const slash = value.indexOf('/');
      const owner = quoteRegex(slash < 0 ? namespace : value.slice(0, slash));
      const account = quoteRegex(value.slice(slash + 1));
      return authenticated(regex(`spiffe://.+/ns/${owner}/(.+/|)sa/${account}(/.+)?`));
    },
  };
}

/** The trust domain in the client's certificate. */
export const sourceTrustDomain: Attribute<PrincipalShape> = {
  one: (value) => authenticated(trustDomainMatcher(value)),
};

function trustDomainMatcher(value: string): StringMatcherShape {
  if (value === '*') return { prefix: 'spiffe://' };
  const wildcard = value.indexOf('*');
  if (wildcard < 0) return { prefix: `spiffe://${value}/` };
  const parts = [value.slice(0, wildcard), value.slice(wildcard + 1)];
  return regex(`spiffe://${parts.map(quoteRegex).join('[^/]*')}/.*`);
}

/** Who the client's certificate says that it is, without `spiffe://`. */
export const sourcePrincipal: Attribute<PrincipalShape> = {
  one: (value) => authenticated(textMatcher(value, 'spiffe://')),
};

function authenticated(principalName: StringMatcherShape): PrincipalShape {
  return { authenticated: { principalName } };
}

/** Issuer and subject of the request's token, `issuer/subject`. */
export const requestPrincipal: Attribute<PrincipalShape> = {
  all: (values) => {
    const principals = values.map(requestPrincipalCondition);
    const [only] = principals;
    return principals.length === 1 && only !== undefined ? only : { orIds: { ids: principals } };
  },
};

function requestPrincipalCondition(value: string): PrincipalShape {
  const [issuer, subject] = issuerAndSubject(value);
  return {
    andIds: {
      ids: [{ metadata: claimMatcher('iss', issuer) }, { metadata: claimMatcher('sub', subject) }],
    },
  };
}

/** A wildcard at the start is one of the issuer, at the end one of the subject; without a slash of the whole. */
function issuerAndSubject(value: string): readonly [StringMatcherShape, StringMatcherShape] {
  const slash = value.lastIndexOf('/');
  const [issuer, subject] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (value === '*') return [anyText, anyText];
  if (value.startsWith('*')) {
    if (slash < 0) return [anyText, { suffix: value.slice(1) }];
    return [issuer === '*' ? anyText : { suffix: issuer.slice(1) }, { exact: subject }];
  }
  if (value.endsWith('*')) {
    if (slash < 0) return [{ prefix: value.slice(0, -1) }, anyText];
    return [{ exact: issuer }, subject === '*' ? anyText : { prefix: subject.slice(0, -1) }];
  }
  return [{ exact: issuer }, { exact: subject }];
}

/** A claim of the request's token. */
export function requestClaim(...claims: readonly string[]): Attribute<PrincipalShape> {
  return { all: (values) => ({ metadata: claimsMatcher(claims, values) }) };
}

/** A claim by its name in brackets, or by the names on the way to it: `[a][b]`. */
export function claimInBrackets(brackets: string): Attribute<PrincipalShape> {
  const nested = /^(?:\[[^[\]]*\])+$/.test(brackets);
  const names = nested ? brackets.slice(1, -1).split('][') : nameInBrackets(brackets);
  return names === undefined ? unsayable : requestClaim(...names);
}

/** A header of the request by its name in brackets. */
export function headerInBrackets(brackets: string): Attribute<PrincipalShape> {
  const [name] = nameInBrackets(brackets) ?? [];
  return name === undefined ? unsayable : { one: (value) => ({ header: headerMatcher(name, value) }) };
}

const unsayable = { one: (): undefined => undefined };

function nameInBrackets(brackets: string): readonly string[] | undefined {
  return brackets.startsWith('[') && brackets.endsWith(']') && brackets.length > 1
    ? [brackets.slice(1, -1)]
    : undefined;
}

/** An address or a range; the address of a range stays as it is written. */
function cidrRange(value: string): CidrRangeShape | undefined {
  const [address = ''] = value.split('/');
  const addressPrefix = canonicalIp(address);
  if (addressPrefix === undefined) return undefined;
  if (!value.includes('/'))
    return { addressPrefix, prefixLen: uint32(addressPrefix.includes(':') ? 128 : 32) };
  const prefix = parsePrefix(value);
  return prefix && { addressPrefix, prefixLen: uint32(prefix.bits) };
}

function mapped<A, B>(value: A | undefined, convert: (value: A) => B): B | undefined {
  return value === undefined ? undefined : convert(value);
}
