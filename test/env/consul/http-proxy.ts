/** What lies between the adapter and an agent: it notes what is asked, and can answer for single services itself. */
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export class HttpProxy {
  /** Requests that were no reads. */
  readonly writes: string[] = [];
  requests = 0;
  /** Services for which the agent is not asked: HTTP 500 is answered. */
  readonly broken = new Set<string>();
  /** Services for which the answer ends in its middle. */
  readonly cutOff = new Set<string>();
  readonly #target: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  #server: Server | undefined;
  #port = 0;

  private constructor(target: URL) {
    this.#target = target;
  }

  static async start(target: string): Promise<HttpProxy> {
    const proxy = new HttpProxy(new URL(target));
    await proxy.accept();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, again where it did before. */
  async accept(): Promise<void> {
    const server = createServer((from, to) => this.#forward(from, to));
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection and takes no new ones. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Ends what waits for an answer of this service, so that it is asked anew. */
  endWaiting(service: string): void {
    for (const end of this.#waiting.get(service) ?? []) end();
  }

  async stop(): Promise<void> {
    await this.refuse();
    this.#agent.destroy();
  }

  readonly #waiting = new Map<string, Set<() => void>>();

  #forward(from: IncomingMessage, to: ServerResponse): void {
    this.requests += 1;
    const url = new URL(from.url ?? '/', this.#target);
    if (from.method !== 'GET') this.writes.push(`${from.method} ${url.pathname}`);
    const service = /^\/v1\/health\/service\/(.+)$/.exec(url.pathname)?.[1];
    const name = service === undefined ? '' : decodeURIComponent(service);
    if (this.broken.has(name)) {
      to.writeHead(500).end('broken on purpose');
      return;
    }
    const { method, headers } = from;
    const asked = request(url, { method, headers, agent: this.#agent }, (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      if (this.cutOff.has(name)) {
        answer.once('data', (chunk: Buffer) => to.write(chunk.subarray(0, 1), () => to.destroy()));
        return;
      }
      answer.pipe(to);
    });
    const waiting = this.#waiting.get(name) ?? new Set();
    const end = (): void => void to.destroy();
    waiting.add(end);
    this.#waiting.set(name, waiting);
    to.on('close', () => {
      waiting.delete(end);
      asked.destroy();
    });
    asked.on('error', () => to.destroy());
    from.pipe(asked);
  }
}
