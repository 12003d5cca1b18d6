import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocality } from '../../../../../src/model/locality.js';
import {
  applyDistribution,
  localityMatches,
} from '../../../../../src/translate/endpoint/locality-lb/distribute.js';
import { group, weights } from '../fixtures.js';

const proxy = parseLocality('eu/a/1');
const world = [
  group('asia/a', 1),
  group('eu/a/1', 1, 1),
  group('eu/a/2', 2),
  group('eu/b', 1),
  group('us/a', 1),
];

describe('distribution over localities', () => {
  it('gives each locality its share, and splits it over the groups that it covers, rounded up', () => {
    const rules = [{ from: 'eu/*', to: { 'eu/a/*': 61, us: 39 } }];
    const groups = applyDistribution(world, proxy, rules);
    expect(weights(groups)).toEqual([
      ['asia/a/', 1],
      ['eu/a/1', 31],
      ['eu/a/2', 31],
      ['eu/b/', 1],
      ['us/a/', 39],
    ]);
    expect(groups.map(({ endpoints }) => endpoints.length)).toEqual([0, 2, 1, 0, 1]);
  });

  it('splits a share in proportion to the weights of the groups', () => {
    const groups = [group('eu/a', 3), group('eu/b', 1)];
    expect(weights(applyDistribution(groups, proxy, [{ from: '*', to: { 'eu/*': 100 } }]))).toEqual([
      ['eu/a/', 75],
      ['eu/b/', 25],
    ]);
  });

  it('uses the first rule for the locality of the proxy', () => {
    const rules = [
      { from: 'us', to: { '*': 10 } },
      { from: 'eu/a', to: { 'us/*': 20 } },
      { from: '*', to: { '*': 30 } },
    ];
    expect(weights(applyDistribution([group('us/a', 1)], proxy, rules))).toEqual([['us/a/', 20]]);
  });

  it('leaves everything as it is without a rule for the locality', () => {
    expect(applyDistribution(world, proxy, [{ from: 'mars', to: { 'eu/*': 100 } }])).toBe(world);
  });

  it('counts a group once, for the first destination that covers it', () => {
    const rules = [{ from: '*', to: { 'eu/a/1': 10, 'eu/*': 20 } }];
    expect(weights(applyDistribution([group('eu/a/1', 1), group('eu/b', 1)], proxy, rules))).toEqual([
      ['eu/a/1', 10],
      ['eu/b/', 20],
    ]);
  });

  it('counts a group that has lost its weight as one', () => {
    const empty = { ...group('eu/a'), weight: undefined };
    expect(
      weights(applyDistribution([empty, group('eu/b', 3)], proxy, [{ from: '*', to: { 'eu/*': 100 } }])),
    ).toEqual([
      ['eu/a/', 25],
      ['eu/b/', 75],
    ]);
  });

  it('multiplies modulo 2^32, as Istio does', () => {
    const groups = [group('eu', 1), group('eu/a', 4294967294), group('eu/b', 4)];
    const sum = (1 + 4294967294 + 4) % 2 ** 32;
    expect(weights(applyDistribution(groups, proxy, [{ from: '*', to: { 'eu/*': 50 } }]))).toEqual([
      ['eu//', Math.ceil(50 / sum)],
      ['eu/a/', Math.ceil(((4294967294 * 50) % 2 ** 32) / sum)],
      ['eu/b/', Math.ceil(200 / sum)],
    ]);
  });

  it('gives the groups of a destination its share in all, plus at most one for each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 100 }),
        (each, share) => {
          const groups = each.map((weight, index) => group(`eu/z${index}`, weight));
          const total = applyDistribution(groups, proxy, [{ from: '*', to: { 'eu/*': share } }]).reduce(
            (sum, { weight = 0 }) => sum + weight,
            0,
          );
          expect(total).toBeGreaterThanOrEqual(share);
          expect(total).toBeLessThan(share + each.length);
        },
      ),
    );
  });
});

describe('a locality of a rule', () => {
  it.each([
    ['*', 'eu/a/1', true],
    ['eu', 'eu/a/1', true],
    ['eu/*', 'eu/a/1', true],
    ['eu/a', 'eu/a/1', true],
    ['eu/a/*', 'eu/a/1', true],
    ['eu/a/1', 'eu/a/1', true],
    ['eu/a/2', 'eu/a/1', false],
    ['eu/b/*', 'eu/a/1', false],
    ['us/*', 'eu/a/1', false],
    ['', '', true],
    ['', 'eu', false],
  ])('%j for %j: %s', (rule, locality, expected) => {
    expect(localityMatches(parseLocality(locality), rule)).toBe(expected);
  });
});
