import { expect, test } from 'vitest';
import type { EndpointGroup } from '../../../src/translate/endpoint/endpoint-group.js';
import { lbEndpoint } from '../../../src/translate/endpoint/lb-endpoint.js';
import { applyRanks } from '../../../src/translate/endpoint/locality-lb/ranks.js';
import { endpoint } from '../registry/store/values.js';

function group(region: string, priority: number, ...ranks: readonly number[]): EndpointGroup {
  const endpoints = ranks.map((rank, index) =>
    lbEndpoint(endpoint(`10.0.${rank}.${index}`, { rank }), false),
  );
  return { locality: { region, zone: '', subZone: '' }, endpoints, weight: endpoints.length, priority };
}

test('groups stay the same objects when no endpoint has a rank', () => {
  const groups = [group('a', 0, 0, 0), group('b', 1, 0)];
  expect(applyRanks(groups)).toBe(groups);
});

test('what is of a later rank comes after every locality of the one before, without gaps', () => {
  const ranked = applyRanks([group('a', 0, 0, 1), group('b', 1, 0, 1, 1)]);
  expect(ranked.map(({ locality, priority, weight }) => [locality.region, priority, weight])).toEqual([
    ['a', 0, 1],
    ['a', 2, 1],
    ['b', 1, 1],
    ['b', 3, 2],
  ]);
});
