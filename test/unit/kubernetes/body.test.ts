import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lines, text } from '../../../src/kubernetes/body.js';

/** A body that comes in pieces of these sizes, again and again. */
function body(content: string, sizes: readonly number[]): Readable {
  const bytes = Buffer.from(content);
  const pieces: Buffer[] = [];
  for (let begin = 0, turn = 0; begin < bytes.length; turn += 1) {
    const end = begin + (sizes[turn % sizes.length] ?? 1);
    pieces.push(bytes.subarray(begin, end));
    begin = end;
  }
  return Readable.from(pieces, { objectMode: false });
}

const anySizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

test('lines are the same however a body is cut into pieces', async () => {
  const anyLines = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1 }).filter((line) => !line.includes('\n')),
    { maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(anyLines, anySizes, async (expected, sizes) => {
      const found: string[] = [];
      const content = expected.map((line) => `${line}\n`).join('');
      for await (const batch of lines(body(content, sizes), 10_000)) found.push(...batch);
      expect(found).toEqual(expected);
    }),
  );
});

test('a last line that is not ended has not come yet, and empty ones are nothing', async () => {
  const found: string[] = [];
  for await (const batch of lines(body('a\n\nb\nc', [2]), 10_000)) found.push(...batch);
  expect(found).toEqual(['a', 'b']);
});

test('text is put together before it is read as UTF-8', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), anySizes, async (content, sizes) => {
      expect(await text(body(content, sizes), 10_000)).toBe(content);
    }),
  );
});

test('a body that says nothing for too long is ended', async () => {
  const silent = new Readable({ read: () => undefined });
  await expect(text(silent, 20)).rejects.toThrow('nothing was heard for 0.02 s');
  expect(silent.destroyed).toBe(true);
});
