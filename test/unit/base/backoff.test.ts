import { expect, test } from 'vitest';
import { Backoff } from '../../../src/base/backoff.js';

test('waits double from failure to failure up to the longest, and begin anew with a success', () => {
  const backoff = new Backoff({ first: 200, most: 1000 }, () => 1);
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([200, 400, 800, 1000, 1000]);
  expect(backoff.failures).toBe(5);
  backoff.reset();
  expect(backoff.failures).toBe(0);
  expect(backoff.next()).toBe(200);
});

test('a wait is drawn from the upper half, and is no shorter than it has to be', () => {
  expect(new Backoff({ first: 200, most: 1000 }, () => 0).next()).toBe(100);
  expect(new Backoff({ first: 200, most: 1000 }, () => 0.5).next()).toBe(150);
  expect(new Backoff({ first: 200, most: 1000 }, () => 0).next(5000)).toBe(5000);
});

test('counts on for ever', () => {
  const backoff = new Backoff({ first: 200, most: 30_000 }, () => 1);
  for (let count = 0; count < 5000; count += 1) backoff.next();
  expect(backoff.next()).toBe(30_000);
});
