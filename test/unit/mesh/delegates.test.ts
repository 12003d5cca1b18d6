import { describe, expect, it } from 'vitest';
import type { HttpMatchRequest, HttpRoute } from '../../../src/config/kinds/virtual-service.js';
import { mergeHttpRoutes } from '../../../src/mesh/delegates.js';
import { mergeHttpMatches } from '../../../src/mesh/merge-http-matches.js';

describe('a delegated route', () => {
  const root: HttpRoute = {
    name: 'root',
    rewrite: { uri: '/root' },
    directResponse: { status: 503 },
    timeout: 1000,
    retries: { attempts: 1 },
    fault: { abort: { httpStatus: 500 } },
    mirror: { host: 'root.example.com' },
    mirrors: [{ percentage: 1 }],
    mirrorPercent: 1,
    mirrorPercentage: 1,
    corsPolicy: { allowCredentials: true },
    headers: { request: { remove: ['root'] } },
    delegate: { name: 'x' },
  };
  const delegate: HttpRoute = {
    name: 'delegate',
    route: [{ destination: { host: 'a.example.com' } }],
    rewrite: { uri: '/delegate' },
    directResponse: { status: 404 },
    timeout: 2000,
    retries: { attempts: 2 },
    fault: { abort: { httpStatus: 400 } },
    mirror: { host: 'delegate.example.com' },
    mirrors: [{ percentage: 2 }],
    mirrorPercent: 2,
    mirrorPercentage: 2,
    corsPolicy: { allowCredentials: false },
    headers: { request: { remove: ['delegate'] } },
  };

  it('has what it says itself', () => {
    expect(mergeHttpRoutes(root, delegate)).toEqual({ ...delegate, name: 'root-delegate' });
  });

  it('has from the root what it does not say, but neither its route nor its redirect nor its delegate', () => {
    const { delegate: _, ...inherited } = root;
    const given = { ...root, route: [], redirect: { uri: '/' } };
    expect(mergeHttpRoutes(given, { mirrors: [] })).toEqual(inherited);
  });

  it('is left out when its conditions cannot hold with those of the root', () => {
    expect(mergeHttpRoutes({ match: [{ port: 80 }] }, { match: [{ port: 81 }] })).toBeUndefined();
  });

  it('has the conditions of the one that has some', () => {
    const match = [{ port: 80 }];
    expect(mergeHttpRoutes({ match }, {})).toEqual({ match });
    expect(mergeHttpRoutes({}, { match })).toEqual({ match });
  });
});

