import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/envoy/json-value.js';
import { conditionsText, unmetConditions } from '../../../../src/explain/route/conditions.js';
import { parseRequest } from '../../../../src/explain/route/request.js';

function meets(match: JsonObject, url: string, ...headers: readonly string[]): boolean {
  const conditions =
    'prefix' in match || 'path' in match || 'safe_regex' in match ? match : { prefix: '/', ...match };
  return unmetConditions(conditions, parseRequest({ method: 'GET', url, headers })).length === 0;
}

describe('a condition on the path', () => {
  test.each([
    [{ path: '/a' }, '/a', true],
    [{ path: '/a' }, '/a/', false],
    [{ path: '/a' }, '/a?b=c', true],
    [{ prefix: '/a' }, '/ab', true],
    [{ prefix: '/a' }, '/b', false],
    [{ prefix: '/A', case_sensitive: false }, '/ab', true],
    [{ prefix: '/A' }, '/ab', false],
    [{ safe_regex: { regex: '/v[0-9]+' } }, '/v12', true],
    [{ safe_regex: { regex: '/v[0-9]+' } }, '/v12/x', false],
  ])('%j with %s: %s', (match, path, met) => {
    expect(meets(match, `http://orders${path}`)).toBe(met);
  });
});

describe('a condition on a header', () => {
  const exact = { name: 'x', string_match: { exact: 'a' } };
  test.each([
    [exact, ['x: a'], true],
    [exact, ['X: a'], true],
    [exact, ['x: b'], false],
    [exact, [], false],
    [{ ...exact, invert_match: true }, ['x: b'], true],
    [{ ...exact, invert_match: true }, ['x: a'], false],
    [{ ...exact, invert_match: true }, [], false],
    [{ ...exact, invert_match: true, treat_missing_header_as_empty: true }, [], true],
    [{ name: 'x', present_match: true }, ['x: b'], true],
    [{ name: 'x', present_match: true }, [], false],
    [{ name: 'x', present_match: true, invert_match: true }, [], true],
    [{ name: 'x', present_match: true, invert_match: true }, ['x: b'], false],
    [{ name: 'x', string_match: { prefix: 'a' } }, ['x: ab'], true],
    [{ name: 'x', string_match: { suffix: 'b' } }, ['x: ab'], true],
    [{ name: 'x', string_match: { contains: 'c' } }, ['x: ab'], false],
    [{ name: 'x', string_match: { safe_regex: { regex: 'a.*' } } }, ['x: ab'], true],
    [{ name: 'x', string_match: { exact: 'A', ignore_case: true } }, ['x: a'], true],
    [{ name: 'x', string_match: { exact: 'b' } }, ['x: a', 'x: b'], true],
    [{ name: 'x', string_match: { exact: 'a,b' } }, ['x: a', 'x: b'], false],
    [{ name: 'x', string_match: { exact: 'b' }, invert_match: true }, ['x: a', 'x: b'], false],
    [{ name: ':method', string_match: { exact: 'GET' } }, [], true],
    [{ name: ':authority', string_match: { prefix: 'orders' } }, [], true],
    [{ name: ':scheme', string_match: { exact: 'https' } }, [], false],
  ])('%j with %j: %s', (header, headers, met) => {
    expect(meets({ headers: [header] }, 'http://orders/', ...headers)).toBe(met);
  });
});

describe('a condition on a query parameter', () => {
  test.each([
    [{ name: 'page', string_match: { exact: '2' } }, '?page=2', true],
    [{ name: 'page', string_match: { exact: '2' } }, '?page=3', false],
    [{ name: 'page', string_match: { exact: '2' } }, '', false],
    [{ name: 'page', present_match: true }, '?page', true],
    [{ name: 'page', string_match: { exact: '2' } }, '?page=%32', false],
    [{ name: 'page', string_match: { exact: '2' } }, '?page=2&page=3', true],
    [{ name: 'page', string_match: { exact: '2' } }, '?page=3&page=2', false],
  ])('%j with "%s": %s', (parameter, query, met) => {
    expect(meets({ query_parameters: [parameter] }, `http://orders/${query}`)).toBe(met);
  });
});

test('conditions are told in short, and what is not met', () => {
  const match = {
    prefix: '/a',
    headers: [{ name: 'x', string_match: { exact: 'a' }, invert_match: true }],
    query_parameters: [{ name: 'page', present_match: true }],
  };
  expect(conditionsText(match)).toBe('/a*, !x=a, ?page');
  expect(
    unmetConditions(match, parseRequest({ method: 'GET', url: 'http://orders/b', headers: ['x: a'] })),
  ).toEqual(['the path /b is not /a*', 'the request has x=a, not !x=a', 'the query has no page, not page']);
});
