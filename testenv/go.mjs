/** The machine's Go, for what is built from modules that are pinned here. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotAvailable } from './cache.mjs';
import { runTool } from './run-tool.mjs';

/** Only the Go that is there and the module that is pinned: no toolchain is downloaded, no workspace counts. */
export const goEnv = { GOTOOLCHAIN: 'local', GOWORK: 'off' };

/**
 * The version of the machine's Go, such as `1.26.8`.
 * @param {string} source a folder whose go.mod names the oldest Go that will do
 * @param {string} what is to be built, for people
 * @throws {NotAvailable} when there is no Go, or an older one than the module needs
 */
export async function goVersion(source, what) {
  const goMod = await readFile(join(source, 'go.mod'), 'utf8');
  const [wantedMajor = 0, wantedMinor = 0] = /^go (\d+)\.(\d+)/m.exec(goMod)?.slice(1).map(Number) ?? [];
  const needed = `building ${what} needs Go ${wantedMajor}.${wantedMinor} or newer`;
  // Outside of the module: an old Go cannot read its go.mod.
  const said = await runTool('go', ['version'], { cwd: tmpdir(), env: goEnv }).catch(
    (/** @type {unknown} */ error) => {
      if (error instanceof NotAvailable) throw new NotAvailable(`${needed}; ${error.message}`);
      throw error;
    },
  );
  const [, version = '', major, minor] = /\bgo((\d+)\.(\d+)\S*)/.exec(said) ?? [];
  const enough =
    Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  if (!enough) throw new NotAvailable(`${needed}; this machine has ${said.trim()}`);
  return version;
}

/**
 * What a program is made from: another hash is another binary.
 * @param {readonly string[]} folders whose Go files, go.mod and go.sum count
 * @param {readonly string[]} args of the build
 */
export async function goSourceHash(folders, args) {
  const hash = createHash('sha256').update(args.join(' '));
  for (const folder of folders) {
    const files = (await readdir(folder)).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name)).sort();
    for (const name of files) hash.update(`\0${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 12);
}
