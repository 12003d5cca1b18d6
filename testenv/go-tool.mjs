/** Go programs that are published as modules and pinned by a go.mod of their own: built once into the cache. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installed } from './cache.mjs';
import { goEnv, goSourceHash, goVersion } from './go.mjs';
import { runTool } from './run-tool.mjs';

const progressEveryMs = 15_000;

/**
 * @typedef {object} GoTool
 * @property {string} name of the binary, and of its folder in the cache
 * @property {string} source the folder of its go.mod and go.sum
 * @property {string} module whose version is the program's
 * @property {string} main the package that is built
 * @property {(version: string) => readonly string[]} buildArgs for a version such as `v1.2.3`
 * @property {string} duration how long a build takes, for a person
 */

/**
 * The path of a program's binary; the first call builds it, which is told on stderr as it goes.
 * @param {GoTool} tool
 * @throws {import('./cache.mjs').NotAvailable} when there is no Go, or an older one than the module needs
 */
export async function goTool({ name, source, module, main, buildArgs, duration }) {
  const version = await moduleVersion(source, module);
  const args = ['-buildvcs=false', '-mod=readonly', ...buildArgs(version)];
  const key = `${name}-${version.replace(/^v/, '')}-${await goSourceHash([source], args)}`;
  const folder = await installed(key, async (target) => {
    const go = await goVersion(source, name);
    const say = (/** @type {string} */ text) => process.stderr.write(`${name}: ${text}\n`);
    say(`building ${module} ${version} with Go ${go}, once: ${duration}`);
    const started = Date.now();
    let lines = 0;
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - started) / 1000);
      say(`${lines} modules and packages downloaded or compiled, after ${seconds} s`);
    }, progressEveryMs);
    try {
      await runTool('go', ['build', '-v', ...args, '-o', join(target, name), main], {
        cwd: source,
        env: { ...goEnv, CGO_ENABLED: '0' },
        onStderr: (text) => {
          lines += text.split('\n').length - 1;
        },
      });
    } finally {
      clearInterval(timer);
    }
    say('built');
  });
  return join(folder, name);
}

/** The version that a go.mod pins. @param {string} source @param {string} module */
export async function moduleVersion(source, module) {
  const goMod = await readFile(join(source, 'go.mod'), 'utf8');
  const line = goMod
    .split('\n')
    .find((text) => text.trim().split(/\s+/).includes(module) && / v\d/.test(text));
  const version = /\sv\S+/.exec(line ?? '')?.[0].trim();
  if (version === undefined) throw new Error(`${source}/go.mod does not name ${module}`);
  return version;
}
