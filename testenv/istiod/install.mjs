/** Istio's own discovery server, built once from the pinned Go module into the cache. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from '../cache.mjs';
import { goEnv, goSourceHash, goVersion } from '../go.mjs';
import { runTool } from '../run-tool.mjs';

const source = fileURLToPath(new URL('.', import.meta.url));
const goMod = await readFile(join(source, 'go.mod'), 'utf8');

/** The version of the module istio.io/istio that is built. */
export const istioModuleVersion = /^\s*istio\.io\/istio (\S+)$/m.exec(goMod)?.[1] ?? 'unknown';

const buildArgs = ['-buildvcs=false', '-tags=vtprotobuf', '-ldflags=-s -w'];

const progressEveryMs = 15_000;

/**
 * The path of the program that serves a mesh directory; the first call builds it, which takes about ten minutes on
 * two cores and is told on stderr as it goes.
 * @throws {NotAvailable} when there is no Go, or an older one than the module needs
 */
export async function istiodBinary() {
  return build('istiod', '.', await goSourceHash([source], buildArgs));
}

/**
 * The path of the program that serves a synthetic mesh, for measuring; built as the other one, and in seconds when
 * that one is there.
 * @throws {NotAvailable} when there is no Go, or an older one than the module needs
 */
export async function istiodLoadBinary() {
  return build('istiod-load', './load', await goSourceHash([join(source, 'load')], [...buildArgs, goMod]));
}

/**
 * @param {string} name of the binary
 * @param {string} packagePath within the module
 * @param {string} hash of what it is made from
 */
async function build(name, packagePath, hash) {
  const commit = istioModuleVersion.split('-').at(-1);
  const folder = await installed(`${name}-${commit}-${hash}`, async (target) => {
    const go = await goVersion(source, "Istio's discovery server");
    say(`building Istio's discovery server (istio.io/istio ${istioModuleVersion}) with Go ${go},`);
    say('once: about ten minutes on two cores, seconds where Go has compiled it before');
    const packages = await withProgress('modules downloaded', (onStderr) =>
      runTool('go', ['list', '-deps', '-tags=vtprotobuf', packagePath], {
        cwd: source,
        env: goEnv,
        onStderr,
      }),
    );
    const count = packages.trim().split('\n').length;
    await withProgress(`of at most ${count} packages compiled`, (onStderr) =>
      runTool('go', ['build', '-v', ...buildArgs, '-o', join(target, name), packagePath], {
        cwd: source,
        env: goEnv,
        onStderr,
      }),
    );
    say('built');
  });
  return join(folder, name);
}

/**
 * Says now and then how many lines a tool has printed on stderr: one for each module or package.
 * @template T
 * @param {string} what
 * @param {(onStderr: (text: string) => void) => Promise<T>} work
 */
async function withProgress(what, work) {
  const started = Date.now();
  let lines = 0;
  const timer = setInterval(() => {
    say(`${lines} ${what}, after ${Math.round((Date.now() - started) / 1000)} s`);
  }, progressEveryMs);
  try {
    return await work((text) => {
      lines += text.split('\n').length - 1;
    });
  } finally {
    clearInterval(timer);
  }
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`istiod: ${text}\n`);
}
