import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/settings/load.js';
import { watchSettingsFile } from '../../../src/settings/watch.js';
import { eventually } from '../../../testenv/process.mjs';

let folder: string;
let stop: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-watch-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true });
});

test('a changed settings file says which settings changed; a broken one is refused and changes nothing', async () => {
  const file = join(folder, 'pilotlight.yaml');
  const said: unknown[] = [];
  const resolve = (values: Readonly<Record<string, unknown>>) =>
    resolveSettings({ flags: {}, env: {}, file: values });
  watchSettingsFile(
    file,
    resolve({}),
    resolve,
    { changed: (_, names) => said.push(names), refused: (reason) => said.push(reason) },
    stop.signal,
  );
  const put = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };

  await put('logLevel: debug\n');
  await eventually('the change', () => said.length === 1 || undefined);
  await put('logLevel: loud\n');
  await eventually('the refusal', () => said.length === 2 || undefined);
  await put('logLevel: debug\ndebounceAfter: 5ms\n');
  await eventually('the next change', () => said.length === 3 || undefined);
  expect(said).toEqual([
    ['logLevel'],
    expect.stringContaining('logLevel must be equal to one of'),
    ['debounceAfter'],
  ]);
});
