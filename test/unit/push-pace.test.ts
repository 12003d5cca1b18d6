import { describe, expect, test } from 'vitest';
import { PushPace } from '../../src/push-pace.js';

/** Pushes that take `work` milliseconds each, and some time between one and the next. */
function simulate(work: number, between: (merge: number) => number, pushes: number): number[] {
  const clock = { now: 0, spent: 0 };
  const { now, spent } = { now: () => clock.now, spent: () => clock.spent };
  const pace = new PushPace({ shortest: 10, longest: 1000, now, spent });
  const merges: number[] = [];
  for (let push = 0; push < pushes; push += 1) {
    const merge = pace.next();
    merges.push(merge);
    clock.spent += work;
    clock.now += Math.max(work, between(merge));
  }
  return merges;
}

describe('the time over which endpoint changes are merged', () => {
  test('stays short while pushes cost little', () => {
    expect(Math.max(...simulate(0.5, (merge) => merge, 1000))).toBe(10);
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
    const merges = simulate(8, () => 250, 1000);
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
