import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocality } from '../../../../../src/model/locality.js';
import type { EndpointGroup } from '../../../../../src/translate/endpoint/endpoint-group.js';
import { applyFailoverPriority } from '../../../../../src/translate/endpoint/locality-lb/failover-priority.js';
import { placed } from '../fixtures.js';

function groupOf(...endpoints: [weight: number, labels: Record<string, string>][]): EndpointGroup {
  return {
    locality: parseLocality('eu/a'),
    endpoints: endpoints.map(([weight, labels]) => placed(weight, labels)),
    weight: endpoints.reduce((sum, [weight]) => sum + weight, 0),
    priority: 0,
  };
}

/** Priority, weight and the weights of the endpoints of each group: endpoints are told apart by their weight. */
function ranks(groups: readonly EndpointGroup[]) {
  return groups.map(({ priority, weight, endpoints }) => [
    priority,
    weight,
    endpoints.map((each) => each.weight),
  ]);
}

describe('failover by labels', () => {
  it('splits a group by the first label that differs', () => {
    const group = groupOf(
      [1, { region: 'eu', tier: 'gold' }],
      [2, { region: 'us', tier: 'gold' }],
      [4, { region: 'eu', tier: 'base' }],
      [8, { region: 'eu', tier: 'gold' }],
    );
    expect(ranks(applyFailoverPriority([group], { region: 'eu', tier: 'gold' }, ['region', 'tier']))).toEqual(
      [
        [0, 9, [1, 8]],
        [1, 4, [4]],
        [2, 2, [2]],
      ],
    );
  });

  it('takes a value after the equals sign in place of the label of the proxy', () => {
    const group = groupOf([1, { tier: 'gold' }], [2, { tier: 'base' }]);
    expect(ranks(applyFailoverPriority([group], { tier: 'base' }, ['tier=gold']))).toEqual([
      [0, 1, [1]],
      [1, 2, [2]],
    ]);
  });

  it('leaves alone an entry with two equals signs, save that the label counts', () => {
    const group = groupOf([1, { tier: 'gold' }], [2, { tier: 'base' }]);
    expect(ranks(applyFailoverPriority([group], { tier: 'base' }, ['tier=gold=x']))).toEqual([
      [0, 2, [2]],
      [1, 1, [1]],
    ]);
  });

  it('takes a fixed value for every entry of the label', () => {
    const group = groupOf([1, { tier: 'gold' }], [2, {}]);
    expect(ranks(applyFailoverPriority([group], { other: '1' }, ['tier', 'tier=gold']))).toEqual([
      [0, 1, [1]],
      [1, 2, [2]],
    ]);
  });

  it('counts a label that neither has as shared', () => {
    expect(ranks(applyFailoverPriority([groupOf([1, {}])], { other: '1' }, ['tier', 'constructor']))).toEqual(
      [[0, 1, [1]]],
    );
  });

  it('puts the own network before everything, and ranks other networks by the other labels', () => {
    const network = 'topology.istio.io/network';
    const group = groupOf(
      [1, { [network]: 'east', region: 'eu' }],
      [2, { [network]: 'west', region: 'eu' }],
      [4, { [network]: 'west', region: 'us' }],
      [8, { [network]: 'east', region: 'us' }],
    );
    const proxy = { [network]: 'east', region: 'eu' };
    expect(ranks(applyFailoverPriority([group], proxy, [network, 'region']))).toEqual([
      [0, 1, [1]],
      [1, 8, [8]],
      [2, 2, [2]],
      [3, 4, [4]],
    ]);
    expect(ranks(applyFailoverPriority([group], proxy, ['region', network]))).toEqual([
      [0, 1, [1]],
      [1, 2, [2]],
      [2, 12, [4, 8]],
    ]);
  });

  it('compacts priorities over all groups', () => {
    const labels = ['a', 'b', 'c'];
    const near = groupOf([1, { a: '1', b: '1' }]);
    const far = groupOf([2, {}]);
    expect(ranks(applyFailoverPriority([far, near], { a: '1', b: '1', c: '1' }, labels))).toEqual([
      [1, 2, [2]],
      [0, 1, [1]],
    ]);
  });

  it('loses no endpoint, and weighs each part by its endpoints', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
    const endpoints = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), labels), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(endpoints), labels, fc.subarray(['a', 'b', 'c']), (before, proxy, wanted) => {
        const groups = before.map((each) => groupOf(...each));
        const after = applyFailoverPriority(groups, proxy, wanted);
        expect(after.flatMap((each) => each.endpoints)).toHaveLength(before.flat().length);
        for (const { endpoints: part, weight } of after) {
          expect(weight).toBe(part.reduce((sum, each) => sum + each.weight, 0));
        }
        const used = [...new Set(after.map(({ priority }) => priority))].sort((a, b) => a - b);
        expect(used).toEqual(used.map((_, index) => index));
      }),
    );
  });
});
