import { expect, test } from 'vitest';
import { selectorMatches } from '../../../src/config/label-selector.js';
import type { LabelSelector } from '../../../src/config/mesh-config.js';

type Expression = LabelSelector['matchExpressions'][number];

const labels = { mesh: 'in', tier: 'a' };

test.each<[LabelSelector['matchLabels'], boolean]>([
  [{}, true],
  [{ mesh: 'in' }, true],
  [{ mesh: 'in', tier: 'a' }, true],
  [{ mesh: 'in', tier: 'b' }, false],
  [{ other: '' }, false],
])('labels %j: %j', (matchLabels, expected) => {
  expect(selectorMatches({ matchLabels, matchExpressions: [] }, labels)).toBe(expected);
});

test.each<[string, Expression['operator'], readonly string[], boolean]>([
  ['mesh', 'In', ['out', 'in'], true],
  ['mesh', 'In', ['out'], false],
  ['other', 'In', [''], false],
  ['mesh', 'NotIn', ['out'], true],
  ['mesh', 'NotIn', ['in'], false],
  ['other', 'NotIn', ['in'], true],
  ['mesh', 'Exists', [], true],
  ['other', 'Exists', [], false],
  ['mesh', 'DoesNotExist', [], false],
  ['other', 'DoesNotExist', [], true],
])('%s %s %j: %j', (key, operator, values, expected) => {
  expect(selectorMatches({ matchLabels: {}, matchExpressions: [{ key, operator, values }] }, labels)).toBe(
    expected,
  );
});

test('all requirements have to hold', () => {
  const matchExpressions: Expression[] = [{ key: 'tier', operator: 'In', values: ['a'] }];
  expect(selectorMatches({ matchLabels: { mesh: 'in' }, matchExpressions }, labels)).toBe(true);
  expect(selectorMatches({ matchLabels: { mesh: 'out' }, matchExpressions }, labels)).toBe(false);
  expect(selectorMatches({ matchLabels: { mesh: 'in' }, matchExpressions }, { mesh: 'in' })).toBe(false);
});
