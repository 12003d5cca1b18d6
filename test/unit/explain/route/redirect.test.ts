import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/envoy/json-value.js';
import { redirectText } from '../../../../src/explain/route/redirect.js';
import { parseRequest } from '../../../../src/explain/route/request.js';

function redirected(url: string, redirect: JsonObject, match: JsonObject = { prefix: '/' }): string {
  return redirectText({ match }, redirect, parseRequest({ method: 'GET', url, headers: [] }));
}

describe('a redirect', () => {
  test.each<[string, JsonObject, string]>([
    ['http://shop/old?a=b', { path_redirect: '/new' }, '301 to http://shop/new?a=b'],
    ['http://shop/old?a=b', { path_redirect: '/new?c=d' }, '301 to http://shop/new?c=d'],
    ['http://shop/old?a=b', { path_redirect: '/new', strip_query: true }, '301 to http://shop/new'],
    ['http://shop/old', { path_redirect: 'new' }, '301 to http://shop/new'],
    ['http://shop/old', { host_redirect: 'b', response_code: 'FOUND' }, '302 to http://b/old'],
    ['http://shop:8080/', { path_redirect: '/home' }, '301 to http://shop:8080/home'],
    ['http://shop:8080/', { port_redirect: 8443 }, '301 to http://shop:8443/'],
    ['http://shop:8080/', { https_redirect: true }, '301 to https://shop:8080/'],
  ])('of %s by %j leads there', (url, redirect, says) => {
    expect(redirected(url, redirect)).toBe(`redirected with ${says}`);
  });

  test('leaves out the usual port of the scheme that it leaves', () => {
    const request = {
      ...parseRequest({ method: 'GET', url: 'http://shop/', headers: [] }),
      authority: 'shop:80',
    };
    const to = (redirect: JsonObject): string => redirectText({ match: { prefix: '/' } }, redirect, request);
    expect(to({ scheme_redirect: 'https' })).toBe('redirected with 301 to https://shop/');
    expect(to({ path_redirect: '/a' })).toBe('redirected with 301 to http://shop:80/a');
  });

  test('puts another prefix in the place of the one that matched', () => {
    expect(redirected('http://shop/old/a?b', { prefix_rewrite: '/new/' }, { prefix: '/old/' })).toBe(
      'redirected with 301 to http://shop/new/a?b',
    );
  });
});
