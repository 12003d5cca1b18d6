/** docs/xds.md: every number of the protocol's checklist has a row there, and a test that is named after it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'xds.md'), 'utf8');
const numbers = Array.from({ length: 96 }, (_, index) => index + 1);
/** Shown with real clients only, by the tests that their row names. */
const shownElsewhere: ReadonlySet<number> = new Set([96]);

interface Row {
  readonly number: number;
  readonly level: string;
  readonly behaviour: string;
}

const rows: readonly Row[] = [...page.matchAll(/^\| (\d+) +\| \((.)\) +\| (.*\S) +\|$/gm)].map(
  ([, number, level = '', behaviour = '']) => ({ number: Number(number), level, behaviour }),
);

/** Numbers at the beginning of the titles of tests and of groups of tests. */
function titledNumbers(): ReadonlySet<number> {
  const feature = join(root, 'test', 'feature');
  const found = new Set<number>();
  for (const file of readdirSync(feature, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    const titles = readFileSync(join(feature, file), 'utf8').matchAll(
      /(?:test|describe)(?:\.each\([^;]*?\))?\(\s*['"`](\d+(?:, \d+)*): /g,
    );
    for (const [, list = ''] of titles) for (const number of list.split(', ')) found.add(Number(number));
  }
  return found;
}

test('every number has one row, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(numbers);
});

test('every choice that the protocol leaves is told with its reason', () => {
  const choices = rows.filter(({ level }) => level === 'O');
  expect(choices.map(({ number }) => number)).toEqual([11, 63, 64, 92, 93, 94]);
  for (const { behaviour } of choices) expect(behaviour.length).toBeGreaterThan(80);
});

test('every number has a test that is named after it', () => {
  const titled = titledNumbers();
  expect(numbers.filter((number) => !titled.has(number) && !shownElsewhere.has(number))).toEqual([]);
});

test('rows name tests that exist', () => {
  for (const [path] of page.matchAll(/\btest\/[\w/-]+/g))
    expect(() => readdirSync(join(root, path)), path).not.toThrow();
});
