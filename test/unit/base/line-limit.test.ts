import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineLimit } from '../../../src/base/line-limit.js';

let written: string[];
let limit: LineLimit;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  limit = new LineLimit({ lines: 2, windowMs: 1000, summarise: (more) => written.push(`${more} more`) });
});
afterEach(() => {
  vi.useRealTimers();
});

function offer(...lines: readonly string[]): void {
  for (const line of lines) limit.offer(() => written.push(line));
}

test('writes the first lines as they come, and how many more there were when the window ends', () => {
  offer('a', 'b', 'c', 'd', 'e');
  expect(written).toEqual(['a', 'b']);
  vi.advanceTimersByTime(1000);
  expect(written).toEqual(['a', 'b', '3 more']);
});

test('says nothing at the end of a window that left nothing out', () => {
  offer('a', 'b');
  vi.advanceTimersByTime(5000);
  expect(written).toEqual(['a', 'b']);
});

test('begins a new window with the next line', () => {
  offer('a', 'b', 'c');
  vi.advanceTimersByTime(1000);
  vi.advanceTimersByTime(10_000);
  offer('d', 'e', 'f');
  vi.advanceTimersByTime(999);
  expect(written).toEqual(['a', 'b', '1 more', 'd', 'e']);
  vi.advanceTimersByTime(1);
  expect(written).toEqual(['a', 'b', '1 more', 'd', 'e', '1 more']);
});

test('tells what is left at once when it is flushed, and only once', () => {
  offer('a', 'b', 'c');
  limit.flush();
  limit.flush();
  vi.advanceTimersByTime(5000);
  expect(written).toEqual(['a', 'b', '1 more']);
});
