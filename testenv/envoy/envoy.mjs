/** A real Envoy on free loopback ports. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../process.mjs';
import { envoyBinary } from './install.mjs';

/** @typedef {import('../../src/bootstrap/bootstrap.js').BootstrapOptions} BootstrapOptions */

/** A running Envoy with its admin interface. */
export class Envoy {
  /** @type {Server} */
  #server;
  /** @type {string} */
  #folder;
  /** Base URL of the admin interface. @type {string} */
  admin;

  /** @param {Server} server @param {string} folder @param {string} admin */
  constructor(server, folder, admin) {
    this.#server = server;
    this.#folder = folder;
    this.admin = admin;
  }

  /**
   * Starts an Envoy and waits for its admin interface.
   * @param {Readonly<Record<string, unknown>>} bootstrap with port 0 for the admin address and any listener
   * @param {readonly string[]} [args] further ones of its command line
   */
  static async start(bootstrap, args = []) {
    const binary = await envoyBinary();
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-envoy-'));
    const config = join(folder, 'bootstrap.json');
    const addressFile = join(folder, 'admin');
    await writeFile(config, JSON.stringify(bootstrap));
    // Its outputs are pipes: Node gives it sockets, which cannot be opened as /dev/stdout and /dev/stderr.
    const piped = ['-c', 'exec "$0" "$@" > >(exec cat) 2> >(exec cat >&2)'];
    const server = new Server('envoy', 'bash', [
      ...piped,
      binary,
      '-c',
      config,
      '--admin-address-path',
      addressFile,
      '--concurrency',
      '1',
      '--disable-hot-restart',
      ...args,
    ]);
    const address = await server.until(
      'its admin address',
      async () => (await readFile(addressFile, 'utf8')).trim() || undefined,
    );
    return new Envoy(server, folder, `http://${address}`);
  }

  get output() {
    return this.#server.output;
  }

  get pid() {
    return this.#server.pid;
  }

  /** Asks the admin interface. @param {string} path @returns {Promise<string>} */
  async ask(path) {
    const response = await fetch(`${this.admin}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.text();
  }

  /** @param {string} path @returns {Promise<any>} */
  async json(path) {
    return JSON.parse(await this.ask(path));
  }

  /** The real address of a listener, as `host:port`. @param {string} name */
  listener(name) {
    return this.#server.until(`listener ${name}`, async () => {
      const { listener_statuses: listeners = [] } = await this.json('/listeners?format=json');
      const found = listeners.find((/** @type {any} */ listener) => listener.name === name)?.local_address
        ?.socket_address;
      return found && `${found.address}:${found.port_value}`;
    });
  }

  /** One value of /stats. @param {string} name @returns {Promise<number>} */
  async stat(name) {
    const { stats } = await this.json(
      `/stats?format=json&filter=${encodeURIComponent(`^${name.replaceAll('.', '\\.')}$`)}`,
    );
    return stats.find((/** @type {any} */ stat) => stat.name === name)?.value ?? 0;
  }

  async stop() {
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
