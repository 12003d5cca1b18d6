/** A small HTTP server over a table of pages: GET unless a page says otherwise, JSON or text, one line of reason for every refusal. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { errorMessage } from '../base/errors.js';
import { listenError } from '../base/listen-error.js';
import type { Logger } from '../base/logger.js';
import { debugRefusal, type DebugAccess } from './access.js';
import { jsonPieces } from './json-body.js';

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
  /** Whoever reaches the port may see it. Without it this is a debug page, for those who may see these. */
  readonly access?: 'everyone';
  /** The methods that it answers; GET and HEAD when absent. */
  readonly methods?: readonly string[];
  /** What a request's body may measure; a page that does not say so gets none. */
  readonly maxBodyBytes?: number;
  answer(query: URLSearchParams, request: PageRequest): PageAnswer | Promise<PageAnswer>;
}

/** What a page may need of the request beside its query. */
export interface PageRequest {
  readonly method: string;
  readonly body: Buffer;
}

const readingMethods: readonly string[] = ['GET', 'HEAD'];

/** A connection on which nothing moves for so many milliseconds ends, also in the middle of an answer. */
const idleTimeout = 60_000;

/** Serves pages. `?pretty` indents JSON. What must not be shown is taken out of every JSON page (redact.ts). */
export class ConsoleServer {
  readonly #server: Server;
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #logger: Logger;
  readonly #debugAccess: DebugAccess;

  constructor(pages: readonly Page[], logger: Logger, debugAccess: DebugAccess = 'loopback') {
    this.#pages = new Map(pages.map((page) => [page.path, page]));
    this.#logger = logger;
    this.#debugAccess = debugAccess;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
    this.#server.timeout = idleTimeout;
  }

  /** Listens; port 0 asks for a free one. @returns the port. @throws PilotError PORT_IN_USE or LISTEN_FAILED. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => reject(listenError(host, port, error));
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
    const url = urlOf(request);
    try {
      if (url === undefined)
        await send(response, { status: 400, body: { text: 'the path cannot be read\n' } }, false);
      else await send(response, await this.#answer(request, url), url.searchParams.has('pretty'));
    } catch (error) {
      this.#logger.error('a page could not be made', { path: url?.pathname, error: errorMessage(error) });
      if (response.headersSent) response.destroy();
      else await send(response, { status: 500, body: { text: `${errorMessage(error)}\n` } }, false);
    }
  }

  async #answer(request: IncomingMessage, url: URL): Promise<PageAnswer> {
    const page = this.#pages.get(url.pathname);
    const refusal = debugRefusal(this.#debugAccess, request);
    if (refusal !== undefined && isDebug(page, url)) return { status: 403, body: { text: `${refusal}\n` } };
    const method = request.method ?? 'GET';
    const methods = page?.methods ?? readingMethods;
    if (!methods.includes(method)) {
      const answered = methods === readingMethods ? 'GET' : methods.join(' and ');
      return { status: 405, body: { text: `only ${answered} is answered here\n` } };
    }
    if (page !== undefined) {
      const limit = page.maxBodyBytes ?? 0;
      const body = limit > 0 ? await readBody(request, limit) : Buffer.alloc(0);
      if (body === undefined)
        return { status: 413, body: { text: `the body is larger than ${limit} bytes\n` } };
      return page.answer(url.searchParams, { method, body });
    }
    const shown = [...this.#pages.values()].filter((each) => refusal === undefined || !isDebug(each, url));
    const paths = shown.map(({ path, help }) => `${path}\n    ${help}`).join('\n');
    if (url.pathname === '/' || url.pathname === '/debug') return { body: { text: `${paths}\n` } };
    return { status: 404, body: { text: `there is nothing at ${url.pathname}; there is:\n${paths}\n` } };
  }
}

/** The whole body; undefined when it is larger than the limit, of which then no more is kept. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  const text = url.startsWith('/') ? `http://localhost${url}` : url;
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether only those who may see debug pages may see this one, or learn that it is not there. */
function isDebug(page: Page | undefined, url: URL): boolean {
  return page === undefined ? url.pathname.startsWith('/debug') : page.access !== 'everyone';
}

/** Milliseconds after which the writing of an answer lets others have a turn. */
const sliceMs = 8;
/** Characters that are handed to the connection at a time. */
const writeSize = 64 * 1024;

async function send(
  response: ServerResponse,
  { status = 200, body }: PageAnswer,
  pretty: boolean,
): Promise<void> {
  const isJson = 'json' in body;
  response.statusCode = status;
  response.setHeader(
    'content-type',
    isJson ? 'application/json' : (body.type ?? 'text/plain; charset=utf-8'),
  );
  response.setHeader('x-content-type-options', 'nosniff');
  if (isJson) await sendJson(response, jsonPieces(body.json, pretty));
  else response.end(body.text);
}

/** Writes pieces as fast as the client reads, and no faster; a client that goes away ends it. */
async function sendJson(response: ServerResponse, pieces: Iterable<string>): Promise<void> {
  let text = '';
  let since = performance.now();
  for (const piece of pieces) {
    text += piece;
    if (text.length >= writeSize) {
      if (!response.write(text)) await drained(response);
      text = '';
    }
    if (performance.now() - since > sliceMs) {
      await setImmediate();
      since = performance.now();
    }
    if (response.destroyed) return;
  }
  response.end(`${text}\n`);
}

/** Resolves when more may be written, or nobody is there any more to read it. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
