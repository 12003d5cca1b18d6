/** HTTP/1.1, for servers and proxies that know nothing newer: a connection for each request. */
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer, Call, Connection } from './connection.js';

export class Http1Connection implements Connection {
  readonly exclusive = true;
  readonly #socket: Socket;
  readonly #host: string;
  #claimed = false;

  constructor(socket: Socket, server: URL) {
    this.#socket = socket;
    this.#host = server.host;
    // Requests report what goes wrong; before and after them nobody has to know.
    socket.on('error', () => undefined);
  }

  claim(): boolean {
    if (this.#claimed || this.#socket.destroyed) return false;
    this.#claimed = true;
    return true;
  }

  send({ method, path, headers, body }: Call, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        createConnection: () => this.#socket,
        method,
        path,
        headers: { ...(headers as Record<string, string | string[]>), host: this.#host, connection: 'close' },
        signal,
      });
      sent.once('response', (response) => resolve(answer(response)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  retire(): void {
    if (!this.#claimed) this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function answer(response: IncomingMessage): Answer {
  return { status: response.statusCode ?? 0, headers: response.headers, body: response };
}