describe('conditions of root and delegate', () => {
  const merged = (root: HttpMatchRequest, delegate: HttpMatchRequest) =>
    mergeHttpMatches([root], [delegate])?.[0];

  it('are joined, the delegate first', () => {
    const root: HttpMatchRequest = {
      name: 'r',
      uri: { prefix: '/a' },
      scheme: { exact: 'https' },
      authority: { prefix: 'a.' },
      headers: { both: { prefix: 'x' }, root: { exact: 'r' } },
      withoutHeaders: { root: undefined },
      queryParams: { q: { exact: '1' } },
      port: 80,
      sourceLabels: { app: 'web', root: 'r' },
      sourceNamespace: 'shop',
      gateways: ['mesh', 'shop/edge'],
      statPrefix: 'r',
    };
    const delegate: HttpMatchRequest = {
      name: 'd',
      uri: { prefix: '/a/b' },
      method: { exact: 'GET' },
      headers: { both: { exact: 'xy' }, delegate: { regex: '.*' } },
      sourceLabels: { app: 'web', delegate: 'd' },
      sourceNamespace: 'shop',
      gateways: ['mesh'],
    };
    expect(merged(root, delegate)).toEqual({
      name: 'r-d',
      uri: { prefix: '/a/b' },
      scheme: { exact: 'https' },
      method: { exact: 'GET' },
      authority: { prefix: 'a.' },
      headers: { both: { exact: 'xy' }, root: { exact: 'r' }, delegate: { regex: '.*' } },
      withoutHeaders: { root: undefined },
      queryParams: { q: { exact: '1' } },
      port: 80,
      sourceLabels: { app: 'web', root: 'r', delegate: 'd' },
      sourceNamespace: 'shop',
      gateways: ['mesh'],
      statPrefix: 'r',
    });
  });

  it('are made for every pair that can hold together', () => {
    const root = [
      { name: 'a', uri: { prefix: '/a' } },
      { name: 'any' },
      { name: 'b', uri: { prefix: '/b' } },
    ];
    const delegate = [
      { name: 'x', uri: { exact: '/a/x' } },
      { name: 'y', method: { exact: 'GET' } },
    ];
    expect(mergeHttpMatches(root, delegate)?.map(({ name }) => name)).toEqual([
      'a-x',
      'any-x',
      'a-y',
      'any-y',
      'b-y',
    ]);
  });

  it('are none at all when one of the delegate can hold with none of the root', () => {
    expect(mergeHttpMatches([{ port: 80 }], [{ port: 80 }, { port: 81 }])).toBeUndefined();
  });

  it.each<[string, HttpMatchRequest, HttpMatchRequest, boolean]>([
    ['a longer prefix', { uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }, true],
    ['a shorter prefix', { uri: { prefix: '/a/b' } }, { uri: { prefix: '/a' } }, false],
    ['an exact text with the prefix', { uri: { prefix: '/a' } }, { uri: { exact: '/a/b' } }, true],
    ['an exact text without the prefix', { uri: { prefix: '/a' } }, { uri: { exact: '/b' } }, false],
    ['the same exact text', { uri: { exact: '/a' } }, { uri: { exact: '/a' } }, true],
    ['another exact text', { uri: { exact: '/a' } }, { uri: { exact: '/b' } }, false],
    ['a prefix under an exact text', { uri: { exact: '/a' } }, { uri: { prefix: '/a' } }, false],
    ['an expression under anything', { uri: { prefix: '/a' } }, { uri: { regex: '/a.*' } }, false],
    ['anything under an expression', { uri: { regex: '.*' } }, { uri: { exact: '/a' } }, false],
    ['an expression under nothing', {}, { uri: { regex: '.*' } }, true],
    [
      'a header that the root does not name',
      { headers: { a: { exact: '1' } } },
      { headers: { b: { exact: '1' } } },
      true,
    ],
    [
      'a header of another value',
      { headers: { a: { exact: '1' } } },
      { headers: { a: { exact: '2' } } },
      false,
    ],
    ['a value under presence', { headers: { a: undefined } }, { headers: { a: { exact: '2' } } }, false],
    ['presence under presence', { headers: { a: undefined } }, { headers: { a: undefined } }, false],
    ['presence under a value', { headers: { a: { exact: '1' } } }, { headers: { a: undefined } }, false],
    [
      'an absent header of another value',
      { withoutHeaders: { a: { exact: '1' } } },
      { withoutHeaders: { a: { exact: '2' } } },
      false,
    ],
    [
      'a parameter of another value',
      { queryParams: { a: { exact: '1' } } },
      { queryParams: { a: { exact: '2' } } },
      false,
    ],
    ['another case rule', { ignoreUriCase: true }, {}, false],
    ['the same port', { port: 80 }, { port: 80 }, true],
    ['no port', { port: 80 }, {}, true],
    ['another port', { port: 80 }, { port: 81 }, false],
    ['no source namespace under one', { sourceNamespace: 'shop' }, {}, false],
    ['a source namespace under none', {}, { sourceNamespace: 'shop' }, true],
    ['labels that the root does not name', { sourceLabels: { a: '1' } }, { sourceLabels: { b: '1' } }, true],
    ['a label of another value', { sourceLabels: { a: '1' } }, { sourceLabels: { a: '2' } }, false],
    ['some of the gateways', { gateways: ['mesh', 'a/b'] }, { gateways: ['a/b'] }, true],
    ['other gateways', { gateways: ['mesh'] }, { gateways: ['a/b'] }, false],
    ['more gateways', { gateways: ['mesh'] }, { gateways: ['mesh', 'a/b'] }, false],
    ['gateways under none', {}, { gateways: ['a/b'] }, true],
  ])('%s: %j and %j hold together: %s', (_what, root, delegate, expected) => {
    expect(merged(root, delegate) !== undefined).toBe(expected);
  });
});
