import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lastKnownFile, type LastKnown } from '../../../src/registry/last-known.js';

let folder: string;
const problems: string[] = [];
const values: LastKnown = { at: 1, services: [], endpoints: [], workloads: [], gateways: [] };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'last-known-'));
  problems.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function keeper(identity = 'consul/east') {
  const path = join(folder, 'state', 'east.json');
  return {
    path,
    ...lastKnownFile({ path, identity, expiry: 1, problem: (message) => problems.push(message) }),
  };
}

test('what is saved is loaded again, by the same registry only', async () => {
  const { save, load, path } = keeper();
  expect(await load()).toBeUndefined();
  expect(problems).toEqual([]);
  await save(values);
  expect(await load()).toMatchObject(values);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'state'))).toEqual(['east.json']);
  expect(await keeper('consul/west').load()).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining('another registry')]);
});

test('a load waits for what is being saved', async () => {
  const { save, load } = keeper();
  void save(values);
  expect(await load()).toMatchObject(values);
});

test('a file that is cut off is told, and not used', async () => {
  const { save, load, path } = keeper();
  await save(values);
  await writeFile(path, '{"format":1,');
  expect(await load()).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(path)]);
});

test('what cannot be written is told', async () => {
  await writeFile(join(folder, 'state'), '');
  await keeper().save(values);
  expect(problems).toEqual([expect.stringContaining('cannot be kept')]);
});
