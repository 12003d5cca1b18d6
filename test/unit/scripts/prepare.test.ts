import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = join(import.meta.dirname, '../../..');
let folder: string;

/** Runs the script in a copy of the repository that has nothing to compile but one file. */
async function prepare(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/prepare.mjs', ...args], {
    cwd: folder,
  });
  return stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-prepare-'));
  for (const name of ['buf.gen.yaml', 'proto', 'scripts', 'tsconfig.json', 'package.json']) {
    await cp(join(repository, name), join(folder, name), { recursive: true });
  }
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src/index.ts'), "export { default as root } from './gen/xds.js';\n");
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('prepare', () => {
  it('generates and compiles, and then does nothing until something changes', async () => {
    expect(await prepare()).toMatch(/src\/gen generated from \d+ protos[^]*dist compiled/);
    expect(await readFile(join(folder, 'dist/gen/xds.js'), 'utf8')).toContain('dnsJitter');
    expect(await prepare()).toBe('');

    await writeFile(join(folder, 'src/added.ts'), 'export const added = 1;\n');
    expect(await prepare()).toMatch(/^prepare: dist compiled[^\n]*\n$/);
    await rm(join(folder, 'src/added.ts'));
    expect(await prepare()).toContain('dist compiled');
    await expect(readFile(join(folder, 'dist/added.js'))).rejects.toThrow('ENOENT');

    await rm(join(folder, 'dist/index.js'));
    expect(await prepare()).toContain('dist compiled');
  });

  it('ends with what the compiler says, and keeps the last dist', async () => {
    await writeFile(join(folder, 'src/index.ts'), 'export const wrong: string = 1;\n');
    await expect(prepare()).rejects.toThrow(/tsc failed[^]*src\/index\.ts/);
    expect(await readFile(join(folder, 'dist/index.js'), 'utf8')).toContain('gen/xds.js');
  });

  it('ends with the overlay entry that cannot be applied', async () => {
    const entry =
      '- file: envoy/config/cluster/v3/cluster.proto\n  message: Cluster\n  field: string name = 1;\n';
    await writeFile(join(folder, 'proto/overlay.yaml'), entry);
    await expect(prepare('--generate-only')).rejects.toThrow(
      'Cluster of envoy/config/cluster/v3/cluster.proto: has a field name',
    );
  });

  it('leaves a build alone where the development tools are missing, and otherwise names them', async () => {
    await rm(join(folder, 'node_modules'));
    expect(await prepare()).toBe('');
    await rm(join(folder, 'dist'), { recursive: true });
    await expect(prepare()).rejects.toThrow(
      '@bufbuild/buf, @grpc/grpc-js-xds, protobufjs-cli, typescript not installed',
    );
  });
});
