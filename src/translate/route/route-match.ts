/** Which requests a route is for (Istio reference 7.7). */
import type { HttpMatchRequest, StringMatch } from '../../config/kinds/virtual-service.js';
import { isJwtClaimHeader } from '../../config/validation/header.js';
import { compareStrings } from '../../base/compare.js';
import type { HeaderMatcherShape, RouteMatchShape } from '../../envoy/messages.js';
import { boolValue } from '../../envoy/well-known.js';
import { claimMatcher } from './claim-match.js';
import { matchesAnyValue, stringMatcher } from './string-match.js';

type QueryParameterMatcherShape = NonNullable<RouteMatchShape['queryParameters']>[number];
type Conditions = Readonly<Record<string, StringMatch | undefined>>;

/** The path of requests whose path does not matter. */
export const anyPath = { prefix: '/' } as const satisfies RouteMatchShape;

/** The conditions of a match; every request without one. */
export function routeMatch(match: HttpMatchRequest | undefined): RouteMatchShape {
  if (match === undefined) return anyPath;
  const { headers = {}, withoutHeaders = {}, queryParams = {}, method, authority, scheme } = match;
  const pseudoHeaders: readonly (readonly [string, StringMatch | undefined])[] = [
    [':method', method],
    [':authority', authority],
    [':scheme', scheme],
  ];
  const headerMatchers = [
    ...[...headersOf(headers).map(headerMatcher), ...headersOf(withoutHeaders).map(withoutHeader)].sort(
      (a, b) => compareStrings(a.name ?? '', b.name ?? ''),
    ),
    ...pseudoHeaders.filter(([, value]) => value !== undefined).map(headerMatcher),
  ];
  const claims = [
    ...claimsOf(headers).map(([name, value]) => claimMatcher(name, value)),
    ...claimsOf(withoutHeaders).map(([name, value]) => ({ ...claimMatcher(name, value), invert: true })),
  ];
  return {
    ...path(match.uri),
    caseSensitive: boolValue(match.ignoreUriCase !== true),
    headers: headerMatchers,
    queryParameters: Object.entries(queryParams).map(queryParameterMatcher),
    dynamicMetadata: claims,
  };
}

/** Whether no request can come past a route with these conditions. */
export function matchesEverything(match: RouteMatchShape): boolean {
  const { prefix, safeRegex, headers = [], queryParameters = [], dynamicMetadata = [] } = match;
  return (
    (prefix === '/' || safeRegex?.regex === '.*') &&
    headers.length === 0 &&
    queryParameters.length === 0 &&
    dynamicMetadata.length === 0
  );
}

function path(uri: StringMatch | undefined): Pick<RouteMatchShape, 'prefix'> | RouteMatchShape {
  if (uri === undefined) return anyPath;
  if ('exact' in uri) return { path: uri.exact };
  return 'regex' in uri ? { safeRegex: { regex: uri.regex } } : { prefix: uri.prefix };
}

function headersOf(conditions: Conditions): [string, StringMatch | undefined][] {
  return Object.entries(conditions).filter(([name]) => !isJwtClaimHeader(name));
}

function claimsOf(conditions: Conditions): [string, StringMatch | undefined][] {
  return Object.entries(conditions).filter(([name]) => isJwtClaimHeader(name));
}

function headerMatcher([name, match]: readonly [string, StringMatch | undefined]): HeaderMatcherShape {
  return matchesAnyValue(match) ? { name, presentMatch: true } : { name, stringMatch: stringMatcher(match) };
}

/** A header that is missing has no value, so it matches; a condition on its presence says so by itself. */
function withoutHeader(condition: readonly [string, StringMatch | undefined]): HeaderMatcherShape {
  return {
    ...headerMatcher(condition),
    invertMatch: true,
    treatMissingHeaderAsEmpty: !matchesAnyValue(condition[1]),
  };
}

function queryParameterMatcher([name, match]: readonly [
  string,
  StringMatch | undefined,
]): QueryParameterMatcherShape {
  return matchesAnyValue(match) ? { name, presentMatch: true } : { name, stringMatch: stringMatcher(match) };
}
