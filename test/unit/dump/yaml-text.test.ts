import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseChunk, splitDocuments } from '../../../src/config/yaml.js';
import { yamlText } from '../../../src/dump/yaml-text.js';

function read(text: string): unknown[] {
  return splitDocuments(text).map((chunk) => {
    const document = parseChunk(chunk.text);
    if (document.type === 'broken') throw new Error(document.message);
    return document.value;
  });
}

const awkward = fc.constantFrom(
  ...[
    'y',
    'no',
    'On',
    '~',
    'null',
    '0755',
    '0o17',
    '1_000',
    '12:30:45',
    '1e3',
    '.5',
    '<<',
    '=',
    '2026-01-01',
  ],
  ...['', ' ', '---', '...', '--- a', '# a', 'a: b', 'a #b', '*a', '&a', '!a', '%a', '@a', '`a', '- a', '{}'],
  ...['a\n---\nb', '\n', 'a\n', '\ta', 'a\r\nb', '\u0085', '\u2028', '"', "'", 'é', '😀', 'x'.repeat(2000)],
);
const text = fc.oneof(awkward, fc.string(), fc.string({ unit: 'grapheme' }));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).object;

test('documents are read back as they were, by Pilotlight’s reader and by readers of either version of YAML', () => {
  const documents = fc.array(
    value.map((inner) => ({ kind: 'A', inner })),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(documents, (written) => {
      // A key of this name is not one of JSON's to every reader.
      fc.pre(!JSON.stringify(written).includes('__proto__'));
      const said = yamlText(written);
      expect(read(said)).toEqual(written);
      for (const [index, chunk] of splitDocuments(said).entries())
        for (const version of ['1.1', '1.2'] as const)
          expect(parse(chunk.text, { version, merge: false })).toEqual(written[index]);
    }),
  );
});
