/**
 * A connection to a registry that has one or several servers: which of them is asked, with which credential and TLS
 * material, how fast, and for how long. Clients are made anew when any of these changes.
 */
import { parseDuration } from '../settings/setting.js';
import type { AdapterContext, JsonSchema } from './adapter.js';
import { TlsFiles, type TlsMaterial, type TlsSettings, tlsSchema } from './tls.js';
import { Secret, credentialSchema, type CredentialSource } from './secret.js';
import { RateLimit } from './rate-limit.js';
import { failureKindOf, RequestFailure, type FailureKind } from './failure.js';

/** Settings that every client of a server has. Durations are text: `500ms`, `30s`. */
export interface ConnectionSettings {
  /** URLs, in the order in which they are tried. */
  readonly servers: readonly string[];
  /** Where a token or password is read from, again whenever it changes; never the secret itself. */
  readonly credential?: CredentialSource;
  readonly tls?: TlsSettings;
  /** How long one request may take; `10s` by default. Long polls add their wait. */
  readonly timeout?: string;
  /** How many requests per second are made at the most, and how many at once after a pause; 100 and 200 by default. */
  readonly requestsPerSecond?: number;
  readonly burst?: number;
}

/** What a client is made for: made anew when any of it changes. */
export interface Target {
  readonly server: URL;
  /** The token or password; undefined when none is configured. */
  readonly credential: string | undefined;
  /** Undefined without TLS settings. */
  readonly tls: TlsMaterial | undefined;
}

/** How clients are made and failures are told apart. */
export interface ConnectionOptions<Client> {
  /** Makes a client; not called again for the same target. */
  readonly client: (target: Target) => Client;
  /** Ends a client that is not used any more. */
  readonly close?: (client: Client) => void;
  /** Kind of a failure; by `RequestFailure` and Node's error codes when absent or undefined. */
  readonly failureKind?: (error: unknown) => FailureKind | undefined;
}

/** What an operation is run with. */
export interface Attempt {
  readonly target: Target;
  /** Aborted when the operation takes too long, or nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** How an operation is run. */
export interface UseOptions {
  /** Ends the operation. */
  readonly signal: AbortSignal;
  /** Milliseconds that the server may take on purpose (a long poll), added to the time limit. */
  readonly wait?: number;
}

/** Servers that are asked one after the other. */
export interface Connection<Client> {
  /**
   * Runs an operation with a client, within the rate limit and the time limit; on another server when one cannot be
   * reached.
   *
   * @throws RequestFailure when no server answered, or one refused.
   */
  use<Result>(
    operation: (client: Client, attempt: Attempt) => Promise<Result>,
    options: UseOptions,
  ): Promise<Result>;
  /**
   * Ends every operation that is under way as one whose server cannot be reached: for servers that are silent, while
   * long polls still wait for them.
   */
  drop(reason: string): void;
  /** Closes all clients; what is asked afterwards makes new ones. */
  end(): void;
  /** The server that is asked at present. */
  readonly server: URL;
  /**
   * Another number whenever a server could not be reached: who answers after that may be another one, or the same one
   * without its data, and know nothing of an index from before.
   */
  readonly epoch: number;
}

/** The schema of a duration in settings. */
export const durationSchema: JsonSchema = {
  type: 'string',
  pattern: '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$',
};

/** The properties of `ConnectionSettings`, for an adapter's schema. */
export const connectionProperties: Readonly<Record<keyof ConnectionSettings, JsonSchema>> = {
  servers: {
    type: 'array',
    minItems: 1,
    items: { type: 'string', pattern: '^https?://[^/]' },
    description: 'URLs of the servers, in the order in which they are tried.',
  },
  credential: credentialSchema,
  tls: tlsSchema,
  timeout: { ...durationSchema, description: 'How long a request may take; 10s unless given.' },
  requestsPerSecond: { type: 'number', exclusiveMinimum: 0 },
  burst: { type: 'integer', minimum: 1 },
};

/** `ConnectionSettings` from the text of `--registry TYPE=TEXT`: URLs with commas between them. */
export function serversFromText(text: string): Pick<ConnectionSettings, 'servers'> {
  return { servers: text.split(',').map((server) => server.trim()) };
}

const defaultTimeout = 10_000;

/**
 * Connects to servers; nothing is opened or read before the first `use`.
 *
 * @throws Error that names a server's URL that is none.
 */
export function connect<Client>(
  settings: ConnectionSettings,
  context: AdapterContext,
  options: ConnectionOptions<Client>,
): Connection<Client> {
  return new ServerConnection(settings, context, options);
}

interface MadeClient<Client> {
  readonly key: string;
  readonly client: Client;
}

class ServerConnection<Client> implements Connection<Client> {
  readonly #servers: readonly URL[];
  readonly #context: AdapterContext;
  readonly #options: ConnectionOptions<Client>;
  readonly #secret: Secret | undefined;
  readonly #tls: TlsFiles | undefined;
  readonly #limit: RateLimit;
  readonly #timeout: number;
  readonly #made = new Map<string, MadeClient<Client>>();
  readonly #underWay = new Set<(failure: RequestFailure) => void>();
  #place = 0;
  #epoch = 0;

