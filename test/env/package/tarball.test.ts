/** The published package, installed where there is nothing else, serves the example. */
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Server } from '../../../testenv/process.mjs';
import { runTool } from '../../../testenv/run-tool.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-package-'));
  // Without one npm installs into the nearest folder above that has one, or a node_modules.
  await writeFile(join(folder, 'package.json'), '{"private": true}\n');
  const packed = await runTool('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await runTool(
    'npm',
    ['install', '--omit=dev', '--ignore-scripts', '--prefer-offline', join(folder, filename)],
    { cwd: folder },
  );
  installed = join(folder, 'node_modules', 'pilotlight');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('serves the example mesh', async () => {
  const readyFile = join(folder, 'ready.json');
  const command = join(folder, 'node_modules', '.bin', 'pilotlight');
  const addresses = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
  const server = new Server(
    'pilotlight',
    command,
    ['serve', '--example', ...addresses, '--ready-file', readyFile],
    { cwd: folder },
  );
  const { http } = await server.until(
    'being ready',
    async () => JSON.parse(await readFile(readyFile, 'utf8')) as { http: string },
  );
  const services = (await (await fetch(`http://${http}/debug/registryz`)).json()) as { hostname: string }[];
  expect(services.map(({ hostname }) => hostname)).toContain('catalog.shop.svc.cluster.local');
  expect(await server.stop()).toBe(0);
});

test('has types for what it exports', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    exports: { '.': { types: string; default: string } };
  };
  for (const path of Object.values(manifest.exports['.']))
    expect((await stat(join(installed, path))).isFile()).toBe(true);
});

test('carries neither sources nor tests nor the recorded answers', async () => {
  const names = await readdir(installed);
  expect(
    names.filter((name) => ['src', 'test', 'testenv', 'bench', 'proto', 'node_modules'].includes(name)),
  ).toEqual([]);
});
