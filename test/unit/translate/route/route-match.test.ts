import { describe, expect, it } from 'vitest';
import { toJson } from '../../../../src/envoy/json.js';
import { RouteConfiguration } from '../../../../src/envoy/messages.js';
import type { HttpMatchRequest } from '../../../../src/config/kinds/virtual-service.js';
import { matchesEverything, routeMatch } from '../../../../src/translate/route/route-match.js';

function matchJson(match: HttpMatchRequest): unknown {
  return toJson(RouteConfiguration, { virtualHosts: [{ routes: [{ match: routeMatch(match) }] }] });
}

/** As an Istio gateway has them. */
function claim(path: readonly string[], matcher: object): object {
  return {
    filter: 'envoy.filters.http.jwt_authn',
    path: path.map((key) => ({ key })),
    value: {
      or_match: {
        value_matchers: [{ list_match: { one_of: { string_match: matcher } } }, { string_match: matcher }],
      },
    },
  };
}

describe('the conditions of a route', () => {
  it('may be on claims of a JWT, nested by dots or brackets', () => {
    const headers = {
      '@request.auth.claims.group.id': { exact: 'admin' },
      'x-a': { exact: 'a' },
      '@request.auth.claims[a.b][c]': { prefix: 'x' },
    };
    const match = {
      prefix: '/',
      case_sensitive: true,
      headers: [{ name: 'x-a', string_match: { exact: 'a' } }],
      dynamic_metadata: [
        claim(['payload', 'group', 'id'], { exact: 'admin' }),
        claim(['payload', 'a.b', 'c'], { prefix: 'x' }),
      ],
    };
    expect(matchJson({ headers })).toEqual({ virtual_hosts: [{ routes: [{ match }] }] });
  });

  it('may be on the absence of a claim', () => {
    const withoutHeaders = { '@request.auth.claims.sub': { regex: 'a.*' } };
    const match = {
      prefix: '/',
      case_sensitive: true,
      dynamic_metadata: [{ ...claim(['payload', 'sub'], { safe_regex: { regex: 'a.*' } }), invert: true }],
    };
    expect(matchJson({ withoutHeaders })).toEqual({ virtual_hosts: [{ routes: [{ match }] }] });
  });

  it.each<[HttpMatchRequest, boolean]>([
    [{}, true],
    [{ uri: { prefix: '/' } }, true],
    [{ uri: { regex: '.*' } }, true],
    [{ uri: { prefix: '/a' } }, false],
    [{ uri: { exact: '/' } }, false],
    [{ headers: { 'x-a': undefined } }, false],
    [{ method: { exact: 'GET' } }, false],
    [{ queryParams: { q: undefined } }, false],
    [{ headers: { '@request.auth.claims.sub': { exact: 'a' } } }, false],
    [{ sourceLabels: { app: 'web' } }, true],
  ])('of %j let every request in: %s', (match, everything) => {
    expect(matchesEverything(routeMatch(match))).toBe(everything);
  });
});
