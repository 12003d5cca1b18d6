import { describe, expect, test } from 'vitest';
import { PushPace } from '../../src/push-pace.js';

/** Pushes of changes that take `work` milliseconds each, and some time between one and the next. */
function simulate(
  work: number,
  between: (merge: number) => number,
  pushes: number,
  perSecond = 100,
): number[] {
  const clock = { now: 0, spent: 0 };
  const { now, spent } = { now: () => clock.now, spent: () => clock.spent };
  const pace = new PushPace({ shortest: 10, longest: 1000, now, spent });
  const merges: number[] = [];
  let passed = 0;
  for (let push = 0; push < pushes; push += 1) {
    const merge = pace.next(Math.max((passed / 1000) * perSecond, 1));
    merges.push(merge);
    clock.spent += work;
    passed = Math.max(work, between(merge));
    clock.now += passed;
  }
  return merges;
}

describe('the time over which endpoint changes are merged', () => {
  test('stays short while pushes cost little', () => {
    expect(Math.max(...simulate(0.25, (merge) => merge, 1000))).toBe(10);
  });

  test('stays short in a burst, however much a push costs', () => {
    expect(simulate(5, (merge) => merge, 4)).toEqual([10, 10, 10, 10]);
  });

  test('grows while changes go on, until pushing takes a small part of the time', () => {
    const merges = simulate(10, (merge) => Math.max(merge, 10), 500).slice(-200);
    const mean = merges.reduce((sum, merge) => sum + merge, 0) / merges.length;
    expect(10 / mean).toBeGreaterThan(0.025);
    expect(10 / mean).toBeLessThan(0.05);
  });

  test('stays short for changes that come one at a time', () => {
    const merges = simulate(8, () => 250, 1000, 4);
    expect(Math.max(...merges)).toBe(10);
  });

  test('grows less the less there is to merge', () => {
    const share = (perSecond: number): number => {
      const interval = 1000 / perSecond;
      const merges = simulate(25, (merge) => Math.ceil(merge / interval) * interval, 500, perSecond).slice(
        -200,
      );
      return 25 / (merges.reduce((sum, merge) => sum + merge, 0) / merges.length);
    };
    expect(share(10)).toBeGreaterThan(2 * share(100));
  });

  test('stays short when merging for the longest would hardly make fewer pushes', () => {
    const merges = simulate(150, () => 500, 200, 2);
    expect(Math.max(...merges)).toBe(10);
  });

  test('never grows beyond the longest', () => {
    expect(Math.max(...simulate(900, (merge) => Math.max(merge, 900), 200))).toBe(1000);
  });

  test('is short again once there is time to spare', () => {
    let push = 0;
    const merges = simulate(20, (merge) => ((push += 1) > 200 ? 10_000 : Math.max(merge, 20)), 230);
    expect(merges[199]).toBeGreaterThan(50);
    expect(merges.at(-1)).toBe(10);
  });
});
