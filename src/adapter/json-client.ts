/** A client for registries that answer JSON over HTTP. It can only read: GET, and what is allowed by name. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AdapterContext } from './adapter.js';
import { connect, type Connection, type ConnectionSettings, type Target } from './connection.js';
import { kindOfStatus, RequestFailure } from './failure.js';
import { NotAllowed } from './read-only.js';

/** An answer. */
export interface JsonAnswer {
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** How requests are made. */
export interface JsonClientOptions {
  /** Headers of every request; with the credential, if there is one. `Authorization: Bearer` when absent. */
  readonly headers?: (credential: string | undefined) => Readonly<Record<string, string>>;
  /** Requests beside GET that only read all the same, such as `POST /login`, by method and path. */
  readonly allow?: readonly `${string} /${string}`[];
}

/** How one request is made. */
export interface JsonRequest {
  readonly signal: AbortSignal;
  /** Milliseconds that the server may take on purpose (a long poll). */
  readonly wait?: number;
  /** `GET` when absent. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Reads JSON from the servers of a registry, with failover, limits, credentials and TLS as its settings say. */
export interface JsonClient {
  /** @param path with its query, from the URL of the server. @throws RequestFailure, NotAllowed */
  read(path: string, request: JsonRequest): Promise<JsonAnswer>;
}

interface HttpClient {
  readonly agent: HttpAgent;
  readonly target: Target;
}

/** Bytes of an answer that is still read. */
const mostBytes = 256 * 1024 * 1024;

/** A client for the servers of these settings. */
export function jsonClient(
  settings: ConnectionSettings,
  context: AdapterContext,
  { headers = bearer, allow = [] }: JsonClientOptions = {},
): JsonClient {
  const connection: Connection<HttpClient> = connect(settings, context, {
    client: (target) => ({ target, agent: agentFor(target) }),
    close: ({ agent }) => agent.destroy(),
  });
  return {
    read: async (path, request) => {
      const operation = `${request.method ?? 'GET'} ${path.split('?', 1)[0] ?? ''}`;
      if (!operation.startsWith('GET ') && !allow.some((allowed) => allowed === operation))
        throw new NotAllowed(operation, ['GET', ...allow]);
      return await connection.use(
        ({ agent, target }, { signal }) =>
          send(agent, target, path, {
            ...request,
            signal,
            headers: { ...headers(target.credential), ...request.headers },
          }),
        request,
      );
    },
  };
}

function bearer(credential: string | undefined): Readonly<Record<string, string>> {
  return credential === undefined ? {} : { authorization: `Bearer ${credential}` };
}

function agentFor({ server, tls }: Target): HttpAgent {
  // Each long poll holds a connection while it waits, so a limit would let some wait for others.
  const options = { keepAlive: true, maxSockets: Infinity };
  if (server.protocol !== 'https:') return new HttpAgent(options);
  const { serverName, ...material } = tls ?? {};
  return new HttpsAgent({
    ...options,
    ...material,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

async function send(
  agent: HttpAgent,
  { server }: Target,
  path: string,
  request: JsonRequest,
): Promise<JsonAnswer> {
  const { method = 'GET', signal, headers = {}, body } = request;
  const url = new URL(`${server.pathname.replace(/\/$/, '')}${path}`, server);
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = make(url, {
      method,
      agent,
      signal,
      headers: {
        accept: 'application/json',
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    outgoing.on('response', resolve).on('error', reject).end(sent);
  });
  const text = await textOf(answer);
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) {
    throw new RequestFailure(
      kindOfStatus(status),
      `${method} ${url.pathname}: HTTP ${status} ${firstLine(text)}`,
    );
  }
  try {
    return { body: JSON.parse(text), headers: answer.headers };
  } catch (error) {
    throw new RequestFailure('refused', `${method} ${url.pathname}: the answer is no JSON`, { cause: error });
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer) {
    const bytes = Buffer.from(piece as Uint8Array);
    size += bytes.length;
    if (size > mostBytes) throw new RequestFailure('refused', `an answer has more than ${mostBytes} bytes`);
    pieces.push(bytes);
  }
  // A connection that breaks in the middle must not look like a short answer.
  if (!answer.complete) throw new RequestFailure('unreachable', 'the answer ended too early');
  return Buffer.concat(pieces).toString('utf8');
}

function firstLine(text: string): string {
  return (text.trim().split('\n', 1)[0] ?? '').slice(0, 200);
}
