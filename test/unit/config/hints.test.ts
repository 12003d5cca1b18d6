import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../src/base/logger.js';
import { HintSource } from '../../../src/config/mesh-directory/hints.js';

let base: string;
let root: string;
let hints: HintSource;
const hint = vi.fn();

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-hints-'));
  root = join(base, 'mesh');
  mkdirSync(root);
  hint.mockReset();
  hints = new HintSource(root, hint, silentLogger);
});

afterEach(() => {
  hints.end();
  rmSync(base, { recursive: true, force: true });
});

async function expectHint(): Promise<void> {
  await vi.waitFor(() => expect(hint).toHaveBeenCalled(), { timeout: 10_000 });
}

test('a directory that is not watched yet is watched, one that is already is not watched anew', () => {
  expect(hints.watch(new Map([[root, '1']]))).toBe(true);
  expect(hints.watch(new Map([[root, '1']]))).toBe(false);
});

test('a change in a watched directory is a hint', async () => {
  hints.watch(new Map([[root, '1']]));
  writeFileSync(join(root, 'a'), '');
  await expectHint();
});

test('another directory of the same path is watched in place of the first', async () => {
  hints.watch(new Map([[root, '1']]));
  renameSync(root, join(base, 'away'));
  mkdirSync(root);
  await expectHint();
  expect(hints.watch(new Map([[root, '2']]))).toBe(true);
  hint.mockReset();
  writeFileSync(join(root, 'a'), '');
  await expectHint();
});

test('the directory is missed when it goes and noticed when it comes, and its neighbours are no matter', async () => {
  rmSync(root, { recursive: true });
  hints.watch(new Map());
  writeFileSync(join(base, 'neighbour'), '');
  mkdirSync(root);
  await expectHint();
  expect(hint).toHaveBeenCalledTimes(1);
});

test('where nothing can be watched a warning says so once', () => {
  const warn = vi.fn();
  const source = new HintSource(root, hint, { ...silentLogger, warn });
  source.watch(new Map([[join(base, 'missing'), '1']]));
  source.watch(new Map([[join(base, 'missing'), '1']]));
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[0]).toContain('missing');
  source.end();
});
