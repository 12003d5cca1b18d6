/** What a directory says is worked out from what changed, and is what one look at everything says. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { assemble, assembleInPieces, type Assembly } from '../../../src/config/mesh-directory/assemble.js';
import type { DirectoryFile } from '../../../src/config/mesh-directory/file-facts.js';
import { readContent } from '../../../src/config/mesh-directory/file-content.js';
import { fileRole } from '../../../src/config/mesh-directory/file-role.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { pod } from './directory-fixture.js';

const paths = ['a.yaml', 'b.yaml', 'cluster-west.yaml', 'sub/c.yaml'] as const;

/** Documents: Pods, one that is refused and says what it is, one that does not matter, one that is not enforced. */
const documents = [
  pod('p'),
  pod('p', 'n2'),
  pod('q'),
  'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r, namespace: shop}\nspec: {host: 5}\n',
  'apiVersion: v1\nkind: Endpoints\nmetadata: {name: c}\n',
  'apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: d, namespace: shop}\nspec: {}\n',
] as const;

/** The files of a directory: documents by path. */
type Directory = Readonly<Record<string, readonly string[]>>;

/** A directory in which each path may have such documents. */
function directoryOf(
  documentsAt: (index: number) => fc.Arbitrary<readonly string[]>,
): fc.Arbitrary<Directory> {
  const files = paths.map((path, index) =>
    fc.option(
      documentsAt(index).map((list) => [path, list] as const),
      { nil: undefined, freq: 4 },
    ),
  );
  return fc.tuple(...files).map((found) => Object.fromEntries(found.filter((file) => file !== undefined)));
}

const directory = directoryOf(() => fc.array(fc.constantFrom(...documents), { maxLength: 3 }));

/** Nothing is wrong in it: no two files hold the same object. */
const faultless = directoryOf((index) =>
  fc
    .tuple(fc.constantFrom('n1', 'n2'), fc.constantFrom('n1', 'n2', undefined), fc.boolean())
    .map(([first, second, unused]) => [
      pod(`p${index}`, first),
      ...(second === undefined ? [] : [pod(`q${index}`, second)]),
      ...(unused ? [documents[4]] : []),
    ]),
);

const known = new Map<string, DirectoryFile>();

/** Reads files as a look at a directory does: what did not change is the same content. */
async function read(files: Directory): Promise<readonly DirectoryFile[]> {
  const found: DirectoryFile[] = [];
  for (const path of paths) {
    const text = files[path]?.join('---\n');
    if (text === undefined) continue;
    const key = `${path}\n${text}`;
    const context = { source: 'test', file: path, role: fileRole(path), breathe: async () => undefined };
    const file = known.get(key) ?? { path, content: await readContent(text, context, []) };
    known.set(key, file);
    found.push(file);
  }
  return found;
}

/** A state as data. */
function said(state: MeshDirectoryState): unknown {
  const { clusters, ...others } = state;
  return {
    ...others,
    clusters: Object.fromEntries(
      [...clusters].map(([cluster, objects]) => [cluster, Object.fromEntries(objects)]),
    ),
  };
}

it('does not depend on what was there before, as long as nothing is wrong', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(faultless, { minLength: 2, maxLength: 6 }), async (steps) => {
      let assembly: Assembly | undefined;
      for (const step of steps) {
        const found = await read(step);
        assembly = finish(assembleInPieces(assembly, found, [], {}));
        expect(assembly.state.problems).toEqual([]);
        expect(said(assembly.state)).toEqual(said(assemble(undefined, found, [], {}).state));
      }
    }),
    { numRuns: 100 },
  );
});

it('has the same problems and lists as a look at everything, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(directory, directory, async (before, after) => {
      const first = assemble(undefined, await read(before), [], {});
      const found = await read(after);
      const { state } = assemble(first, found, [], {});
      const fresh = assemble(undefined, found, [], {}).state;
      expect([state.unusedKinds, state.notEnforced, state.files]).toEqual([
        fresh.unusedKinds,
        fresh.notEnforced,
        fresh.files,
      ]);
      const refused = ({ problems }: MeshDirectoryState) =>
        problems.filter(({ message }) => !message.includes('the same object stands at'));
      expect(refused(state)).toEqual(refused(fresh));
      expect([...state.clusters.keys()].sort()).toEqual([...fresh.clusters.keys()].sort());
    }),
    { numRuns: 150 },
  );
});

it('is the very same state when nothing changed, and has the same objects where it did', async () => {
  const first = assemble(undefined, await read({ 'a.yaml': [pod('p')], 'b.yaml': [pod('q')] }), [], {});
  const again = assemble(first, await read({ 'a.yaml': [pod('p')], 'b.yaml': [pod('q')] }), [], {});
  expect(again.state).toBe(first.state);
  const changed = assemble(again, await read({ 'a.yaml': [pod('p', 'n2')], 'b.yaml': [pod('q')] }), [], {});
  const objects = (assembly: Assembly) => assembly.state.clusters.get('Kubernetes');
  expect(objects(changed)?.get('Pod/default/q')).toBe(objects(first)?.get('Pod/default/q'));
  expect(objects(changed)?.get('Pod/default/p')).not.toBe(objects(first)?.get('Pod/default/p'));
});
