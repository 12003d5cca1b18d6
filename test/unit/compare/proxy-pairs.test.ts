import { describe, expect, test } from 'vitest';
import { pairProxies, type PairChoice } from '../../../src/compare/proxy-pairs.js';
import type { KnownProxies, Side, SideKind } from '../../../src/compare/side.js';
import { answerSide } from './sides.js';

function side(kind: SideKind, source: string, proxies: KnownProxies): Side {
  return { ...answerSide({ cds: [] }), kind, source, proxies };
}

function directory(source: string, ...names: readonly string[]): Side {
  return side('directory', source, {
    kind: 'named',
    names,
    all: names,
    has: (name) => names.includes(name),
    node: (name) => ({ id: `${name} in ${source}` }),
  });
}

const server = side('server', 'xds://s', { kind: 'any' });
const envoy = side('envoy', 'envoy://e', { kind: 'single', name: 'web.shop', node: { id: 'of the envoy' } });
const dump = side('file', 'dump.json', { kind: 'single', name: undefined, node: undefined });
const answers = side('file', 'answers.json', {
  kind: 'named',
  names: ['a', 'b'],
  all: ['a', 'b'],
  has: () => true,
  node: () => undefined,
});

const nothing: PairChoice = { names: [], nodes: [], all: false };

/** `name: id of the left / id of the right`. */
function pairs(left: Side, right: Side, choice: Partial<PairChoice> = {}): string[] {
  return pairProxies([left, right], { ...nothing, ...choice }).map(
    ({ name, left: a, right: b }) => `${name}: ${a.node?.id} / ${b.node?.id}`,
  );
}

describe('the proxies to compare for', () => {
  test('are those that are named, each side asked with the node that it knows', () => {
    expect(pairs(directory('x', 'a', 'b'), directory('y', 'a'), { names: ['a'] })).toEqual([
      'a: a in x / a in y',
    ]);
    expect(pairs(directory('x', 'a'), server, { names: ['a', 'a'] })).toEqual(['a: a in x / a in x']);
  });

  test('may be known to one directory only, which is said', () => {
    const [pair] = pairProxies([directory('x', 'a'), directory('y')], { ...nothing, names: ['a'] });
    expect(pair).toMatchObject({
      right: { node: { id: 'a in x' } },
      note: 'only x knows this proxy; y was asked with its node',
    });
  });

  test('are all that a side knows with --all-proxies', () => {
    expect(pairs(directory('x', 'a', 'b'), server, { all: true })).toEqual([
      'a: a in x / a in x',
      'b: b in x / b in x',
    ]);
    expect(() => pairs(server, envoy, { all: true })).toThrow('no side knows any proxy');
  });

  test('are that of an Envoy or of a dump where none is named', () => {
    expect(pairs(directory('x', 'a'), envoy)).toEqual(['web.shop: of the envoy / of the envoy']);
    expect(pairs(envoy, server)).toEqual(['web.shop: of the envoy / of the envoy']);
    expect(pairs(dump, dump)).toEqual(['the proxy: undefined / undefined']);
    expect(pairs(directory('x', 'a'), envoy, { names: ['a'] })).toEqual(['a: a in x / a in x']);
  });

  test('are those of a file with answers by name where none is named', () => {
    expect(pairs(directory('x', 'a', 'b'), answers)).toEqual(['a: a in x / a in x', 'b: b in x / b in x']);
  });

  test('come from node files', () => {
    expect(pairs(server, server, { nodes: [{ name: 'n', node: { id: 'file' } }] })).toEqual([
      'n: file / file',
    ]);
  });

  test('must be named where no side tells which is meant, and the message says what there is', () => {
    expect(() => pairs(directory('x', 'a'), server)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        hint: expect.stringContaining('There is: a.') as string,
      }) as Error,
    );
    expect(() => pairs(directory('x', 'a'), dump)).toThrow('it is not told which proxy dump.json is of');
    expect(() => pairs(server, server, { names: ['a'] })).toThrow(
      'there is no proxy "a" whose node xds://s could be asked as',
    );
    expect(() => pairs(directory('x', 'a'), directory('y', 'a'), { names: ['b'] })).toThrow(
      'there is no proxy "b"',
    );
  });
});
