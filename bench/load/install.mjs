/** The load generator xdsload, built once from its sources into the cache. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from '../../testenv/cache.mjs';
import { goEnv, goSourceHash, goVersion } from '../../testenv/go.mjs';
import { runTool } from '../../testenv/run-tool.mjs';

const source = fileURLToPath(new URL('./xdsload/', import.meta.url));
const buildArgs = ['-buildvcs=false', '-ldflags=-s -w'];

/**
 * The path of the binary; the first call builds it, which takes a minute on two cores.
 * @throws {import('../../testenv/cache.mjs').NotAvailable} when there is no Go, or an older one than it needs
 */
export async function xdsloadBinary() {
  const hash = await goSourceHash([source], buildArgs);
  const folder = await installed(`xdsload-${hash}`, async (target) => {
    await goVersion(source, 'xdsload');
    process.stderr.write('xdsload: building, once\n');
    await runTool('go', ['build', ...buildArgs, '-o', join(target, 'xdsload'), '.'], {
      cwd: source,
      env: goEnv,
    });
  });
  return join(folder, 'xdsload');
}