  constructor(settings: ConnectionSettings, context: AdapterContext, options: ConnectionOptions<Client>) {
    this.#servers = settings.servers.map(serverUrl);
    if (this.#servers.length === 0) throw new Error('servers must name one server at least');
    this.#context = context;
    this.#options = options;
    this.#secret = settings.credential === undefined ? undefined : new Secret(settings.credential, context);
    this.#tls = settings.tls === undefined ? undefined : new TlsFiles(settings.tls, context);
    const { requestsPerSecond = 100, burst = 2 * requestsPerSecond } = settings;
    this.#limit = new RateLimit({ perSecond: requestsPerSecond, burst }, context.scheduler);
    this.#timeout = settings.timeout === undefined ? defaultTimeout : parseDuration(settings.timeout);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get server(): URL {
    return this.#serverAt(this.#place);
  }

  async use<Result>(
    operation: (client: Client, attempt: Attempt) => Promise<Result>,
    { signal, wait = 0 }: UseOptions,
  ): Promise<Result> {
    let renewed = false;
    for (let tried = 0; ;) {
      const place = this.#place;
      const target = await this.#target(place);
      try {
        return await this.#attempt(operation, target, signal, wait);
      } catch (error) {
        if (signal.aborted) throw error;
        const kind = this.#options.failureKind?.(error) ?? failureKindOf(error);
        if (kind === 'unauthorized' && !renewed && (await this.#isRenewed(target))) {
          renewed = true;
          continue;
        }
        if (kind === 'unreachable') {
          tried += 1;
          this.#epoch += 1;
          // Another operation may have moved on already.
          if (this.#place === place) this.#moveOn(target.server, error);
          if (tried < this.#servers.length) continue;
        }
        throw RequestFailure.from(error, kind, target.server);
      }
    }
  }

  drop(reason: string): void {
    const failure = new RequestFailure('unreachable', reason);
    for (const end of this.#underWay) end(failure);
  }

  end(): void {
    for (const { client } of this.#made.values()) this.#options.close?.(client);
    this.#made.clear();
  }

  #moveOn(from: URL, error: unknown): void {
    if (this.#servers.length === 1) return;
    this.#place = (this.#place + 1) % this.#servers.length;
    this.#context.logger.warn(`${this.#context.name}: ${from.host} cannot be reached`, {
      error: describe(error),
      next: this.server.host,
    });
  }

  async #attempt<Result>(
    operation: (client: Client, attempt: Attempt) => Promise<Result>,
    target: Target,
    signal: AbortSignal,
    wait: number,
  ): Promise<Result> {
    await this.#limit.take(signal);
    const limit = this.#timeout + wait;
    const ended = new AbortController();
    const stop = (): void => ended.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    let timer: NodeJS.Timeout | undefined;
    let giveUp: ((failure: RequestFailure) => void) | undefined;
    const givenUp = new Promise<never>((_resolve, reject) => {
      giveUp = (failure) => {
        ended.abort(failure);
        reject(failure);
      };
      this.#underWay.add(giveUp);
      timer = setTimeout(giveUp, limit, new RequestFailure('unreachable', `no answer within ${limit} ms`));
    });
    try {
      if (signal.aborted) stop();
      return await Promise.race([
        operation(this.#clientFor(target), { target, signal: ended.signal }),
        givenUp,
      ]);
    } finally {
      clearTimeout(timer);
      if (giveUp !== undefined) this.#underWay.delete(giveUp);
      signal.removeEventListener('abort', stop);
    }
  }

  async #target(place: number): Promise<Target> {
    const [credential, tls] = await Promise.all([this.#secret?.read(), this.#tls?.read()]);
    return { server: this.#serverAt(place), credential, tls };
  }

  async #isRenewed({ credential }: Target): Promise<boolean> {
    return this.#secret !== undefined && (await this.#secret.read()) !== credential;
  }

  #clientFor(target: Target): Client {
    const { server, credential, tls } = target;
    const key = JSON.stringify([credential, tls]);
    const known = this.#made.get(server.href);
    if (known?.key === key) return known.client;
    if (known !== undefined) this.#options.close?.(known.client);
    const client = this.#options.client(target);
    this.#made.set(server.href, { key, client });
    return client;
  }

  #serverAt(place: number): URL {
    const server = this.#servers[place % this.#servers.length];
    if (server === undefined) throw new Error('there is no server');
    return server;
  }
}

function serverUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new Error(`servers: ${JSON.stringify(text)} is no URL, such as http://127.0.0.1:8500`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
