import { describe, expect, test } from 'vitest';
import { parseChunk, splitDocuments } from '../../../src/config/yaml.js';

function valueOf(text: string): unknown {
  const document = parseChunk(text);
  if (document.type === 'broken') throw new Error(document.message);
  return document.value;
}

function lineOf(text: string, path: string): number {
  const document = parseChunk(text);
  if (document.type === 'broken') throw new Error(document.message);
  return document.lineOf(path);
}

describe('taking a file apart', () => {
  test('documents keep the line on which they begin', () => {
    expect(splitDocuments('a: 1\n---\nb: 2\n---\nc: 3\n')).toEqual([
      { text: 'a: 1\n', line: 1 },
      { text: '---\nb: 2\n', line: 2 },
      { text: '---\nc: 3\n', line: 4 },
    ]);
  });

  test('documents without content are nothing', () => {
    expect(splitDocuments('# about\n---\n---\n# nothing\n\n--- # here\na: 1\n---\n')).toEqual([
      { text: '--- # here\na: 1\n', line: 6 },
    ]);
    expect(splitDocuments('')).toEqual([]);
    expect(splitDocuments('\n \n# a comment')).toEqual([]);
  });

  test('a document may follow its separator on the same line, and end with dots', () => {
    const chunks = splitDocuments('--- {a: 1}\n...\n--- {b: 2}\n');
    expect(chunks.map(({ text }) => valueOf(text))).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test('a directive belongs to the document after it', () => {
    const chunks = splitDocuments('a: 1\n...\n%YAML 1.2\n---\nb: 2\n');
    expect(chunks.map(({ text, line }) => [valueOf(text), line])).toEqual([
      [{ a: 1 }, 1],
      [{ b: 2 }, 3],
    ]);
  });

  test('lines may end as on Windows', () => {
    const chunks = splitDocuments('a: 1\r\n---\r\nb: 2\r\n');
    expect(chunks.map(({ text, line }) => [valueOf(text), line])).toEqual([
      [{ a: 1 }, 1],
      [{ b: 2 }, 2],
    ]);
  });

  test('three dashes inside a line or before other text do not part documents', () => {
    expect(splitDocuments('a: b---\nc: |\n  ---\n  d\n---e: 1\n')).toHaveLength(1);
  });
});

describe('what plain words mean', () => {
  test.each([
    ['yes', true],
    ['On', true],
    ['y', true],
    ['no', false],
    ['OFF', false],
    ['n', false],
    ['"no"', 'no'],
    ['null', null],
    ['~', null],
    ['', null],
    ['0755', 493],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['08', 8],
    ['1.5', 1.5],
    ['.5e1', 5],
    ['1.2.3', '1.2.3'],
    ['12:30:45', '12:30:45'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['!!str 80', '80'],
  ])('%s', (text, value) => {
    expect(valueOf(`a: ${text}\n`)).toEqual({ a: value });
  });

  test('anchors, aliases and merges work', () => {
    expect(valueOf('base: &base {a: 1}\nother: *base\nmore: {<<: *base, b: 2}\n')).toEqual({
      base: { a: 1 },
      other: { a: 1 },
      more: { a: 1, b: 2 },
    });
  });

  test('keys that are numbers are text, as in JSON', () => {
    expect(valueOf('80: a\n')).toEqual({ '80': 'a' });
  });
});

describe('what cannot be parsed', () => {
  test.each([
    ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', 3],
    ['a list that does not end', 'a: [1\nb: 2\n', 2],
    ['text that does not end', 'a: 1\nb: "x\n', 3],
    ['an alias of nothing', 'a: *b\n', 1],
    ['several documents where one is expected', 'a: 1\n---\nb: 2\n', 2],
  ])('%s', (_, text, line) => {
    expect(parseChunk(text)).toMatchObject({ type: 'broken', line });
  });

  test('aliases of aliases that would fill the memory', () => {
    const levels = 'bcdefghij'.split('').map((name) => {
      const above = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${above}`).join(', ')}]`;
    });
    expect(parseChunk(`a: &a [x]\n${levels.join('\n')}\n`)).toMatchObject({ type: 'broken' });
  });

  test('nesting without end', () => {
    expect(parseChunk('['.repeat(100_000))).toMatchObject({ type: 'broken' });
  });
});

describe('the line of a field path', () => {
  const text = [
    'metadata:', // 1
    '  labels:',
    '    app.kubernetes.io/name: web', // 3
    '    app: web',
    'spec:', // 5
    '  ports:',
    '  - number: 80', // 7
    '    target_port: x',
    '  - {number: 81}', // 9
    'items:',
    '- spec:', // 11
    '    hosts: [a,',
    '      b]', // 13
  ].join('\n');

  test.each([
    ['', 1],
    ['metadata.labels[app.kubernetes.io/name]', 3],
    ['metadata.labels.app.kubernetes.io/name', 3],
    ['metadata.labels.app', 4],
    ['spec.ports', 6],
    ['spec.ports[0].number', 7],
    ['spec.ports[0].targetPort', 8],
    ['spec.ports[0].target_port', 8],
    ['spec.ports[1].number', 9],
    ['items[0].spec.hosts[1]', 13],
  ])('%s', (path, line) => {
    expect(lineOf(text, path)).toBe(line);
  });

  test('a field that is missing is at what would hold it', () => {
    expect(lineOf(text, 'metadata.name')).toBe(1);
    expect(lineOf(text, 'spec.ports[1].name')).toBe(9);
    expect(lineOf(text, 'spec.ports[7].name')).toBe(6);
    expect(lineOf(text, 'status')).toBe(1);
  });

  test('comments before the document do not count', () => {
    expect(lineOf('# about\n---\n# more\nkind: X\n', '')).toBe(4);
  });

  test('aliases lead on', () => {
    expect(lineOf('a: &a\n  b: 1\nc: *a\n', 'c.b')).toBe(2);
  });
});
