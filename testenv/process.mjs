/** Real servers as child processes: started, waited for, stopped, and their output kept for when something fails. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const endingSignals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** Generous: only a defect waits this long. */
export const limitMs = 60_000;

/** A child process under test. */
export class Server {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #output = '';
  /** @type {Promise<number | null>} */
  exited;

  /**
   * @param {string} name for error messages
   * @param {string} command
   * @param {readonly string[]} args
   * @param {{
   *   cwd?: string,
   *   env?: Readonly<Record<string, string | undefined>>,
   *   onLine?: (line: string) => void,
   * }} [options] onLine: gets each line of stdout, which is then no part of `output`; `write` can be used
   */
  constructor(name, command, args, { cwd, env, onLine } = {}) {
    this.name = name;
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [onLine === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of onLine === undefined ? [stdout, stderr] : [stderr]) {
      stream?.on('data', (/** @type {Buffer} */ chunk) => {
        this.#output = (this.#output + chunk.toString()).slice(-200_000);
      });
    }
    if (onLine !== undefined && stdout !== null) createInterface({ input: stdout }).on('line', onLine);
    // A process that ended reads no more; that it ended is told by `until`.
    stdin?.on('error', (error) => {
      this.#output += `\n${error.message}`;
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', resolve);
      this.#child.once('error', (error) => {
        this.#output += `\n${error.message}`;
        resolve(null);
      });
    });
  }

  /** What it printed so far. */
  get output() {
    return this.#output;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Writes to its stdin. @param {string} text */
  write(text) {
    this.#child.stdin?.write(text);
  }

  /**
   * Waits until `check` gives a value; fails with the server's output when it ends before or takes too long.
   * @template T
   * @param {string} what
   * @param {() => Promise<T | undefined> | T | undefined} check
   * @returns {Promise<T>}
   */
  async until(what, check) {
    let ended = false;
    void this.exited.then(() => {
      ended = true;
    });
    return eventually(`${this.name}: ${what}`, () => {
      if (ended) throw new Fatal(`${this.name} ended before ${what}:\n${this.#output}`);
      return check();
    }).catch((/** @type {unknown} */ error) => {
      if (error instanceof Fatal) throw error;
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.#output}`);
    });
  }

  /** @param {NodeJS.Signals} [signal] */
  async stop(signal = 'SIGTERM') {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }
}

/** Does not let a server outlive the process that started it. @param {Server} server */
export function endWithProcess(server) {
  const kill = () => {
    if (server.pid !== undefined) process.kill(server.pid, 'SIGKILL');
  };
  const killAndEnd = (/** @type {NodeJS.Signals} */ signal) => {
    kill();
    forget();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off('exit', kill);
    for (const signal of endingSignals) process.off(signal, killAndEnd);
  };
  process.once('exit', kill);
  for (const signal of endingSignals) process.once(signal, killAndEnd);
  void server.exited.then(forget);
}

class Fatal extends Error {}

/**
 * Asks again and again until there is a value. A failure counts as "not yet"; the last one is told at the end.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined> | T | undefined} check
 * @param {number} [limit] milliseconds
 * @returns {Promise<T>}
 */
export async function eventually(what, check, limit = limitMs) {
  const end = Date.now() + limit;
  /** @type {unknown} */
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      if (error instanceof Fatal) throw error;
      last = error;
    }
    if (Date.now() > end) {
      const reason = last instanceof Error ? `: ${last.message}` : '';
      throw new Error(`waited ${limit} ms in vain for ${what}${reason}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
