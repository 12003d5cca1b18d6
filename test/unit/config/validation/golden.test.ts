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

/** What is refused of a case, and how many objects of Istio it has. */
function read(name: string): { readonly refused: readonly string[]; readonly istioObjects: number } {
  const refused: string[] = [];
  let istioObjects = 0;
  const files = readdirSync(join(golden, name)).filter((file) => /^(?:input|cluster-.*)\.yaml$/.test(file));
  for (const file of files) {
    for (const { text } of splitDocuments(readFileSync(join(golden, name, file), 'utf8'))) {
      const document = parseChunk(text);
      if (document.type === 'broken') {
        refused.push(`${file}: ${document.message}`);
        continue;
      }
      for (const decoded of decodeDocument(document.value, { source: name, file })) {
        const errors = decoded.findings.filter(({ severity }) => severity === 'error');
        refused.push(
          ...errors.map(({ path, message }) => `${file} ${decoded.label ?? ''} ${path}: ${message}`),
        );
        if (decoded.type === 'object' && decoded.object.apiVersion.includes('.istio.io/')) istioObjects++;
      }
    }
  }
  return { refused, istioObjects };
}

describe('golden inputs', () => {
  it.each(cases)('have nothing that is refused in %s', (name) => {
    expect(read(name).refused).toEqual([]);
  });

  it('are many, with objects of Istio in them', () => {
    expect(cases.length).toBeGreaterThan(200);
    expect(cases.reduce((sum, name) => sum + read(name).istioObjects, 0)).toBeGreaterThan(cases.length);
  });
});
