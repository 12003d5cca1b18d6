import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocality } from '../../../../../src/model/locality.js';
import type { EndpointGroup } from '../../../../../src/translate/endpoint/endpoint-group.js';
import { applyFailover } from '../../../../../src/translate/endpoint/locality-lb/failover.js';
import { applyZoneAwareFailover } from '../../../../../src/translate/endpoint/locality-lb/zone-aware.js';
import { group, priorities } from '../fixtures.js';

const world = ['eu/a/1', 'eu/a/2', 'eu/b/1', 'us/a/1', 'asia/a/1'].map((locality) => group(locality, 1));

describe('failover by region, zone and subzone', () => {
  it('ranks the same place, the same zone, the same region and everything else', () => {
    expect(priorities(applyFailover(world, parseLocality('eu/a/1'), []))).toEqual([
      ['eu/a/1', 0],
      ['eu/a/2', 1],
      ['eu/b/1', 2],
      ['us/a/1', 3],
      ['asia/a/1', 3],
    ]);
  });

  it('sends traffic that leaves the region to the region of the rule first', () => {
    const rules = [
      { from: 'eu', to: 'asia' },
      { from: 'eu', to: 'us' },
    ];
    expect(priorities(applyFailover(world, parseLocality('eu/a/1'), rules)).slice(3)).toEqual([
      ['us/a/1', 4],
      ['asia/a/1', 3],
    ]);
  });

  it('ignores rules for other regions', () => {
    expect(
      priorities(applyFailover(world, parseLocality('eu/a/1'), [{ from: 'us', to: 'asia' }])).slice(3),
    ).toEqual([
      ['us/a/1', 3],
      ['asia/a/1', 3],
    ]);
  });

  it('leaves no gap when nothing is near', () => {
    expect(priorities(applyFailover(world.slice(2), parseLocality('eu/c/9'), []))).toEqual([
      ['eu/b/1', 0],
      ['us/a/1', 1],
      ['asia/a/1', 1],
    ]);
  });

  it('ranks a proxy that is nowhere with the endpoints that are nowhere', () => {
    expect(priorities(applyFailover([group('', 1), ...world.slice(0, 1)], parseLocality(''), []))).toEqual([
      ['//', 0],
      ['eu/a/1', 1],
    ]);
  });

  it('ranks within the priorities that there are', () => {
    const ranked = [
      { ...group('eu/a/1', 1), priority: 1 },
      { ...group('us/a/1', 1), priority: 0 },
      { ...group('eu/b/1', 1), priority: 1 },
    ];
    expect(priorities(applyFailover(ranked, parseLocality('eu/a/1'), []))).toEqual([
      ['eu/a/1', 1],
      ['us/a/1', 0],
      ['eu/b/1', 2],
    ]);
  });
});

describe('zone-aware failover', () => {
  it('keeps the whole region together, before the region of the rule and all others', () => {
    const rules = [{ from: 'eu', to: 'asia' }];
    expect(priorities(applyZoneAwareFailover(world, parseLocality('eu/a/1'), rules))).toEqual([
      ['eu/a/1', 0],
      ['eu/a/2', 0],
      ['eu/b/1', 0],
      ['us/a/1', 2],
      ['asia/a/1', 1],
    ]);
  });

  it('knows two ranks without a rule', () => {
    expect(priorities(applyZoneAwareFailover(world, parseLocality('us/a/1'), []))).toEqual([
      ['eu/a/1', 1],
      ['eu/a/2', 1],
      ['eu/b/1', 1],
      ['us/a/1', 0],
      ['asia/a/1', 1],
    ]);
  });
});

describe('priorities', () => {
  const part = fc.constantFrom('', 'a', 'b', 'c');
  const locality = fc.tuple(part, part, part).map((parts) => parts.join('/'));
  const groups = fc.array(
    fc.tuple(locality, fc.nat(5)).map(([text, priority]): EndpointGroup => ({ ...group(text, 1), priority })),
  );
  const rules = fc.array(fc.record({ from: part, to: part }), { maxLength: 3 });

  it.each([
    ['failover', applyFailover],
    ['zone-aware failover', applyZoneAwareFailover],
  ])('of %s are 0..N without gaps, and never turn an order around', (_, apply) => {
    fc.assert(
      fc.property(groups, locality, rules, (before, proxy, failover) => {
        const after = apply(before, parseLocality(proxy), failover);
        const used = new Set(after.map(({ priority }) => priority));
        expect([...used].sort((a, b) => a - b)).toEqual([...used].map((_, index) => index));
        const pairs = before.map(({ priority }, index) => [priority, after[index]?.priority ?? -1] as const);
        for (const [before1, after1] of pairs) {
          const later = pairs.filter(([before2]) => before2 > before1);
          expect(later.every(([, after2]) => after2 > after1)).toBe(true);
        }
      }),
    );
  });
});
