import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands.js';
import { runProgram } from '../../../src/cli/program.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-raw-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('serve --raw-snapshots needs no mesh directory, and says where snapshots go', async () => {
  const said: string[] = [];
  const output = { result: () => undefined, say: (line: string) => said.push(line), colour: false };
  const stop = new AbortController();
  const readyFile = join(folder, 'ready.json');
  const addresses = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
  const ended = runProgram(
    commands,
    ['serve', '--raw-snapshots', ...addresses, '--ready-file', readyFile, '--log-level', 'silent'],
    { env: {}, output, signal: stop.signal },
  );
  await expect.poll(() => readFile(readyFile, 'utf8').catch(() => ''), { timeout: 20_000 }).not.toBe('');
  const { http } = JSON.parse(await readFile(readyFile, 'utf8')) as { http: string };
  expect(said.join('\n')).toContain(`PUT http://${http}/snapshot`);
  const put = fetch(`http://${http}/snapshot`, {
    method: 'PUT',
    body: JSON.stringify({ node: 'n', types: {} }),
  });
  const response = await put.catch(async (cause: unknown) => {
    throw new Error(`serve ended with ${await ended}: ${said.join('\n')}`, { cause });
  });
  expect(await response.json()).toEqual({ node: 'n', changed: [] });
  stop.abort();
  expect(await ended).toBe(0);
});
