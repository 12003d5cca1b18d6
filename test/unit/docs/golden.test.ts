/** test/golden/README.md lists every recorded case, and no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goldenNames } from '../../golden/cases.js';

const page = readFileSync(new URL('../../golden/README.md', import.meta.url), 'utf8');

/** `area/case` of each row of the tables, in the sections `### area: …`. */
function listedCases(): string[] {
  const [, ...sections] = page.split(/^### /m);
  return sections.flatMap((section) => {
    const area = section.slice(0, section.indexOf(':'));
    return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => `${area}/${name}`);
  });
}

test('test/golden/README.md has a row for each case', () => {
  expect(listedCases().sort()).toEqual([...goldenNames()].sort());
});

test('docs/fidelity.md says that no answer is unmatched only if that is so', () => {
  const unmatched = readFileSync(new URL('../../golden/unmatched.txt', import.meta.url), 'utf8');
  const fidelity = readFileSync(new URL('../../../docs/fidelity.md', import.meta.url), 'utf8');
  const saysNone = /those that do not match: there\s+are none/.test(fidelity);
  expect(saysNone).toBe(unmatched.split('\n').every((line) => line === '' || line.startsWith('#')));
});
