import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeDocument } from '../../../../src/config/decode/document.js';
import { parseChunk, splitDocuments } from '../../../../src/config/yaml.js';

const golden = fileURLToPath(new URL('../../../golden', import.meta.url));

/** `<area>/<case>` of each golden case. */
const cases = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: area }) => readdirSync(join(golden, area)).map((name) => `${area}/${name}`));

/** How many objects of Istio a case has, and what is refused of them. */
function read(name: string): { readonly objects: number; readonly refused: readonly string[] } {
  const refused: string[] = [];
  let objects = 0;
  for (const file of readdirSync(join(golden, name)).filter((entry) =>
    /^(?:input|cluster-.*)\.yaml$/.test(entry),
  )) {
    for (const { text } of splitDocuments(readFileSync(join(golden, name, file), 'utf8'))) {
      if (!/^apiVersion: \w+\.istio\.io\//m.test(text)) continue;
      objects++;
      const document = parseChunk(text);
      const findings =
        document.type === 'broken'
          ? [{ severity: 'error', path: '', message: document.message }]
          : decodeDocument(document.value, { source: name, file }).flatMap((decoded) => decoded.findings);
      const errors = findings.filter(({ severity }) => severity === 'error');
      refused.push(...errors.map(({ path, message }) => `${file}: ${path}: ${message}`));
    }
  }
  return { objects, refused };
}

describe('golden inputs', () => {
  it.each(cases)('have no object of Istio that is refused in %s', (name) => {
    expect(read(name).refused).toEqual([]);
  });

  it('are many, with objects of Istio in them', () => {
    expect(cases.length).toBeGreaterThan(200);
    expect(cases.reduce((sum, name) => sum + read(name).objects, 0)).toBeGreaterThan(cases.length);
  });
});
