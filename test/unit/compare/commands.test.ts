import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../cli/run-command.js';
import { sample } from './sides.js';

const example = fileURLToPath(new URL('../../../examples/mesh', import.meta.url));

let folder: string;
let edited: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-compare-'));
  edited = join(folder, 'edited');
  await cp(example, edited, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(edited, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

describe('compare', () => {
  test('of two directories that say the same exits with 0', async () => {
    const { code, result } = await run('compare', example, edited, '--all-proxies');
    expect({ code, result }).toEqual({ code: 0, result: expect.stringContaining('equal for 2 proxies') });
  });

  test('of two that differ exits with 1 and shows where, in every format', async () => {
    await edit('web.yaml', 'name: web', 'name: webs');
    const text = await run('compare', example, edited, '--proxy', 'client');
    expect(text).toMatchObject({
      code: 1,
      result: expect.stringMatching(/- outbound\|80\|\|web\.shop.*only in mesh/),
    });
    const json = await run('compare', example, edited, '--proxy', 'client', '-o', 'json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.result)).toMatchObject({ equal: false, left: { label: 'mesh', source: example } });
    const summary = await run('compare', example, edited, '--all-proxies', '-o', 'summary');
    expect(summary).toMatchObject({ code: 1, result: expect.stringMatching(/^istio-client +cds/m) });
  });

  test('of a directory with its own saved answers exits with 0', async () => {
    const { result } = await run('xds', example, '--all-proxies', '-o', 'json');
    const file = join(folder, 'answers.json');
    await writeFile(file, result);
    expect(await run('compare', example, file)).toMatchObject({
      code: 0,
      result: expect.stringContaining('equal for 2 proxies'),
    });
    const one = await run('xds', example, '--proxy', 'client', '-o', 'json');
    await writeFile(file, one.result);
    expect(await run('compare', file, example, '--proxy', 'client')).toMatchObject({ code: 0 });
    expect(await run('compare', file, example, '--proxy', 'istio-client')).toMatchObject({ code: 1 });
  });

  test('of a directory with an Envoy’s dump asks as the Envoy’s own node', async () => {
    const { code, result } = await run('compare', example, sample('envoy-config-dump.json'));
    expect(code).toBe(1);
    expect(result).toContain('\nclient.shop\n');
    expect(result).toMatch(/- outbound\|80\|v2\|catalog\.shop\.svc\.cluster\.local/);
  });

  test.each([
    [['--proxy', 'client'], 'nosuch', 'there is no file or directory "nosuch"'],
    [['--proxy', 'client'], 'http://x', '"http://x" is no side to compare'],
    [['--proxy', 'client'], 'xds://nowhere', 'is no address of an ADS server'],
    [['--proxy', 'client'], 'envoy://nowhere', 'is no address of an Envoy'],
    [['--proxy', 'client'], 'envoy://127.0.0.1:1', 'cannot be asked for /config_dump'],
    [['--proxy', 'client'], 'xds://127.0.0.1:1', 'xds://127.0.0.1:1 ended the stream before it answered CDS'],
    [['--proxy', 'nobody'], example, 'there is no proxy "nobody"'],
    [[], example, 'no proxy to compare for'],
    [['--proxy', 'client', '--limit', 'x'], example, '--limit: "x" is no whole number'],
    [['--proxy', 'client', '--timeout', '-1'], example, '--timeout'],
    [['--proxy', 'client', '--type', 'x'], example, '--type: "x" is none of cds, eds'],
    [
      ['--proxy', 'client', '--type', 'nds'],
      'xds://127.0.0.1:1',
      'no type of resource that both sides can tell',
    ],
    [['--proxy', 'client', '--ignore', 'a['], example, '"a[" is no field path'],
    [['--proxy', 'client', '--node', 'nosuch'], example, 'the node file nosuch cannot be read'],
    [['--proxy', 'client', '--cert', 'x'], 'xds://127.0.0.1:1', '--cert and --key are given together'],
    [['--proxy', 'client', '--ca', 'nosuch'], 'xds://127.0.0.1:1', '--ca: nosuch cannot be read'],
  ])('%j with %s exits with 2 and says why', async (options, side, says) => {
    const { code, said, result } = await run('compare', example, side, ...options);
    expect({ code, result }).toEqual({ code: 2, result: '' });
    expect(said).toContain(says);
  });

  test('is coloured as --color says', async () => {
    const { result } = await run('compare', example, edited, '--proxy', 'client', '--color', 'always');
    expect(result).toContain('\u001B[');
    expect((await run('compare', example, edited, '--proxy', 'client')).result).not.toContain('\u001B[');
  });
});

const execute = promisify(execFile);

describe('diff', () => {
  async function git(...args: readonly string[]): Promise<void> {
    await execute('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: folder });
  }

  async function committed(): Promise<void> {
    await git('init', '--quiet');
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'first');
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
  }

  afterEach(() => vi.restoreAllMocks());

  test('says for every proxy what a change would do', async () => {
    await edit('destination-rules.yaml', 'host: catalog', 'host: catalogs');
    const { code, result } = await run('diff', example, edited);
    expect(code).toBe(1);
    expect(result).toMatch(/^- before: .*\n\+ after: /);
    expect(result).toContain('only in before');
    expect(result).toContain('different for 2 of 2 proxies (client, istio-client)');
  });

  test('exits with 0 when no proxy is affected', async () => {
    expect(await run('diff', example, edited, '-o', 'summary')).toMatchObject({ code: 0 });
  });

  test('takes a git revision, and leaves neither files nor the index changed', async () => {
    await committed();
    expect(await run('diff', 'HEAD:edited', edited)).toMatchObject({ code: 0 });
    await edit('web.yaml', 'name: web', 'name: webs');
    await git('add', '.');
    const { stdout: before } = await execute('git', ['status', '--porcelain'], { cwd: folder });
    const left = await temporaryFolders();
    expect(await run('diff', 'HEAD:./edited', edited, '-p', 'client')).toMatchObject({
      code: 1,
      result: expect.stringMatching(/before: HEAD:\.\/edited \(mesh directory/),
    });
    const { stdout: after } = await execute('git', ['status', '--porcelain'], { cwd: folder });
    expect(after).toBe(before);
    expect(await temporaryFolders()).toEqual(left);
  });

  test.each([
    ['nosuch:edited', 'git knows no revision "nosuch"'],
    ['HEAD:nosuch', 'the revision "HEAD" has no folder "nosuch"'],
    ['HEAD:edited/web.yaml', '"edited/web.yaml" of HEAD is no folder'],
  ])('exits with 2 for %s', async (before, says) => {
    await committed();
    const { code, said } = await run('diff', before, edited);
    expect(code).toBe(2);
    expect(said).toContain(says);
  });

  test('exits with 2 outside of a repository, and where git is missing', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    vi.spyOn(process, 'cwd').mockReturnValue(outside);
    vi.stubEnv('GIT_CEILING_DIRECTORIES', tmpdir());
    expect(await run('diff', 'HEAD:edited', edited)).toMatchObject({
      code: 2,
      said: expect.stringContaining('is in no git repository'),
    });
    vi.stubEnv('PATH', outside);
    expect(await run('diff', 'HEAD:edited', edited)).toMatchObject({
      code: 2,
      said: expect.stringContaining('git is not installed'),
    });
    vi.unstubAllEnvs();
  });

  test('refuses what is no directory', async () => {
    expect(await run('diff', example, 'xds://127.0.0.1:1')).toMatchObject({
      code: 2,
      said: expect.stringContaining('there is no file or directory'),
    });
  });

  async function temporaryFolders(): Promise<string[]> {
    return (await readdir(tmpdir())).filter((name) => name.startsWith('pilotlight-diff-'));
  }
});
