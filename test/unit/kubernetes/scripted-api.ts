/** An API server that answers what a test wants, over a real socket. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { ClusterAccess, Endpoint } from '../../../src/kubernetes/access.js';

/** A request, and the way to answer it. */
export interface Exchange {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const started = new Set<ScriptedApi>();

afterEach(async () => {
  for (const api of started) await api.stop();
  started.clear();
});

export class ScriptedApi {
  /** Every request so far, as method, path and query. */
  readonly requests: string[] = [];
  /** Answers; what it does not answer stays open. */
  answer: (exchange: Exchange) => void = () => undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const url = new URL(request.url ?? '', 'http://test');
      this.answer({ path: url.pathname, query: url.searchParams, request, response });
    });
  }

  static async start(): Promise<ScriptedApi> {
    const api = new ScriptedApi();
    await new Promise<void>((resolve) => {
      api.#server.listen(0, '127.0.0.1', resolve);
    });
    started.add(api);
    return api;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

/** Answers with JSON. */
export function sendJson({ response }: Exchange, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Answers with an error of the API. */
export function sendStatus(exchange: Exchange, code: number, reason: string, message = reason): void {
  sendJson(exchange, { kind: 'Status', code, reason, message }, code);
}

/** Begins or goes on with the answer to a watch. */
export function sendEvents({ response }: Exchange, ...events: readonly (readonly [string, unknown])[]): void {
  if (!response.headersSent) response.writeHead(200).flushHeaders();
  for (const [type, object] of events) response.write(`${JSON.stringify({ type, object })}\n`);
}

/** An object of a test, as the API gives it. */
export function raw(name: string, resourceVersion: string, more: Readonly<Record<string, unknown>> = {}) {
  return { metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion }, ...more };
}

/** Access without credentials. */
export class PlainAccess implements ClusterAccess {
  servers: readonly URL[];
  headers: Endpoint['headers'] = {};
  proxy: URL | undefined;
  refusals = 0;
  /** How often nobody could be reached. */
  misses = 0;

  constructor(...servers: readonly URL[]) {
    this.servers = servers;
  }

  endpoint(): Promise<Endpoint> {
    const { servers, headers, proxy } = this;
    const connection = { servers, insecure: false, ...(proxy === undefined ? {} : { proxy }) };
    return Promise.resolve({ connection, headers });
  }

  refused(): void {
    this.refusals += 1;
  }

  unreachable(): void {
    this.misses += 1;
  }
}
