/** The mesh of examples/tour, its workloads, and its Envoys, as `npm run tour` starts them, on addresses of their own. */
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorkloads } from '../../../examples/tour/workloads.mjs';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { MeshFolder } from '../mesh-folder.js';
import { Pilotlight, pilotlight } from '../pilotlight.js';

const example = fileURLToPath(new URL('../../../examples/tour/', import.meta.url));
const exampleNetwork = '127.0.7.';

/** What came back for a request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks once. @throws Error when there is no answer. */
export function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
      response.on('error', reject);
    });
    asked.setTimeout(30_000, () => asked.destroy(new Error(`${url} did not answer`)));
    asked.on('error', reject);
    asked.end();
  });
}

/** Says a line over TCP. @returns what came back until then: the greeting, and the line. */
export function say(host: string, port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, host, () => socket.write(`${line}\n`));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      heard += text;
      if (heard.endsWith(`${line}\n`)) socket.end();
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}

/** All of it, running. */
export class Tour {
  readonly mesh: MeshFolder;
  readonly pilot: Pilotlight;
  /** Where the CA, and the certificates that it issued, are. */
  readonly ca: string;
  readonly envoys = new Map<string, Envoy>();
  readonly #network: string;
  readonly #workloads: Awaited<ReturnType<typeof startWorkloads>>;
  readonly #apiType: string;

  private constructor(
    parts: Pick<Tour, 'mesh' | 'pilot' | 'ca'>,
    network: string,
    workloads: Awaited<ReturnType<typeof startWorkloads>>,
    apiType: string,
  ) {
    ({ mesh: this.mesh, pilot: this.pilot, ca: this.ca } = parts);
    this.#network = network;
    this.#workloads = workloads;
    this.#apiType = apiType;
  }

  /** Starts the workloads, a CA and Pilotlight, and no Envoy yet. */
  static async start(apiType: string): Promise<Tour> {
    // Nobody else's tour is in the way, nor that of another run.
    const network = `127.${randomInt(16, 255)}.${randomInt(1, 255)}`;
    const workloads = await startWorkloads(network);
    const mesh = await MeshFolder.create();
    for (const file of (await readdir(example)).filter((name) => name.endsWith('.yaml'))) {
      const text = await readFile(join(example, file), 'utf8');
      await mesh.putText(file, text.replaceAll(exampleNetwork, `${network}.`));
    }
    const ca = join(await mkdtemp(join(tmpdir(), 'pilotlight-tour-')), 'ca');
    await pilotlight('ca', 'init', '-d', ca);
    const pilot = await Pilotlight.start(mesh.path, { flags: ['--debounce-after', '10ms'] });
    return new Tour({ mesh, pilot, ca }, network, workloads, apiType);
  }

  /** An address of the tour. */
  address(host: number): string {
    return `${this.#network}.${host}`;
  }

  /** The Envoy of a proxy that was started. */
  envoy(proxy: string): Envoy {
    const found = this.envoys.get(proxy);
    if (found === undefined) throw new Error(`there is no Envoy of ${proxy}`);
    return found;
  }

  /** How many requests a workload has had, by `service-version`. */
  requests(workload: string): number {
    return this.#workloads.requests.get(workload) ?? 0;
  }

  /** Issues a certificate for a service account of the shop. @returns its folder */
  async issue(account: string, ...flags: readonly string[]): Promise<string> {
    await pilotlight(
      'ca',
      'issue',
      '-d',
      this.ca,
      '--namespace',
      'shop',
      '--service-account',
      account,
      ...flags,
    );
    return join(this.ca, 'shop', account);
  }

  /** Starts the Envoy of a proxy, with the bootstrap that `pilotlight bootstrap` writes, and waits until it is ready. */
  async startEnvoy(proxy: string, certificates: string): Promise<Envoy> {
    const flags = ['--server', this.pilot.xds, '--api-type', this.#apiType, '--admin', '127.0.0.1:0'];
    const bootstrap = await pilotlight(
      'bootstrap',
      ...[this.mesh.path, '--proxy', proxy, '--certificates', certificates, '-o', 'json', ...flags],
    );
    const envoy = await Envoy.start(JSON.parse(bootstrap) as Readonly<Record<string, unknown>>);
    this.envoys.set(proxy, envoy);
    await eventually(`${proxy} to be ready`, async () => (await envoy.ask('/ready')).trim() === 'LIVE');
    return envoy;
  }

  /** Puts objects of the namespace `shop` in a file of the mesh directory, in the place of what is in it. */
  put(
    file: string,
    ...objects: readonly (readonly [kind: string, name: string, spec: object])[]
  ): Promise<void> {
    return this.mesh.put(
      file,
      objects.map(([kind, name, spec]) => ({
        apiVersion: kind === 'PeerAuthentication' ? 'security.istio.io/v1' : 'networking.istio.io/v1',
        kind,
        metadata: { name, namespace: 'shop' },
        spec,
      })),
    );
  }

  /** Asks the gateway. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return get(`http://${this.address(1)}:8000${path}`, headers);
  }

  /** Asks a host as the workload web-v1 does: through its sidecar. */
  fromWeb(host: string, path = '/', headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    return get(`http://${this.address(11)}:9080${path}`, { ...headers, host });
  }

  async stop(): Promise<void> {
    for (const envoy of this.envoys.values()) await envoy.stop();
    await this.pilot.server.stop();
    await this.#workloads.stop();
    await this.mesh.remove();
    await rm(join(this.ca, '..'), { recursive: true, force: true });
  }
}
