/** An inventory for tests and for trying the sample adapter: an HTTP server over a map, which can be broken on purpose. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestInstance } from 'pilotlight/conformance';

const states: Readonly<Record<NonNullable<TestInstance['health']>, string>> = {
  healthy: 'up',
  degraded: 'warning',
  draining: 'maintenance',
  unhealthy: 'down',
};

/** A running inventory. */
export class InventoryServer {
  /** Requests that were no reads. */
  readonly writes: string[] = [];
  requests = 0;
  /** The token that requests need; none when undefined. */
  token: string | undefined;
  readonly broken = new Set<string>();
  readonly #services = new Map<string, Map<string, TestInstance>>();
  #server: Server | undefined;
  #port = 0;
  /** Goes up with each change, and begins anew when it is reset. */
  #index = 1;
  #waiting: (() => void)[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  register(instances: readonly TestInstance[]): void {
    for (const instance of instances) {
      const service = this.#services.get(instance.service) ?? new Map<string, TestInstance>();
      service.set(instance.id, instance);
      this.#services.set(instance.service, service);
    }
    this.changed();
  }

  deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): void {
    for (const { service, id } of instances) {
      this.#services.get(service)?.delete(id);
      if (this.#services.get(service)?.size === 0) this.#services.delete(service);
    }
    this.changed();
  }

  resetIndex(): void {
    this.#index = 0;
    this.changed();
  }

  changed(): void {
    this.#index += 1;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    const url = new URL(request.url ?? '/', this.url);
    if (request.method !== 'GET') this.writes.push(`${request.method} ${url.pathname}`);
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(403).end('the token is not valid');
      return;
    }
    const tell = (): void => {
      const [, , name] = url.pathname.split('/');
      response.setHeader('x-index', this.#index);
      if (name !== undefined) this.#tellService(decodeURIComponent(name), response);
      else
        response.end(
          JSON.stringify({ services: [...this.#services.keys()].map((each) => this.#json(each)) }),
        );
    };
    const seen = Number(url.searchParams.get('index') ?? 0);
    // A server that counts anew does not know the index of before, and waits for it.
    if (seen === 0 || seen < this.#index) tell();
    else this.#wait(seen, Number(url.searchParams.get('wait') ?? 0), tell, response);
  }

  #wait(seen: number, wait: number, tell: () => void, response: ServerResponse): void {
    const done = (): void => {
      if (seen >= this.#index && response.writable && Date.now() < deadline) {
        this.#waiting.push(done);
        return;
      }
      clearTimeout(timer);
      tell();
    };
    const deadline = Date.now() + wait;
    const timer = setTimeout(() => {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== done);
      tell();
    }, wait);
    response.on('close', () => clearTimeout(timer));
    this.#waiting.push(done);
  }

  #tellService(name: string, response: ServerResponse): void {
    if (this.broken.has(name)) response.writeHead(500).end('broken on purpose');
    else response.end(JSON.stringify(this.#json(name)));
  }

  #json(name: string): unknown {
    if (this.broken.has(name)) return { name, error: 'broken on purpose' };
    const instances = [...(this.#services.get(name)?.values() ?? [])].map(
      ({ id, address, port, health = 'healthy', weight, metadata }) => ({
        id,
        address,
        port,
        state: states[health],
        weight,
        metadata,
      }),
    );
    return { name, instances };
  }
}
