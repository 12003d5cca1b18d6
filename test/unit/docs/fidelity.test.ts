/** docs/fidelity/section-N.md: every rule is held by a function that exists, and shown by something that exists. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'docs', 'fidelity');

interface Row {
  readonly rule: string;
  readonly heldBy: string;
  readonly shownBy: string;
}

function readRows(file: string): Row[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|\s*(?:rule|-+)\s*\|/.test(line))
    .map((line) => {
      const cells = line.split('|').slice(1, -1);
      if (cells.length !== 4) throw new Error(`${file}: a row has ${cells.length} cells: ${line}`);
      const [rule = '', , heldBy = '', shownBy = ''] = cells.map((cell) => cell.trim());
      return { rule, heldBy, shownBy };
    });
}

/** What stands in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

/** Why a holder cannot be right, or undefined. */
function wrongHolder(holder: string): string | undefined {
  const [file = '', name] = holder.split('#');
  const path = join(root, file);
  if (!existsSync(path)) return `${file} does not exist`;
  if (name !== undefined && !new RegExp(`\\b${name}\\b`).test(readFileSync(path, 'utf8')))
    return `${file} has no ${name}`;
  return undefined;
}

/** Why a proof cannot be right, or undefined: a golden case or a test file. */
function wrongProof(proof: string): string | undefined {
  if (proof.endsWith('.ts')) return existsSync(join(root, proof)) ? undefined : `${proof} does not exist`;
  const expected = join(root, 'test', 'golden', proof, 'expected');
  return existsSync(expected) && statSync(expected).isDirectory()
    ? undefined
    : `there is no golden case ${proof}`;
}

const files = readdirSync(folder).filter((name) => /^section-\d(?:-[a-z]+)?\.md$/.test(name));

test('there is a page for each of the sections of what is served', () => {
  const sections = ['1', '2', '3', '4', '5', '6', '7', '7-security', '9'];
  expect(files.sort()).toEqual(sections.map((section) => `section-${section}.md`).sort());
});

describe.each(files)('%s', (file) => {
  const rows = readRows(file);

  test('names the rules of its section, each once', () => {
    const section = /\d/.exec(file)?.[0] ?? '';
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ rule }) => !rule.startsWith(`${section}.`)).map(({ rule }) => rule)).toEqual([]);
    expect(new Set(rows.map(({ rule }) => rule)).size).toBe(rows.length);
  });

  test('names functions that exist', () => {
    const wrong = rows.flatMap(({ rule, heldBy }) =>
      quoted(heldBy).flatMap((holder) => {
        const reason = wrongHolder(holder);
        return reason === undefined ? [] : [`${rule}: ${reason}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('names cases and tests that exist', () => {
    const wrong = rows.flatMap(({ rule, shownBy }) =>
      quoted(shownBy.replace(/—.*$/, '')).flatMap((proof) => {
        const reason = wrongProof(proof);
        return reason === undefined ? [] : [`${rule}: ${reason}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('has no rule with neither a case nor the reason why there is none', () => {
    const bare = rows.filter(({ shownBy }) => quoted(shownBy).length === 0 && !/^—\s*\S/.test(shownBy));
    expect(bare.map(({ rule }) => rule)).toEqual([]);
  });
});
