/** What the end-to-end tests work with: real backends, a mesh directory on disk, Pilotlight as a process, load. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, request, Agent, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { Server } from '../../../testenv/process.mjs';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

let backendsMade = 0;

/**
 * An HTTP server that answers with its name and counts what it answered. Each has a loopback address of its own,
 * since Istio serves an address and port name that is named twice once.
 */
export class Backend {
  readonly name: string;
  readonly address = `127.0.2.${(backendsMade += 1)}`;
  readonly #server: HttpServer;
  hits = 0;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((_, response) => {
      this.hits += 1;
      response.end(name);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(name: string): Promise<Backend> {
    const backend = new Backend(name);
    await new Promise<void>((resolve) => backend.#server.listen(0, backend.address, resolve));
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** A mesh directory in a temporary folder. */
export class MeshFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<MeshFolder> {
    return new MeshFolder(await mkdtemp(join(tmpdir(), 'pilotlight-mesh-')));
  }

  /** Puts a file in place, whole or not at all. */
  async put(file: string, documents: readonly unknown[]): Promise<void> {
    await this.putText(file, documents.map((document) => stringify(document)).join('---\n'));
  }

  async putText(file: string, text: string): Promise<void> {
    const fresh = join(this.path, `.${file}.new`);
    await writeFile(fresh, text);
    await rename(fresh, join(this.path, file));
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** A Service of namespace `shop` with one EndpointSlice and Pod for each backend. */
export function service(
  name: string,
  backends: readonly { readonly backend: Backend; readonly version?: string }[],
): unknown[] {
  const labels = (version = 'v1'): Record<string, string> => ({ app: name, version });
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop' },
      spec: { clusterIP: '10.96.0.1', selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
    },
    ...backends.flatMap(({ backend, version }) => [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: backend.name, namespace: 'shop', labels: labels(version) },
        spec: { containers: [{ name: 'app' }] },
        status: {
          phase: 'Running',
          podIP: backend.address,
          podIPs: [{ ip: backend.address }],
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: backend.name, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: [backend.address],
            conditions: { ready: true },
            targetRef: { kind: 'Pod', name: backend.name, namespace: 'shop' },
          },
        ],
        ports: [{ name: 'http', port: backend.port, protocol: 'TCP' }],
      },
    ]),
  ];
}

/** Pilotlight as a process of its own, as a person would start it. */
export class Pilotlight {
  readonly server: Server;
  /** `host:port` of ADS. */
  readonly xds: string;
  /** `host:port` of HTTP. */
  readonly http: string;

  private constructor(server: Server, xds: string, http: string) {
    this.server = server;
    this.xds = xds;
    this.http = http;
  }

  /** Serves a folder; `xds` asks for the same address again. */
  static async start(folder: string, xds = '127.0.0.1:0'): Promise<Pilotlight> {
    const scratch = await mkdtemp(join(tmpdir(), 'pilotlight-ready-'));
    const readyFile = join(scratch, 'ready.json');
    const args = [
      main,
      'serve',
      folder,
      '--xds-address',
      xds,
      '--http-address',
      '127.0.0.1:0',
      '--ready-file',
      readyFile,
    ];
    const server = new Server('pilotlight', process.execPath, args, { cwd: scratch });
    const ready = await server.until(
      'being ready',
      async () => JSON.parse(await readFile(readyFile, 'utf8')) as { xds: string; http: string },
    );
    await rm(scratch, { recursive: true, force: true });
    return new Pilotlight(server, ready.xds, ready.http);
  }

  async page(path: string): Promise<string> {
    const response = await fetch(`http://${this.http}${path}`);
    return response.text();
  }
}

/** The command line in a process of its own. @returns what it printed on stdout. @throws Error that names the exit code. */
export function pilotlight(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`exit code ${error.code}\n${stdout}\n${stderr}`));
    });
  });
}

/** Asks once. @returns the body. @throws Error on any status but 200. */
export function ask(address: string, agent?: Agent): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path: '/', ...(agent && { agent }) }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(body) : reject(new Error(`${response.statusCode} ${body}`)),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Requests without a pause, some at a time, until it is stopped; every failure is kept. */
export class Load {
  readonly failures: string[] = [];
  readonly answers = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(address: string, concurrency = 4) {
    this.#workers = Array.from({ length: concurrency }, () => this.#work(address));
  }

  /** How often a backend answered. */
  hits(name: string): number {
    return this.answers.get(name) ?? 0;
  }

  /** Stops, and fails when any request did. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
    if (this.failures.length > 0)
      throw new Error(`${this.failures.length} requests failed: ${this.failures.slice(0, 5).join('; ')}`);
  }

  async #work(address: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const name = await ask(address, this.#agent);
        this.answers.set(name, this.hits(name) + 1);
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
