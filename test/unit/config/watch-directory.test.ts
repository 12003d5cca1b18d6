import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PilotError } from '../../../src/base/errors.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import { watchMeshDirectory } from '../../../src/config/mesh-directory/watch.js';
import { WatchedDirectory, nodeOf, objectNames, pod } from './directory-fixture.js';

const open: WatchedDirectory[] = [];

function directory(files: Readonly<Record<string, string>> = {}): WatchedDirectory {
  const created = new WatchedDirectory(files);
  open.push(created);
  return created;
}

afterEach(() => {
  for (const watched of open.splice(0)) watched.end();
});

const broken = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 1}}\n';

/** Rescans so rarely that only notifications can bring a change in time. */
const onlyNotified = { rescanInterval: 3_600_000 };

describe('a watched directory', () => {
  test('tells what is created, edited, renamed and deleted, anywhere below it', async () => {
    const watched = directory({ 'a.yaml': pod('a') });
    expect(objectNames(await watched.watch(onlyNotified))).toEqual(['Pod/default/a']);

    watched.write('deep/er/b.yml', pod('b'));
    await watched.until((state) => objectNames(state).length === 2);

    watched.write('deep/er/b.yml', pod('b', 'n2'));
    await watched.until((state) => nodeOf(state, 'b') === 'n2');

    watched.rename('deep', 'other');
    const moved = await watched.until(
      (state) => state.clusters.get('Kubernetes')?.get('Pod/default/b')?.origin.file === 'other/er/b.yml',
    );
    expect(objectNames(moved)).toEqual(['Pod/default/a', 'Pod/default/b']);

    watched.write('other/er/b.yml', pod('b', 'n3'));
    await watched.until((state) => nodeOf(state, 'b') === 'n3');

    watched.remove('other');
    expect(objectNames(await watched.until((state) => nodeOf(state, 'b') === undefined))).toEqual([
      'Pod/default/a',
    ]);
  });

  test('takes an atomic replacement as one change', async () => {
    const watched = directory({ 'a.yaml': pod('a') });
    await watched.watch(onlyNotified);
    watched.replace('a.yaml', pod('a', 'n2'));
    await watched.until((state) => nodeOf(state, 'a') === 'n2');
    expect(watched.states.map((state) => nodeOf(state, 'a'))).toEqual(['n1', 'n2']);
  });

  test('follows the swap of a mounted ConfigMap, and no state lacks an object', async () => {
    const watched = directory();
    const version = (name: string, files: Readonly<Record<string, string>>): void => {
      mkdirSync(join(watched.path, name));
      for (const [file, text] of Object.entries(files)) writeFileSync(join(watched.path, name, file), text);
      symlinkSync(name, join(watched.path, '..data_tmp'));
      renameSync(join(watched.path, '..data_tmp'), join(watched.path, '..data'));
    };
    version('..2026_1', { 'a.yaml': pod('a'), 'b.yaml': pod('b') });
    watched.link('..data/a.yaml', 'a.yaml');
    watched.link('..data/b.yaml', 'b.yaml');
    expect(objectNames(await watched.watch(onlyNotified))).toEqual(['Pod/default/a', 'Pod/default/b']);

    // The second version has the objects in each other's file.
    version('..2026_2', { 'a.yaml': pod('b', 'n2'), 'b.yaml': pod('a', 'n2') });
    rmSync(join(watched.path, '..2026_1'), { recursive: true });
    await watched.until((state) => nodeOf(state, 'a') === 'n2' && nodeOf(state, 'b') === 'n2');

    version('..2026_3', { 'a.yaml': pod('a', 'n3'), 'b.yaml': pod('b', 'n3') });
    rmSync(join(watched.path, '..2026_2'), { recursive: true });
    await watched.until((state) => nodeOf(state, 'a') === 'n3' && nodeOf(state, 'b') === 'n3');
    for (const state of watched.states) {
      expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b']);
      expect(state.problems).toEqual([]);
    }
  });

  test('sees an edit of a file that a link leads to outside', async () => {
    const watched = directory();
    mkdirSync(join(watched.base, 'elsewhere'));
    const target = join(watched.base, 'elsewhere', 'text');
    writeFileSync(target, pod('a'));
    watched.link(target, 'a.yaml');
    await watched.watch(onlyNotified);
    writeFileSync(target, pod('a', 'n2'));
    const state = await watched.until((next) => nodeOf(next, 'a') === 'n2');
    expect(state.problems).toEqual([]);
  });

  test('does not follow a link to a directory above itself', async () => {
    const watched = directory({ 'sub/a.yaml': pod('a') });
    watched.link('..', 'sub/up');
    const state = await watched.watch();
    expect(objectNames(state)).toEqual(['Pod/default/a']);
    expect(state.problems).toEqual([]);
  });

  test('passes over hidden names, recorded answers and other files', async () => {
    const watched = directory({
      '.hidden.yaml': pod('b'),
      '.git/c.yaml': pod('c'),
      'expected/d.yaml': pod('d'),
      'sub/expected/e.yaml': pod('e'),
      'notes.txt': pod('f'),
      'data.json': '{}',
      'a.yaml': pod('a'),
    });
    const state = await watched.watch();
    expect(objectNames(state)).toEqual(['Pod/default/a']);
    expect(state.files).toBe(1);
    expect(state.problems).toEqual([]);
  });

  test('finds a change without any notification', async () => {
    const watched = directory();
    const near = join(watched.base, 'near');
    mkdirSync(near);
    const recorded = (name: string): string =>
      fileURLToPath(new URL(`../../golden/kubernetes/${name}/input.yaml`, import.meta.url));
    // Where the first of two links points to is not watched.
    symlinkSync(recorded('no-endpoints'), join(near, 'link'));
    watched.link(join(near, 'link'), 'b.yaml');
    const before = await watched.watch({ rescanInterval: 20 });
    symlinkSync(recorded('dual-stack'), join(near, 'link2'));
    renameSync(join(near, 'link2'), join(near, 'link'));
    const after = await watched.until((state) => state !== before);
    expect(objectNames(after)).toEqual(
      objectNames(await readMeshDirectory(join(recorded('dual-stack'), '..'))),
    );
  });

  test('says nothing of a file whose content stays the same', async () => {
    const watched = directory({ 'a.yaml': pod('a') });
    await watched.watch(onlyNotified);
    utimesSync(join(watched.path, 'a.yaml'), 1, 1);
    watched.replace('a.yaml', `# a comment\n${pod('a')}`);
    watched.write('b.yaml', pod('b'));
    await watched.until((state) => objectNames(state).length === 2);
    watched.write('c.yaml', pod('c'));
    await watched.until((state) => objectNames(state).length === 3);
    expect(watched.states.map((state) => objectNames(state).length)).toEqual([1, 2, 3]);
    const [first, second] = watched.states;
    expect(second?.clusters.get('Kubernetes')?.get('Pod/default/a')).toBe(
      first?.clusters.get('Kubernetes')?.get('Pod/default/a'),
    );
  });

  test('keeps objects the same where other documents of their file change', async () => {
    const watched = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}` });
    const before = await watched.watch(onlyNotified);
    watched.write('a.yaml', `${pod('new')}---\n${pod('a', 'n2')}---\n${pod('b')}`);
    const after = await watched.until((state) => nodeOf(state, 'new') !== undefined);
    const objects = (state: typeof after, name: string): unknown =>
      state.clusters.get('Kubernetes')?.get(`Pod/default/${name}`);
    expect(objects(after, 'b')).toBe(objects(before, 'b'));
    expect(objects(after, 'a')).not.toBe(objects(before, 'a'));
    expect(after.mesh).toBe(before.mesh);
    expect(after.networks).toBe(before.networks);
    expect(after.problems).toBe(before.problems);
  });

  test('takes further clusters from their files, and lets them go with them', async () => {
    const watched = directory({ 'cluster-west.yaml': pod('a') });
    const state = await watched.watch(onlyNotified);
    expect(objectNames(state)).toEqual([]);
    expect(objectNames(state, 'west')).toEqual(['Pod/default/a']);
    watched.remove('cluster-west.yaml');
    await watched.until(({ clusters }) => !clusters.has('west'));
  });

  test('releases every watcher when it is left', async () => {
    const count = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    const untilNone = (): Promise<void> => vi.waitFor(() => expect(count()).toBe(0), { timeout: 10_000 });
    await untilNone();
    const watched = directory({ 'sub/a.yaml': pod('a') });
    await watched.watch();
    expect(count()).toBe(3);
    watched.end();
    await untilNone();
  });

  test('cannot be a path that is missing, or a file', async () => {
    const watched = directory({ 'a.yaml': pod('a') });
    for (const path of [join(watched.path, 'missing'), join(watched.path, 'a.yaml')]) {
      const attempts = [readMeshDirectory(path), firstValueFrom(watchMeshDirectory(path))];
      for (const attempt of await Promise.allSettled(attempts)) {
        if (attempt.status === 'fulfilled') throw new Error(`${path} was read`);
        const error: unknown = attempt.reason;
        expect(error).toBeInstanceOf(PilotError);
        expect(error).toMatchObject({ code: 'DIRECTORY_UNREADABLE', hint: expect.any(String) as string });
        expect((error as PilotError).message).toContain(path);
      }
    }
  });
});

describe('what is wrong leaves what was in force', () => {
  test('a refused document keeps the last valid version, and mending it heals', async () => {
    const watched = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}` });
    await watched.watch(onlyNotified);
    watched.write('a.yaml', `${broken}---\n${pod('b', 'n2')}`);
    const refused = await watched.until(({ problems }) => problems.length > 0);
    expect(refused.problems).toEqual([
      expect.objectContaining({
        severity: 'error',
        file: 'a.yaml',
        line: 3,
        object: 'Pod default/a',
        path: 'metadata.labels.x',
      }),
    ]);
    expect([nodeOf(refused, 'a'), nodeOf(refused, 'b')]).toEqual(['n1', 'n2']);

    watched.write('a.yaml', `${pod('a', 'n3')}---\n${pod('b', 'n2')}`);
    const mended = await watched.until(({ problems }) => problems.length === 0);
    expect([nodeOf(mended, 'a'), nodeOf(mended, 'b')]).toEqual(['n3', 'n2']);
  });

  test('a file that no longer parses keeps every object that it gave', async () => {
    const watched = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}`, 'c.yaml': pod('c') });
    await watched.watch(onlyNotified);
    watched.write('a.yaml', 'kind: [');
    watched.write('c.yaml', pod('c', 'n2'));
    const state = await watched.until((next) => next.problems.length > 0 && nodeOf(next, 'c') === 'n2');
    expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b', 'Pod/default/c']);
    watched.write('a.yaml', pod('b', 'n2'));
    const mended = await watched.until(({ problems }) => problems.length === 0);
    expect(objectNames(mended)).toEqual(['Pod/default/b', 'Pod/default/c']);
  });

  test('a document of which the identity is lost hides only what nobody else gives', async () => {
    const watched = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}---\n${pod('c')}` });
    await watched.watch(onlyNotified);
    // a went to another file, b is still there, and the broken document may be c.
    watched.write('other.yaml', pod('a', 'n2'));
    watched.write('a.yaml', `${pod('b')}---\nkind: Pod\nmetadata: {labels: {}}\n`);
    const state = await watched.until(
      (next) =>
        nodeOf(next, 'a') === 'n2' &&
        next.problems.some(({ path }) => path === 'metadata.name' || path === 'apiVersion'),
    );
    expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b', 'Pod/default/c']);
    expect(state.problems.every(({ file }) => file === 'a.yaml')).toBe(true);
  });

  test('a broken file that is renamed still keeps its objects', async () => {
    const watched = directory({ 'a.yaml': pod('a') });
    await watched.watch(onlyNotified);
    watched.write('a.yaml', 'kind: [');
    await watched.until(({ problems }) => problems.length > 0);
    watched.rename('a.yaml', 'b.yaml');
    const renamed = await watched.until(({ problems }) => problems.some(({ file }) => file === 'b.yaml'));
    expect(objectNames(renamed)).toEqual(['Pod/default/a']);
    watched.write('c.yaml', pod('c'));
    const later = await watched.until((state) => nodeOf(state, 'c') !== undefined);
    expect(objectNames(later)).toEqual(['Pod/default/a', 'Pod/default/c']);
    watched.remove('b.yaml');
    await watched.until((state) => nodeOf(state, 'a') === undefined);
  });

  test('an object that moves to another file is never gone', async () => {
    const watched = directory({ 'a.yaml': `${pod('a')}---\n${pod('b')}` });
    await watched.watch(onlyNotified);
    watched.write('a.yaml', pod('a'));
    watched.write('b.yaml', pod('b', 'n2'));
    await watched.until((state) => nodeOf(state, 'b') === 'n2' && state.problems.length === 0);
    for (const state of watched.states)
      expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b']);
  });

  test('of two documents that are the same object the next one takes over when the first is gone', async () => {
    const watched = directory({ 'a.yaml': pod('a', 'n1'), 'b.yaml': pod('a', 'n2') });
    const state = await watched.watch(onlyNotified);
    expect(nodeOf(state, 'a')).toBe('n1');
    expect(state.problems).toEqual([
      expect.objectContaining({ file: 'b.yaml', message: expect.stringContaining('a.yaml:1') as string }),
    ]);

    watched.write('a.yaml', broken);
    const refused = await watched.until(({ problems }) => problems.length === 2);
    expect(nodeOf(refused, 'a')).toBe('n1');

    watched.remove('a.yaml');
    const left = await watched.until(({ problems }) => problems.length === 0);
    expect(nodeOf(left, 'a')).toBe('n2');
  });

  test('a directory that vanishes keeps the last state, and is read again when it is back', async () => {
    const watched = directory({ 'a.yaml': pod('a'), 'mesh.yaml': 'trustDomain: a.test\n' });
    const first = await watched.watch(onlyNotified);
    renameSync(watched.path, join(watched.base, 'away'));
    const gone = await watched.until(({ failure }) => failure !== undefined);
    expect(gone.failure?.code).toBe('DIRECTORY_UNREADABLE');
    expect(gone.problems).toEqual([
      expect.objectContaining({
        severity: 'error',
        message: expect.stringContaining('stays in force') as string,
      }),
    ]);
    expect(gone.clusters).toBe(first.clusters);
    expect(gone.mesh).toBe(first.mesh);

    mkdirSync(watched.path);
    watched.write('mesh.yaml', 'trustDomain: a.test\n');
    watched.write('a.yaml', pod('a', 'n2'));
    const back = await watched.until((state) => state.failure === undefined && nodeOf(state, 'a') === 'n2');
    expect(back.problems).toEqual([]);
    // The directory of this name is another one now; it is watched all the same.
    watched.write('b.yaml', pod('b'));
    await watched.until((state) => nodeOf(state, 'b') !== undefined);
    for (const state of watched.states) expect(objectNames(state)).toContain('Pod/default/a');
  });

  test.each(['mesh.yaml', 'mesh.yml'])('a broken %s leaves the last valid mesh', async (name) => {
    const watched = directory({ [name]: 'trustDomain: a.test\n' });
    expect((await watched.watch(onlyNotified)).mesh.trustDomain).toBe('a.test');
    watched.write(name, '# say it\n\ntrustDomain: [b.test]\n');
    const refused = await watched.until(({ problems }) => problems.length > 0);
    expect(refused.mesh.trustDomain).toBe('a.test');
    expect(refused.problems).toEqual([
      expect.objectContaining({ severity: 'error', file: name, line: 3, path: 'trustDomain' }),
    ]);
    watched.write(name, 'trustDomain: b.test\n');
    expect((await watched.until(({ problems }) => problems.length === 0)).mesh.trustDomain).toBe('b.test');
    watched.remove(name);
    await watched.until(({ mesh }) => mesh.trustDomain === 'cluster.local');
  });

  test('broken networks and proxies leave the last valid ones', async () => {
    const watched = directory({
      'networks.yaml': 'networks: {a: {}}\n',
      'proxies.yaml': '[{name: p, id: x}]\n',
    });
    await watched.watch(onlyNotified);
    watched.write('networks.yaml', 'networks: [\n');
    watched.write('proxies.yaml', '[{name: p, id: x}, {}]\n');
    const state = await watched.until(({ problems }) => problems.length === 3);
    expect(Object.keys(state.networks.networks)).toEqual(['a']);
    expect(state.proxies.map(({ name }) => name)).toEqual(['p']);
  });

  test('a link that leads nowhere, a file that is no text and one that is too large keep what the file gave', async () => {
    const watched = directory({ 'a.yaml': pod('a'), 'b.yaml': pod('b'), 'c.yaml': pod('c') });
    await watched.watch(onlyNotified);
    watched.remove('a.yaml');
    watched.link('nowhere', 'a.yaml');
    writeFileSync(join(watched.path, 'b.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
    writeFileSync(join(watched.path, 'c.yaml'), Buffer.alloc(33 * 1024 * 1024, '#'));
    const state = await watched.until(({ problems }) => problems.length === 3);
    expect(
      state.problems.map(({ file, message }) => [file, /ENOENT|not UTF-8|limit/.exec(message)?.[0]]),
    ).toEqual([
      ['a.yaml', 'ENOENT'],
      ['b.yaml', 'not UTF-8'],
      ['c.yaml', 'limit'],
    ]);
    expect(objectNames(state)).toEqual(['Pod/default/a', 'Pod/default/b', 'Pod/default/c']);
  });
});
