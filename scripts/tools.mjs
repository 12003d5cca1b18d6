/** The development tools: where they are, their versions, and how they are run. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * The folder of an installed package, wherever npm put it.
 * @param {string} name
 */
export function packageFolder(name) {
  const folders = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name));
  const found = folders.find((folder) => existsSync(join(folder, 'package.json')));
  if (found === undefined)
    throw new Error(`${name} is not installed; run npm ci, with development dependencies`);
  return found;
}

/**
 * Versions of installed packages, by name.
 * @param {readonly string[]} names
 * @returns {Record<string, string>}
 */
export function packageVersions(names) {
  return Object.fromEntries(names.map((name) => [name, String(manifest(name).version)]));
}

/**
 * The file that a package's command runs.
 * @param {string} name
 * @param {string} command
 */
export function commandOf(name, command) {
  const { bin } = manifest(name);
  const path = typeof bin === 'string' ? bin : bin?.[command];
  if (path === undefined) throw new Error(`${name} has no command ${command}`);
  return join(packageFolder(name), path);
}

/**
 * Runs a command that is a script of Node's; what it prints is shown only if it fails.
 * @param {string} what for the error's message
 * @param {string} script
 * @param {readonly string[]} args
 * @param {{cwd: string, env?: Readonly<Record<string, string>>}} options
 * @returns {Promise<void>}
 */
export function runScript(what, script, args, { cwd, env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (printed += text));
    }
    child.on('error', (error) => reject(new Error(`${what} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${what} failed (${signal ?? `exit code ${code}`}):\n${printed.trimEnd()}`));
    });
  });
}

/** @param {string} name */
function manifest(name) {
  return JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8'));
}
