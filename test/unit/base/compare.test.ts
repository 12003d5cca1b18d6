import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepEqual } from '../../../src/base/compare.js';
import { SharingMap } from '../../../src/base/sharing-map.js';

describe('deepEqual', () => {
  it('finds copies equal', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => deepEqual(value, structuredClone(value))));
  });

  it('says the same as a comparison of canonical text', () => {
    const small = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        fc.constantFrom<unknown>(0, 1, '', 'a', null, true),
        tie('list'),
        tie('record'),
      ),
      list: fc.array(tie('value'), { maxLength: 2 }),
      record: fc.dictionary(fc.constantFrom('a', 'b'), tie('value'), { noNullPrototype: true }),
    })).value;
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(deepEqual(a, b)).toBe(canonical(a) === canonical(b));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, unknown, unknown, boolean]>([
    ['fields that are undefined and absent', { a: 1, b: undefined }, { a: 1 }, true],
    ['a field of the one that the other lacks', { a: 1 }, { b: 1 }, false],
    ['a field more', { a: 1 }, { a: 1, b: 2 }, false],
    ['names that objects inherit', { toString: 'a' }, {}, false],
    [
      'maps in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
      true,
    ],
    ['maps of other values', new Map([['a', 1]]), new Map([['a', 2]]), false],
    ['maps of either kind', new Map([['a', [1]]]), SharingMap.of([['a', [1]]]), true],
    ['maps of the other kind that differ', SharingMap.of([['a', 1]]), SharingMap.of([['a', 2]]), false],
    ['sets', new Set([1, 2]), new Set([2, 1]), true],
    ['a list and an object', [1], { 0: 1 }, false],
    ['an object and a map', {}, new Map(), false],
    ['an object and nothing', {}, null, false],
  ])('compares %s', (_what, a, b, expected) => {
    expect(deepEqual(a, b)).toBe(expected);
    expect(deepEqual(b, a)).toBe(expected);
  });
});

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
