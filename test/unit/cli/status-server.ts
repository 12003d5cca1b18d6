/** A server that answers what `pilotlight status` asks, from streams that a test sets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readStreamQuery, synczJson } from '../../../src/console/xds-json.js';
import type { ConnectedStream } from '../../../src/xds/status.js';
import { now } from '../console/streams.js';

export class StatusServer {
  streams: readonly ConnectedStream[] = [];
  startedAt = '2026-03-01T11:00:00.000Z';
  /** Text in the place of the status of proxies. */
  instead: { readonly status: number; readonly text: string } | undefined;
  /** How often the status was asked for. */
  asked = 0;
  #server: Server | undefined;
  #port = 0;
  readonly #waiting = new Set<() => void>();

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Listens; again at the same port when it did before. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname === '/version') {
        response.end(JSON.stringify({ version: '0.1.0', startedAt: this.startedAt }));
        return;
      }
      this.asked += 1;
      const page = synczJson(this.streams, readStreamQuery(url.searchParams), now);
      response.statusCode = this.instead?.status ?? 200;
      response.end(this.instead?.text ?? JSON.stringify(page));
      for (const wake of this.#waiting) wake();
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Resolves once the status was asked for so many more times. */
  async rounds(count: number): Promise<void> {
    const until = this.asked + count;
    while (this.asked < until) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
