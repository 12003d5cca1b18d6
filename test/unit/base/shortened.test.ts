import { expect, test } from 'vitest';
import { shortened } from '../../../src/base/shortened.js';

test('leaves text alone that is not too long', () => {
  expect(shortened('12345', 5)).toBe('12345');
});

test('cuts longer text and says how much is missing', () => {
  expect(shortened('1234567', 5)).toBe('12345… (2 more characters)');
});

test('does not cut a character in half', () => {
  expect(shortened('ab😀cd', 3)).toBe('ab… (4 more characters)');
});
