/** Istio's own discovery server on mesh directories, as a process, for tests and for `npm run istiod`. */
import { Server } from '../process.mjs';
import { runTool } from '../run-tool.mjs';
import { istiodBinary } from './install.mjs';

/**
 * Istio's switches for an Envoy that is not Istio's build: without the filters that only that build has. The rest of
 * what such an Envoy is served is in the mesh configuration (`enableAutoMtls: false`) and in the metadata of its node
 * (`INTERCEPTION_MODE: NONE`).
 */
export const plainSwitches = {
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
};

/** A running Istio discovery server. */
export class Istiod {
  /** @type {Server} */
  #server;
  /** `host:port` of plaintext ADS. @type {string} */
  xds;

  /** @param {Server} server @param {string} xds */
  constructor(server, xds) {
    this.#server = server;
    this.xds = xds;
  }

  /**
   * Starts a server on a mesh directory and waits until it serves all of it. Later changes of the directory are not
   * seen.
   * @param {string} directory
   * @param {{ plain?: boolean, address?: string }} [options] plain: as for an Envoy that is not Istio's build;
   *   address: `host:port` of ADS, a free one without it
   */
  static async start(directory, { plain = false, address = '127.0.0.1:0' } = {}) {
    const args = serveArguments(directory, { address, plain });
    const server = new Server('istiod', await istiodBinary(), args, { env: plain ? plainSwitches : {} });
    const xds = await server.until('being ready', () => readyAddress(server.output));
    return new Istiod(server, xds);
  }

  get output() {
    return this.#server.output;
  }

  async stop() {
    await this.#server.stop();
  }
}

/**
 * The arguments that serve a directory.
 * @param {string} directory @param {{ address: string, plain: boolean }} options
 */
export function serveArguments(directory, { address, plain }) {
  return ['serve', '-address', address, ...(plain ? ['-no-auto-mtls'] : []), directory];
}

/** The address in the output of a server once it is ready. @param {string} output */
export function readyAddress(output) {
  return /^ready (\S+)$/m.exec(output)?.[1];
}

/**
 * Writes `expected/<proxy>.json` into mesh directories: what Istio serves each proxy of their proxies.yaml.
 * @param {readonly string[]} directories
 * @param {{ plain?: boolean }} [options]
 * @throws {Error} when fresh servers do not agree, or a document is left out
 */
export async function record(directories, { plain = false } = {}) {
  await runTool(await istiodBinary(), ['record', ...directories], { env: plain ? plainSwitches : {} });
}

/**
 * Asks any plaintext ADS server as each proxy of a directory's proxies.yaml, with the client that records, and writes
 * `<proxy>.json` into a folder.
 * @param {string} xds `host:port`
 * @param {string} directory
 * @param {string} out
 * @param {readonly string[]} types such as cds, eds
 */
export async function askAsEachProxy(xds, directory, out, types) {
  const args = ['client', '-address', xds, '-types', types.join(','), '-out', out, directory];
  await runTool(await istiodBinary(), args);
}
