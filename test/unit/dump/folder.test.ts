import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkFolder, writeFolder } from '../../../src/dump/folder.js';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'pilotlight-dump-'));
  folder = join(parent, 'mesh');
});

afterEach(() => rm(parent, { recursive: true, force: true }));

const files = [
  { path: 'nodes.yaml', text: 'a: 1\n' },
  { path: 'services/shop.yaml', text: 'b: 2\n' },
];

async function names(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return paths.sort();
}

test('a folder that is not there, or is empty, is taken; one with anything in it is not, unless it is forced', async () => {
  await checkFolder(folder, false);
  await mkdir(folder);
  await checkFolder(folder, false);
  await writeFile(join(folder, '.hidden'), '');
  await expect(checkFolder(folder, false)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('is not empty') as unknown,
  });
  await checkFolder(folder, true);
});

test('a file in the place of the folder is said', async () => {
  await writeFile(folder, '');
  await expect(checkFolder(folder, true)).rejects.toMatchObject({ code: 'USAGE' });
});

test('files and their list are put in place, and nothing is left beside the folder', async () => {
  expect(await writeFolder(folder, files, { of: 'a cluster' })).toEqual({ others: [] });
  expect(await names()).toEqual(['dump.json', 'nodes.yaml', 'services/shop.yaml']);
  expect(JSON.parse(await readFile(join(folder, 'dump.json'), 'utf8'))).toEqual({
    of: 'a cluster',
    files: ['nodes.yaml', 'services/shop.yaml'],
  });
  expect(await readdir(parent)).toEqual(['mesh']);
  // Whoever may read files of this person's may read this one.
  expect((await stat(folder)).mode & 0o077).toBe((await stat(join(folder, 'services'))).mode & 0o077);
});

test('of an earlier dump what is not there any more is taken away, and what others wrote stays and is named', async () => {
  await writeFolder(folder, files, {});
  await writeFile(join(folder, 'proxies.yaml'), '[]');
  const written = await writeFolder(folder, [{ path: 'nodes.yaml', text: 'a: 3\n' }], {});
  expect(written).toEqual({ others: ['proxies.yaml'] });
  expect(await names()).toEqual(['dump.json', 'nodes.yaml', 'proxies.yaml']);
  expect(await readFile(join(folder, 'nodes.yaml'), 'utf8')).toBe('a: 3\n');
});

test('a list of files that leads elsewhere takes nothing away there', async () => {
  await mkdir(folder);
  await writeFile(join(parent, 'precious.yaml'), '');
  await writeFile(join(folder, 'notes.txt'), '');
  const listed = ['../precious.yaml', join(parent, 'precious.yaml'), 'notes.txt', 'a/../../precious.yaml'];
  await writeFile(join(folder, 'dump.json'), JSON.stringify({ files: listed }));
  await writeFolder(folder, files, {});
  expect(await readdir(parent)).toEqual(['mesh', 'precious.yaml']);
  expect(await names()).toContain('notes.txt');
});

test('a dump that cannot be put in place whole is not said to be one', async () => {
  await writeFolder(folder, files, {});
  // A folder in the place of a file cannot be replaced by it.
  await rm(join(folder, 'nodes.yaml'));
  await mkdir(join(folder, 'nodes.yaml', 'inner'), { recursive: true });
  await expect(writeFolder(folder, files, {})).rejects.toMatchObject({ code: 'USAGE' });
  expect(await names()).not.toContain('dump.json');
  expect(await readdir(parent)).toEqual(['mesh']);
});

test.skipIf(process.getuid?.() === 0)('a folder that must not be written to is said', async () => {
  await chmod(parent, 0o500);
  await expect(writeFolder(folder, files, {})).rejects.toMatchObject({ code: 'USAGE' });
  await chmod(parent, 0o700);
});
