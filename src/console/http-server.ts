/** A small HTTP server over a table of pages: GET only, JSON or text, one line of reason for every refusal. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PilotError, errorMessage, systemErrorCode } from '../base/errors.js';
import type { Logger } from '../base/logger.js';

/** What a page answers. */
export interface PageAnswer {
  /** 200 when absent. */
  readonly status?: number;
  /** Text as it is, or a value that becomes JSON. */
  readonly body: { readonly text: string; readonly type?: string } | { readonly json: unknown };
}

/** A page: what is at a path, for the page that lists them, and its answer. */
export interface Page {
  readonly path: string;
  readonly help: string;
  answer(query: URLSearchParams): PageAnswer | Promise<PageAnswer>;
}

/** Serves pages. `?pretty` indents JSON. */
export class ConsoleServer {
  readonly #server: Server;
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #logger: Logger;

  constructor(pages: readonly Page[], logger: Logger) {
    this.#pages = new Map(pages.map((page) => [page.path, page]));
    this.#logger = logger;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  /** Listens; port 0 asks for a free one. @returns the port. @throws PilotError PORT_IN_USE or LISTEN_FAILED. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        reject(
          systemErrorCode(error) === 'EADDRINUSE'
            ? new PilotError('PORT_IN_USE', `${host}:${port} is in use`, { cause: error })
            : new PilotError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${error.message}`, {
                cause: error,
              }),
        );
      };
      this.#server.once('error', refuse);
      this.#server.listen(port, host, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', (error) =>
          this.#logger.error('the HTTP server failed', { error: error.message }),
        );
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends every connection and stops listening. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    try {
      const answer = await this.#answer(request.method ?? 'GET', url);
      send(response, answer, url.searchParams.has('pretty'));
    } catch (error) {
      this.#logger.error('a page could not be made', { path: url.pathname, error: errorMessage(error) });
      send(response, { status: 500, body: { text: `${errorMessage(error)}\n` } }, false);
    }
  }

  #answer(method: string, url: URL): PageAnswer | Promise<PageAnswer> {
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, body: { text: 'only GET is answered here\n' } };
    const page = this.#pages.get(url.pathname);
    if (page !== undefined) return page.answer(url.searchParams);
    const paths = [...this.#pages.values()].map(({ path, help }) => `${path}\n    ${help}`).join('\n');
    if (url.pathname === '/' || url.pathname === '/debug') return { body: { text: `${paths}\n` } };
    return { status: 404, body: { text: `there is nothing at ${url.pathname}; there is:\n${paths}\n` } };
  }
}

function send(response: ServerResponse, { status = 200, body }: PageAnswer, pretty: boolean): void {
  const isJson = 'json' in body;
  const text = isJson ? `${JSON.stringify(body.json, undefined, pretty ? 2 : undefined)}\n` : body.text;
  const type = isJson ? 'application/json' : (body.type ?? 'text/plain; charset=utf-8');
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
