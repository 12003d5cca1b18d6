/** The servers that can be measured: each starts on the synthetic mesh and has a control port. */
import { fileURLToPath } from 'node:url';
import { Server } from '../../testenv/process.mjs';
import { istiodLoadBinary } from '../../testenv/istiod/install.mjs';
import { processCpuSeconds } from './process-usage.mjs';

/** @typedef {{ services: number, endpoints: number }} MeshSize */

/**
 * How a server is started.
 * @typedef {object} ServerKind
 * @property {string} name
 * @property {string} description
 * @property {(size: MeshSize) => Promise<MeasuredServer>} start
 */

/** @param {string} pilotOptions JSON of further options of startPilot @returns {ServerKind} */
export function pilotlight(pilotOptions = '{}') {
  const options = pilotOptions === '{}' ? 'defaults' : pilotOptions;
  return {
    name: 'pilotlight',
    description: `Pilotlight, embedded, ${options}`,
    start: (size) => startPilotlight(size, ['--options', pilotOptions]),
  };
}

/** Pilotlight that pushes a changed service at once, as what stands beside `istiod-quick`. @returns {ServerKind} */
export function quickPilotlight() {
  return { ...pilotlight('{"debounceAfter":0}'), name: 'pilotlight-quick' };
}

/** Istio with nothing set. @returns {ServerKind} */
export function istiod() {
  return {
    name: 'istiod',
    description: "Istio's discovery server, its defaults: debounce 100 ms, its admission limit",
    start: (size) => startIstiod(size, '100ms', {}),
  };
}

/** Istio without what holds it back. @returns {ServerKind} */
export function quickIstiod() {
  return {
    name: 'istiod-quick',
    description: "Istio's discovery server, PILOT_DEBOUNCE_AFTER=0, PILOT_MAX_REQUESTS_PER_SECOND=1000000",
    start: (size) => startIstiod(size, '0', { PILOT_MAX_REQUESTS_PER_SECOND: '1000000' }),
  };
}

/**
 * A server that runs already, on the same mesh.
 * @param {string} spec `NAME=HOST:PORT[,control=HOST:PORT][,pid=PID]`
 * @returns {ServerKind | undefined} undefined when it is not of that form
 */
export function runningServer(spec) {
  const found = /^([^=]+)=([^,]+:\d+)(?:,control=([^,]+:\d+))?(?:,pid=(\d+))?$/.exec(spec);
  if (found === null) return undefined;
  const [, name = '', xds = '', control, pid] = found;
  const running = new MeasuredServer(xds, control, pid === undefined ? undefined : Number(pid));
  return { name, description: `the server at ${xds}`, start: () => Promise.resolve(running) };
}

/** A server that is being measured. */
export class MeasuredServer {
  /** @type {Server | undefined} */
  #process;

  /**
   * @param {string} xds `host:port`
   * @param {string | undefined} control `host:port`; absent: it cannot be changed
   * @param {number | undefined} pid absent: what it uses is not known
   * @param {Server} [server] its process, when it was started for the measurement
   */
  constructor(xds, control, pid, server) {
    this.xds = xds;
    this.control = control;
    this.pid = pid;
    this.#process = server;
  }

  /** Resolves with a reason when the process ends; never for a server that ran before. @returns {Promise<string>} */
  get ended() {
    if (this.#process === undefined) return new Promise(() => undefined);
    const { exited } = this.#process;
    return exited.then((code) => {
      const why = this.output.split('\n').find((line) => /^panic|fatal|Error/i.test(line)) ?? '';
      return `the server ended with ${code ?? 'a signal'} ${why.trim().slice(0, 200)}`.trim();
    });
  }

  /** What it printed so far. */
  get output() {
    return this.#process?.output ?? '';
  }

  /** The URL of something on the control port. @param {string} path with its query */
  controlUrl(path) {
    return `http://${this.control}${path}`;
  }

  /** Seconds of CPU spent so far; undefined when that is not known. */
  async cpuSeconds() {
    if (this.control !== undefined) return (await this.ask('GET', '/usage')).cpuSeconds;
    return this.pid === undefined ? undefined : processCpuSeconds(this.pid);
  }

  /**
   * @param {'GET' | 'POST'} method @param {string} path with its query
   * @returns {Promise<{ cpuSeconds: number, heapBytes: number, changes: number }>} those fields that it has
   */
  async ask(method, path) {
    return JSON.parse(await this.askText(method, path));
  }

  /** @param {'GET' | 'POST'} method @param {string} path with its query */
  async askText(method, path) {
    const response = await fetch(this.controlUrl(path), { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text.trim()}`);
    return text;
  }

  async stop() {
    await this.#process?.stop();
  }
}

/**
 * @param {MeshSize} size @param {readonly string[]} args
 * @param {{ nodeArgs?: readonly string[] }} [options]
 */
export async function startPilotlight(size, args, { nodeArgs = [] } = {}) {
  const main = fileURLToPath(new URL('./pilotlight-server.mjs', import.meta.url));
  const mesh = ['--services', String(size.services), '--endpoints', String(size.endpoints)];
  return ready(new Server('pilotlight', process.execPath, [...nodeArgs, main, ...mesh, ...args]));
}

/** @param {MeshSize} size @param {string} debounce @param {Readonly<Record<string, string>>} env */
async function startIstiod(size, debounce, env) {
  const mesh = ['-services', String(size.services), '-endpoints', String(size.endpoints)];
  const args = ['-debounce', debounce, ...mesh];
  return ready(new Server('istiod', await istiodLoadBinary(), args, { env }));
}

/** @param {Server} server */
async function ready(server) {
  const [, xds = '', control] = await server.until('being ready', () => {
    return /^ready (\S+) (\S+)$/m.exec(server.output) ?? undefined;
  });
  return new MeasuredServer(xds, control, server.pid, server);
}
