/** xdsload as a process: simulated sidecars that time what they are sent. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../../testenv/process.mjs';
import { xdsloadBinary } from './install.mjs';

/**
 * Counts of one type, over all clients.
 * @typedef {{ Responses: number, Resources: number, Removed: number, Bytes: number, Nacks: number, Empty: number, Redundant: number }} TypeCount
 */

/** @typedef {{ n: number, p50: number, p90: number, p99: number, max: number }} Distribution milliseconds */

/**
 * What is written at the end; only what is read here.
 * @typedef {object} Summary
 * @property {number} clients
 * @property {number} configured
 * @property {number} connected_at_end
 * @property {number} init_ms
 * @property {Distribution} configured_ms
 * @property {number} rx_bytes_init
 * @property {Record<string, TypeCount>} types_init
 * @property {Record<string, TypeCount>} types
 * @property {Record<string, number>} incomplete
 * @property {Record<string, number>} stream_errors
 * @property {Record<string, string>} stream_error_samples
 * @property {Record<string, number>} anomalies
 * @property {Record<string, string[]>} anomaly_samples
 * @property {number} reconnects
 * @property {Record<string, number>} [states]
 * @property {{ cpu_s: number, max_rss_mb: number }} self
 */

/**
 * A change whose arrival is timed. `fire` is `METHOD URL` of the request that makes it.
 * @typedef {{ label: string, type: string, resource?: string, contains?: string, absent?: boolean, fire?: string }} Mark
 */

/** @typedef {{ clients: number, missing: number, missing_clients: number[], latency_ms: Distribution, slow_latency_ms?: Distribution }} Arrival */

/** A running load generator. */
export class LoadGenerator {
  /** @type {Server} */
  #process;
  /** @type {string} */
  #control;
  /** @type {string} */
  #folder;

  /** @param {Server} server @param {string} control @param {string} folder */
  constructor(server, control, folder) {
    this.#process = server;
    this.#control = control;
    this.#folder = folder;
  }

  /**
   * Starts clients, which connect at once and stay until `finish`.
   * @param {readonly string[]} args of xdsload, without those for control and output
   */
  static async start(args) {
    const binary = await xdsloadBinary();
    const folder = await mkdtemp(join(tmpdir(), 'xdsload-'));
    const control = `127.0.0.1:${await freePort()}`;
    const own = ['-ctl', control, '-out', join(folder, 'summary.json'), '-watch', '24h'];
    return new LoadGenerator(new Server('xdsload', binary, [...args, ...own]), control, folder);
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves with a reason when the process ends. @returns {Promise<string>} */
  get ended() {
    return this.#process.exited.then((code) => {
      const lastLine = this.#process.output.trim().split('\n').at(-1) ?? '';
      return `xdsload ended with ${code ?? 'a signal'}: ${lastLine.slice(0, 200)}`;
    });
  }

  /** How many are configured and when the last was, once all are or their time is up. */
  initial() {
    const found = /initial phase over: (\d+)\/\d+ configured in ([\d.]+) ms/.exec(this.#process.output);
    return found === null ? undefined : { configured: Number(found[1]), ms: Number(found[2]) };
  }

  /** Counts so far. @returns {Promise<{ configured: number, connected: number, types: Record<string, TypeCount> }>} */
  async stats() {
    return JSON.parse(await this.#ask('GET', '/stats', {}));
  }

  /** Begins to wait for a change, and makes it. @param {Mark} mark */
  async mark({ absent, ...mark }) {
    await this.#ask('POST', '/mark', { ...mark, ...(absent === true ? { absent: '1' } : {}) });
  }

  /**
   * When the change reached each client that was there; returns when it has reached all, or after `waitMs`.
   * @param {string} label @param {number} waitMs
   * @returns {Promise<Arrival>}
   */
  async arrival(label, waitMs) {
    return JSON.parse(await this.#ask('GET', '/mark', { label, wait: `${waitMs}ms` }));
  }

  /** @param {Mark} mark @param {number} waitMs */
  async change(mark, waitMs) {
    await this.mark(mark);
    return this.arrival(mark.label, waitMs);
  }

  /** Ends all clients. @returns {Promise<Summary>} */
  async finish() {
    await this.#ask('POST', '/quit', {});
    await this.#process.exited;
    try {
      return JSON.parse(await readFile(join(this.#folder, 'summary.json'), 'utf8'));
    } catch (error) {
      throw new Error(`xdsload left no summary:\n${this.#process.output.slice(-2000)}`, { cause: error });
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /** Ends the process at once, without a summary. */
  async kill() {
    await this.#process.stop('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** @param {'GET' | 'POST'} method @param {string} path @param {Readonly<Record<string, string>>} query */
  async #ask(method, path, query) {
    const url = `http://${this.#control}${path}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`xdsload ${path}: ${text.trim()}`);
    return text;
  }
}

/** A port that is free now. @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
