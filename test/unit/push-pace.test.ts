import type { EventLoopUtilization } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { PushPace } from '../../src/push-pace.js';

/** A loop in which each push takes `work` milliseconds, and some time passes between pushes. */
function simulate(work: number, between: (merge: number) => number, pushes: number): number[] {
  const total = { active: 0, idle: 0 };
  const utilization = (since?: EventLoopUtilization): EventLoopUtilization => {
    const active = total.active - (since?.active ?? 0);
    const idle = total.idle - (since?.idle ?? 0);
    return { active, idle, utilization: active + idle === 0 ? 0 : active / (active + idle) };
  };
  const pace = new PushPace({ shortest: 10, longest: 1000, utilization });
  const merges: number[] = [];
  for (let push = 0; push < pushes; push += 1) {
    const merge = pace.next();
    merges.push(merge);
    total.active += work;
    total.idle += Math.max(0, between(merge) - work);
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

  test('grows while changes go on, until pushing takes about an eighth of the time', () => {
    const merges = simulate(20, (merge) => Math.max(merge, 20), 500).slice(-200);
    const mean = merges.reduce((sum, merge) => sum + merge, 0) / merges.length;
    expect(20 / mean).toBeGreaterThan(0.08);
    expect(20 / mean).toBeLessThan(0.2);
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
