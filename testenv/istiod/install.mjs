/** Istio's own discovery server, built once from the pinned Go module into the cache. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotAvailable, installed } from '../cache.mjs';
import { runTool } from '../run-tool.mjs';

const source = fileURLToPath(new URL('.', import.meta.url));
const goMod = await readFile(join(source, 'go.mod'), 'utf8');

/** The version of the module istio.io/istio that is built. */
export const istioModuleVersion = /^\s*istio\.io\/istio (\S+)$/m.exec(goMod)?.[1] ?? 'unknown';

/** The oldest Go that can build it, as go.mod says. */
const neededGo = /^go (\d+)\.(\d+)/m.exec(goMod)?.slice(1).map(Number) ?? [1, 26];

const buildArgs = ['-buildvcs=false', '-tags=vtprotobuf', '-ldflags=-s -w'];

/** Only the Go that is there and the module that is pinned: no toolchain is downloaded, no workspace counts. */
const env = { GOTOOLCHAIN: 'local', GOWORK: 'off' };

const progressEveryMs = 15_000;

/**
 * The path of the binary; the first call builds it, which takes about ten minutes on two cores and is told on
 * stderr as it goes.
 * @throws {NotAvailable} when there is no Go, or an older one than the module needs
 */
export async function istiodBinary() {
  const commit = istioModuleVersion.split('-').at(-1);
  const folder = await installed(`istiod-${commit}-${await sourceHash()}`, async (target) => {
    const go = await goVersion();
    say(`building Istio's discovery server (istio.io/istio ${istioModuleVersion}) with Go ${go},`);
    say('once: about ten minutes on two cores, seconds where Go has compiled it before');
    const packages = await withProgress('modules downloaded', (onStderr) =>
      runTool('go', ['list', '-deps', '-tags=vtprotobuf', '.'], { cwd: source, env, onStderr }),
    );
    const count = packages.trim().split('\n').length;
    await withProgress(`of at most ${count} packages compiled`, (onStderr) =>
      runTool('go', ['build', '-v', ...buildArgs, '-o', join(target, 'istiod'), '.'], {
        cwd: source,
        env,
        onStderr,
      }),
    );
    say('built');
  });
  return join(folder, 'istiod');
}

/** What the binary is made from: another hash is another binary. */
async function sourceHash() {
  const files = (await readdir(source)).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name)).sort();
  const hash = createHash('sha256').update(buildArgs.join(' '));
  for (const name of files) hash.update(`\0${name}\0`).update(await readFile(join(source, name)));
  return hash.digest('hex').slice(0, 12);
}

/** The version of the machine's Go, such as `1.26.8`. */
async function goVersion() {
  const needed = `building Istio's discovery server needs Go ${neededGo.join('.')} or newer`;
  // Outside of the module: an old Go cannot read its go.mod.
  const said = await runTool('go', ['version'], { cwd: tmpdir(), env }).catch(
    (/** @type {unknown} */ error) => {
      if (error instanceof NotAvailable) throw new NotAvailable(`${needed}; ${error.message}`);
      throw error;
    },
  );
  const [, version = '', major, minor] = /\bgo((\d+)\.(\d+)\S*)/.exec(said) ?? [];
  const [wantedMajor = 0, wantedMinor = 0] = neededGo;
  const enough =
    Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  if (!enough) throw new NotAvailable(`${needed}; this machine has ${said.trim()}`);
  return version;
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
