import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BriefMemo } from '../../../src/base/brief-memo.js';

describe('what is remembered for a moment', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is there as long as it is asked for, and gone a moment after', () => {
    const memo = new BriefMemo<object, string>({ most: 10 });
    const key = {};
    memo.set(key, 'a');
    for (let second = 0; second < 10; second += 1) {
      vi.advanceTimersByTime(1000);
      expect(memo.get(key)).toBe('a');
    }
    vi.advanceTimersByTime(2500);
    expect(memo.get(key)).toBeUndefined();
  });

  test('does not outgrow its limit: the oldest go first', () => {
    const memo = new BriefMemo<object, string>({ most: 10, weigh: (text) => text.length });
    const [first, second, third] = [{}, {}, {}];
    memo.set(first, 'aaaa');
    memo.set(second, 'bbbb');
    memo.set(third, 'cccc');
    expect([first, second, third].map((key) => memo.get(key))).toEqual([undefined, 'bbbb', 'cccc']);
  });

  test('weighs what it holds, also when a key is given another value', () => {
    const memo = new BriefMemo<object, string>({ most: 10, weigh: (text) => text.length });
    const [first, second] = [{}, {}];
    memo.set(first, 'aaaaaaaaa');
    memo.set(first, 'a');
    memo.set(second, 'bbbbbbbbb');
    expect([memo.get(first), memo.get(second)]).toEqual(['a', 'bbbbbbbbb']);
  });

  test('does not hold what is heavier than all that it may hold', () => {
    const memo = new BriefMemo<object, string>({ most: 3, weigh: (text) => text.length });
    const key = {};
    memo.set(key, 'aaaa');
    expect(memo.get(key)).toBeUndefined();
  });
});
