import * as fc from 'fast-check';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { compareStrings, deepEqual } from '../../../src/base/compare.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import { DirectoryReader } from '../../../src/config/mesh-directory/reader.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { WatchedDirectory, nodeOf, objectNames, pod } from './directory-fixture.js';

const open: WatchedDirectory[] = [];

function directory(files: Readonly<Record<string, string>> = {}): WatchedDirectory {
  const created = new WatchedDirectory(files);
  open.push(created);
  return created;
}

afterEach(() => {
  for (const created of open.splice(0)) created.end();
});

describe('a change that takes something away', () => {
  test.each([
    ['an emptied file', ''],
    ['half a file', pod('a', 'n2').slice(0, 40)],
    ['a file without one of its documents', pod('b', 'n2')],
  ])('does not count while it may be a file that is just being written: %s', async (_, text) => {
    const files = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}` });
    const reader = new DirectoryReader(files.path, { settleTime: 3_600_000 });
    const { state } = await reader.read();
    files.write('a.yaml', text);
    expect(await reader.read()).toMatchObject({ state, unsettled: true });
    files.write('a.yaml', `${pod('a', 'n2')}---\n${pod('b', 'n2')}`);
    const written = await reader.read();
    expect([nodeOf(written.state, 'a'), nodeOf(written.state, 'b')]).toEqual(['n2', 'n2']);
  });

  test('does not count while a file may just be replaced, and holds back what changed with it', async () => {
    const files = directory({ 'a.yaml': pod('a'), 'mesh.yaml': 'trustDomain: a.test\n' });
    const reader = new DirectoryReader(files.path, { settleTime: 3_600_000 });
    const { state } = await reader.read();
    files.remove('a.yaml');
    files.write('b.yaml', pod('b'));
    expect((await reader.read()).state).toBe(state);
    files.write('a.yaml', pod('a', 'n2'));
    const back = await reader.read();
    expect([nodeOf(back.state, 'a'), nodeOf(back.state, 'b')]).toEqual(['n2', 'n1']);
    files.write('mesh.yaml', '');
    expect((await reader.read()).state.mesh.trustDomain).toBe('a.test');
  });

  test('counts once it has lasted', async () => {
    const files = directory({ 'a.yaml': pod('a'), 'b.yaml': pod('b') });
    const reader = new DirectoryReader(files.path, { settleTime: 1 });
    await reader.read();
    files.write('a.yaml', '');
    files.remove('b.yaml');
    let reading = await reader.read();
    while (reading.unsettled) reading = await reader.read();
    expect(objectNames(reading.state)).toEqual([]);
  });
});

test('two edits within the resolution of the file system’s clock are both seen', async () => {
  const files = directory({ 'a.yaml': pod('a', 'n0') });
  const reader = new DirectoryReader(files.path, {});
  for (let edit = 1; edit <= 200; edit++) {
    files.write('a.yaml', pod('a', `n${edit % 10}`));
    const { state } = await reader.read();
    expect(nodeOf(state, 'a')).toBe(`n${edit % 10}`);
  }
});

// Root may read everything, so there is nothing to see for it.
test.skipIf(process.getuid?.() === 0)(
  'a folder that cannot be looked at keeps what is known of it',
  async () => {
    const files = directory({ 'sub/a.yaml': pod('a'), 'b.yaml': pod('b') });
    const reader = new DirectoryReader(files.path, { settleTime: 0 });
    await reader.read();
    chmodSync(join(files.path, 'sub'), 0);
    const { state } = await reader.read();
    chmodSync(join(files.path, 'sub'), 0o755);
    expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b']);
    expect(state.problems).toEqual([expect.objectContaining({ severity: 'error', file: 'sub' })]);
  },
);

test('no state mixes what was there before a swap with what is there after it', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `f${String(index).padStart(2, '0')}.yaml`);
  const files = directory();
  // The two objects change places between the first and the last file of each version.
  for (const [version, first, last] of [
    ['..1', 'a', 'b'],
    ['..2', 'b', 'a'],
  ] as const) {
    for (const [index, name] of names.entries()) {
      const object = index === 0 ? first : index === names.length - 1 ? last : `other-${index}`;
      files.write(`${version}/${name}`, pod(object, version.slice(2).padStart(2, 'v')));
    }
  }
  const swapTo = (version: string): void => {
    files.link(version, '..next');
    files.rename('..next', '..data');
  };
  swapTo('..1');
  for (const name of names) files.link(`..data/${name}`, name);
  const reader = new DirectoryReader(files.path, { settleTime: 0 });
  const everything = objectNames((await reader.read()).state);
  for (let turn = 0; turn < 120; turn++) {
    const reading = reader.read();
    for (let tick = 0; tick < turn % 12; tick++) await setImmediate();
    swapTo(turn % 2 === 0 ? '..2' : '..1');
    const { state } = await reading;
    expect(objectNames(state)).toEqual(everything);
    expect(state.problems).toEqual([]);
  }
});

/** Something that a person does to a directory. */
type Edit =
  | { readonly type: 'write' | 'replace'; readonly file: string; readonly text: string }
  | { readonly type: 'remove'; readonly file: string }
  | { readonly type: 'rename'; readonly file: string; readonly to: string };

const file = fc.constantFrom('a.yaml', 'b.yaml', 'sub/c.yaml', 'cluster-west.yaml');
const document = fc
  .tuple(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('n1', 'n2'))
  .map(([name, node]) => pod(name, node));
const brokenDocument = fc.constantFrom(
  'kind: [\n',
  'apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: 1}}\n',
  'kind: Pod\n',
);

function edits(documents: fc.Arbitrary<string>): fc.Arbitrary<readonly Edit[]> {
  const text = fc.array(documents, { maxLength: 4 }).map((parts) => parts.join('---\n'));
  const mesh = fc.constantFrom('', 'trustDomain: a.test\n', 'trustDomain: b.test\n');
  const write = fc.record({ type: fc.constantFrom('write' as const, 'replace' as const), file, text });
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: write },
      fc.record({ type: fc.constant('remove' as const), file }),
      fc.record({ type: fc.constant('rename' as const), file, to: file }),
      fc.record({ type: fc.constant('write' as const), file: fc.constant('mesh.yaml'), text: mesh }),
    ),
    { minLength: 1, maxLength: 12 },
  );
}

/** Does an edit; one that is not possible is nothing. */
function apply(target: WatchedDirectory, edit: Edit, existing: Set<string>): void {
  const exists = existing.has(edit.file);
  switch (edit.type) {
    case 'write':
    case 'replace':
      if (edit.type === 'replace' && exists) target.replace(edit.file, edit.text);
      else target.write(edit.file, edit.text);
      existing.add(edit.file);
      break;
    case 'remove':
      if (exists) target.remove(edit.file);
      existing.delete(edit.file);
      break;
    case 'rename':
      if (!exists || (edit.to === 'sub/c.yaml' && !existing.has(edit.to))) break;
      target.rename(edit.file, edit.to);
      existing.delete(edit.file);
      existing.add(edit.to);
  }
}

/** A state without the lines of objects, which are those of when the object changed last, and without orders of maps. */
function essence(state: MeshDirectoryState): unknown {
  const clusters = [...state.clusters].map(([cluster, objects]) => {
    const placed = [...objects].map(
      ([key, object]) => [key, { ...object, origin: { ...object.origin, line: 0 } }] as const,
    );
    return [cluster, placed.sort(([a], [b]) => compareStrings(a, b))] as const;
  });
  return {
    ...state,
    clusters: clusters.sort(([a], [b]) => compareStrings(a, b)),
    unusedKinds: [...state.unusedKinds],
  };
}

describe('after any sequence of edits the state is that of a fresh read', () => {
  test('whenever the directory is looked at in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(edits(document), fc.boolean()), { maxLength: 6 }),
        async (rounds) => {
          const target = directory();
          const reader = new DirectoryReader(target.path, { settleTime: 0 });
          const existing = new Set<string>();
          await reader.read();
          for (const [round, isRead] of rounds) {
            for (const edit of round) apply(target, edit, existing);
            if (isRead) await reader.read();
          }
          const { state } = await reader.read();
          expect(essence(state)).toEqual(essence(await readMeshDirectory(target.path)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('whatever was broken in between, once everything is mended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(edits(fc.oneof(document, brokenDocument)), { maxLength: 6 }),
        edits(document),
        async (rounds, mend) => {
          const target = directory();
          const reader = new DirectoryReader(target.path, { settleTime: 0 });
          const existing = new Set<string>();
          for (const round of rounds) {
            for (const edit of round) apply(target, edit, existing);
            await reader.read();
          }
          for (const name of existing) rmSync(join(target.path, name));
          existing.clear();
          for (const edit of mend) apply(target, edit, existing);
          const { state } = await reader.read();
          expect(essence(state)).toEqual(essence(await readMeshDirectory(target.path)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('with the real watcher', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edits(document), { minLength: 1, maxLength: 3 }), async (rounds) => {
        const target = directory();
        await target.watch({ rescanInterval: 3_600_000 });
        const existing = new Set<string>();
        for (const round of rounds) for (const edit of round) apply(target, edit, existing);
        const fresh = essence(await readMeshDirectory(target.path));
        await target.until((state) => deepEqual(essence(state), fresh));
        target.end();
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
