/** What the end-to-end tests work with: real backends, bootstraps, and load. */
import { createServer, request, Agent, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, type ApiType } from '../../../src/bootstrap/bootstrap.js';
import { parseAddress } from '../../../src/settings/setting.js';

/** Both ways in which Envoy speaks ADS. */
export const apiTypes: readonly ApiType[] = ['GRPC', 'DELTA_GRPC'];

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

/**
 * The bootstrap of an Envoy without Istio's build, in namespace `shop`, with an HTTP listener of each name on a free
 * port, which sends everything to its cluster.
 */
export function clientBootstrap(
  xds: string,
  apiType: ApiType,
  listeners: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const anyPort = { host: '127.0.0.1', port: 0 };
  const options = {
    nodeId: 'sidecar~127.0.0.1~client.shop~shop.svc.cluster.local',
    nodeCluster: 'client.shop',
    metadata: {
      NAMESPACE: 'shop',
      CLUSTER_ID: 'Kubernetes',
      INTERCEPTION_MODE: 'NONE',
      LABELS: { app: 'client' },
    },
    server: parseAddress(xds),
    apiType,
    admin: anyPort,
    listeners: Object.values(listeners).map(
      (cluster) => ({ protocol: 'http', address: anyPort, cluster }) as const,
    ),
  };
  const made = bootstrap(options) as { static_resources: { listeners: Record<string, unknown>[] } };
  // Listeners are named by their addresses, which are all the same before Envoy has bound them.
  const names = Object.keys(listeners);
  const named = made.static_resources.listeners.map((listener, at) => ({ ...listener, name: names[at] }));
  return { ...made, static_resources: { ...made.static_resources, listeners: named } };
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

/** Requests one after the other, in some rows at a time, until it is stopped; every failure is kept. */
export class Load {
  readonly failures: string[] = [];
  readonly answers = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #workers: Promise<void>[];
  readonly #pauseMs: number;
  #stopped = false;

  constructor(address: string, { concurrency = 4, pauseMs = 0 } = {}) {
    this.#pauseMs = pauseMs;
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
      if (this.#pauseMs > 0) await pause(this.#pauseMs);
    }
  }
}
