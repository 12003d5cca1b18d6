/**
 * A gRPC client without a proxy, as a process of its own. The program is the same in each language: it reads one
 * target on each line of its stdin, opens a channel for it, calls `/testenv.Backend/Name` on it again and again,
 * every 5 ms after the answer before, and prints each outcome as a line of JSON,
 *
 *     {"target": "xds:///web.shop.svc.cluster.local:80", "from": "web-1"}
 *     {"target": "xds:///web.shop.svc.cluster.local:80", "error": "UNAVAILABLE: no healthy upstream"}
 *
 * until its stdin ends. An RPC does not wait for ready and has 10 s. Request and answer are plain bytes, no protobuf.
 */
import { Server } from '../process.mjs';
import { clients } from './install.mjs';

/** @typedef {keyof typeof clients} ClientName */

/** One outcome of an RPC. @typedef {{ target: string, from?: string, error?: string }} Outcome */

/** A running client. */
export class GrpcClient {
  /** @type {Server} */
  #server;
  /** @type {Map<string, Traffic>} */
  #traffic;

  /** @param {Server} server @param {Map<string, Traffic>} traffic by target */
  constructor(server, traffic) {
    this.#server = server;
    this.#traffic = traffic;
  }

  /**
   * Starts a client.
   * @param {ClientName} name
   * @param {string} bootstrap the file that the client reads, as `pilotlight bootstrap --grpc` writes it
   */
  static async start(name, bootstrap) {
    const { command, args, env } = await clients[name]();
    /** @type {Map<string, Traffic>} */
    const traffic = new Map();
    const started = new Server(`gRPC client ${name}`, command, args, {
      env: { ...env, GRPC_XDS_BOOTSTRAP: bootstrap },
      onLine: (line) => {
        /** @type {Outcome} */
        const outcome = JSON.parse(line);
        traffic.get(outcome.target)?.add(outcome);
      },
    });
    return new GrpcClient(started, traffic);
  }

  /** Opens a channel to `host:port` through xDS; what it answers is counted from now on. @param {string} authority */
  open(authority) {
    const target = `xds:///${authority}`;
    const traffic = new Traffic(this.#server);
    this.#traffic.set(target, traffic);
    this.#server.write(`${target}\n`);
    return traffic;
  }

  async stop() {
    await this.#server.stop();
  }
}

/** What the RPCs on one channel came to. */
export class Traffic {
  /** @type {Server} */
  #server;
  /** Backends and how often each answered. @type {Map<string, number>} */
  answers = new Map();
  /** @type {string[]} */
  failures = [];

  /** @param {Server} server */
  constructor(server) {
    this.#server = server;
  }

  /** @param {Outcome} outcome */
  add({ from, error }) {
    if (from === undefined) this.failures.push(error ?? 'an outcome without an answer');
    else this.answers.set(from, this.from(from) + 1);
  }

  /** How often a backend answered. @param {string} name */
  from(name) {
    return this.answers.get(name) ?? 0;
  }

  /** Forgets what was counted. */
  reset() {
    this.answers = new Map();
    this.failures = [];
  }

  /**
   * Waits until `check` holds; fails with what was counted and what the client says.
   * @param {string} what @param {() => boolean} check
   */
  async until(what, check) {
    await this.#server
      .until(what, () => check() || undefined)
      .catch((/** @type {unknown} */ error) => {
        const counted = `${JSON.stringify([...this.answers])}, last failures ${this.failures.slice(-3).join('; ')}`;
        throw new Error(`${error instanceof Error ? error.message : String(error)}\ncounted: ${counted}`);
      });
  }

  /**
   * Waits until only these backends answer, each of them at least `count` times in a row of answers that is theirs
   * alone.
   * @param {readonly string[]} names @param {number} [count]
   */
  async onlyFrom(names, count = 20) {
    const wanted = [...names].sort().join();
    await this.until(`answers from ${wanted} and nobody else`, () => {
      const seen = [...this.answers.keys()].sort().join();
      // Whoever else answered was still in use: what counts begins after it.
      if ([...this.answers.keys()].some((name) => !names.includes(name))) this.answers = new Map();
      return seen === wanted && names.every((name) => this.from(name) >= count);
    });
  }
}
