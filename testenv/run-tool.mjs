/** Runs a tool of the machine to its end. */
import { spawn } from 'node:child_process';
import { NotAvailable } from './cache.mjs';

/**
 * Runs a command. Its output is shown only when it fails; `onStderr` gets what it says meanwhile.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Readonly<Record<string, string>>, onStderr?: (text: string) => void }} [options]
 * @returns {Promise<string>} what it printed on stdout
 * @throws {NotAvailable} when the machine has no such command
 * @throws {Error} when it ends with another code than 0, with the end of its output
 */
export function runTool(command, args, { cwd, env, onStderr } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      stdout += chunk.toString();
      all += chunk.toString();
    });
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      all += chunk.toString();
      onStderr?.(chunk.toString());
    });
    child.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      reject(error.code === 'ENOENT' ? new NotAvailable(`there is no ${command} on this machine`) : error);
    });
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${all.slice(-4000)}`));
    });
  });
}
