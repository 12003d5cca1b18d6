/**
 * The wire: the only file that knows the package `consul`. It reads with five operations, from one server after the
 * other, and tells each answer with its index, or why there is none.
 */
import { EventEmitter } from 'node:events';
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Consul from 'consul';
import {
  type AdapterContext,
  connect,
  type Connection,
  kindOfStatus,
  parseDuration,
  type Polled,
  type PollPosition,
  readOnly,
  RequestFailure,
  type Target,
} from '../../adapter/index.js';
import {
  type Check,
  checks,
  type HealthEntry,
  healthEntries,
  importedServices,
  serviceNames,
} from './answers.js';
import { type ConsulSettings, kindsOf } from './options.js';
import type { Scope } from './scope.js';

/** The operations that are used, and no others can be: all of them read. */
export const allowedOperations = [
  'catalog.services',
  'health.service',
  'health.state',
  'status.leader',
  // What the package has no method for is read by this one: GET, of peerings.
  '_get',
] as const;

/** What is used of the package; its types lack what a request is cancelled by, and `ns` and `peer`. */
interface Operations {
  readonly catalog: { services(options: RequestOptions): Promise<unknown> };
  readonly health: {
    service(options: RequestOptions & { readonly service: string }): Promise<unknown>;
    state(options: RequestOptions & { readonly state: string }): Promise<unknown>;
  };
  readonly status: { leader(options: RequestOptions): Promise<unknown> };
  _get(request: object, last: Last): Promise<unknown>;
}

interface Library extends Operations {
  _ext(place: 'onCreate', extension: (request: LibraryRequest, next: () => void) => void): void;
  destroy(): void;
}

/** What the package calls when an answer, or a failure, is there. */
type Last = (request: LibraryRequest, next: (stop: false, error?: unknown, value?: unknown) => void) => void;

interface LibraryRequest {
  readonly opts: { query?: Record<string, unknown> };
  readonly ctx?: Call;
  readonly err?: unknown;
  readonly res?: IncomingMessage & { readonly body?: unknown };
}

interface RequestOptions {
  readonly ctx: Call;
  readonly token?: string;
  readonly dc?: string;
  readonly partition?: string;
  readonly stale?: boolean;
  readonly consistent?: boolean;
  readonly index?: number;
  readonly wait?: string;
  readonly filter?: string;
}

/** One call: the package hears `cancel` of it, gives the whole answer because of it, and adds its query. */
class Call extends EventEmitter {
  readonly includeResponse = true;
  canceled = false;
  readonly query: Readonly<Record<string, string>>;

  constructor({ namespace, peer }: Scope) {
    super();
    this.query = {
      ...(namespace === undefined ? {} : { ns: namespace }),
      ...(peer === undefined ? {} : { peer }),
    };
  }

  cancel(): void {
    this.canceled = true;
    this.emit('cancel');
  }
}

interface Client {
  readonly library: Operations;
  readonly target: Target;
  close(): void;
}

/** Where one asks when nothing is asked for that is newer. */
const now = { index: 0, wait: 0 };

/** Reads Consul. */
export class ConsulClient {
  readonly #connection: Connection<Client>;
  readonly #settings: ConsulSettings;
  readonly #maxStale: number;
  readonly #kinds: string | undefined;

  /** Nothing is opened before the first question. @throws Error that names a server's URL that is none. */
  constructor(settings: ConsulSettings, context: AdapterContext) {
    const credential = settings.credential ?? environmentCredential(context.env);
    this.#settings = settings;
    this.#maxStale = parseDuration(settings.maxStale);
    this.#kinds = kindFilter(kindsOf(settings));
    this.#connection = connect<Client>(
      { ...settings, ...(credential === undefined ? {} : { credential }) },
      context,
      {
        client: clientFor,
        close: (client) => client.close(),
      },
    );
  }

  /** The names of all services of a catalog. */
  async services(scope: Scope, at: PollPosition): Promise<Polled<readonly string[]>> {
    const filter = this.#kinds === undefined ? {} : { filter: this.#kinds };
    const { body, index } = await this.#ask('the catalog', scope, at, ({ library }, options) =>
      library.catalog.services({ ...options, ...filter }),
    );
    return { index, value: understood(() => serviceNames(body)) };
  }

  /** The instances of a service, whatever their health. */
  async instances(service: string, scope: Scope, at: PollPosition): Promise<Polled<readonly HealthEntry[]>> {
    const { body, index } = await this.#ask(`service ${service}`, scope, at, ({ library }, options) =>
      library.health.service({ ...options, service }),
    );
    return { index, value: understood(() => healthEntries(body)) };
  }

  /** All checks that are in a state. */
  async checks(
    state: 'warning' | 'critical',
    scope: Scope,
    at: PollPosition,
  ): Promise<Polled<readonly Check[]>> {
    const { body, index } = await this.#ask(`checks in the state ${state}`, scope, at, (client, options) =>
      client.library.health.state({ ...options, state }),
    );
    return { index, value: understood(() => checks(body)) };
  }

  /** The names of the services that a peer exports to this cluster. */
  async imported(peer: string, { partition }: Scope, signal: AbortSignal): Promise<readonly string[]> {
    const scope = partition === undefined ? {} : { partition };
    const request = { path: '/peering/{peer}', name: 'peering.read', params: { peer } };
    const { body } = await this.#ask(
      `peer ${peer}`,
      scope,
      { ...now, signal },
      ({ library, target }, { ctx }) =>
        library._get({ ...request, ctx, query: { ...scope }, headers: tokenHeader(target) }, lastOf),
    );
    return understood(() => importedServices(body));
  }

  /** The address of the leader; empty when the cluster has none. */
  async leader(signal: AbortSignal): Promise<string> {
    const { body } = await this.#ask('the leader', {}, { ...now, signal }, ({ library }, { ctx }) =>
      library.status.leader({ ctx }),
    );
    return typeof body === 'string' ? body : '';
  }

  /** Another number whenever a server could not be reached. */
  get epoch(): number {
    return this.#connection.epoch;
  }

  /** The server is silent: ends all questions, which are asked of the next one. */
  drop(reason: string): void {
    this.#connection.drop(reason);
  }

  /** Closes all connections. */
  end(): void {
    this.#connection.end();
  }

  async #ask(
    what: string,
    scope: Scope,
    { index, wait, signal }: PollPosition,
    ask: (client: Client, options: RequestOptions) => Promise<unknown>,
  ): Promise<{ readonly body: unknown; readonly index: number }> {
    const { consistency, partial } = this.#settings;
    const use = async (client: Client, attempt: { readonly signal: AbortSignal }) => {
      const ctx = new Call(scope);
      const { credential } = client.target;
      const cancel = (): void => ctx.cancel();
      attempt.signal.addEventListener('abort', cancel, { once: true });
      try {
        const answered = await ask(client, {
          ctx,
          ...(credential === undefined ? {} : { token: credential }),
          ...(scope.datacenter === undefined ? {} : { dc: scope.datacenter }),
          ...(scope.partition === undefined ? {} : { partition: scope.partition }),
          ...(consistency === 'default' ? {} : { [consistency]: true }),
          ...(index === 0 ? {} : { index, wait: `${wait}ms` }),
        });
        return this.#checked(answered, credential !== undefined, partial);
      } catch (error) {
        throw failureOf(error, what);
      } finally {
        attempt.signal.removeEventListener('abort', cancel);
      }
    };
    // Consul adds up to a sixteenth to the wait, so that not all queries return at once.
    return await this.#connection.use(use, { signal, wait: index === 0 ? 0 : wait * (17 / 16) });
  }

  /** An answer that says itself that it may not be all there is, is none. */
  #checked(
    answered: unknown,
    hasToken: boolean,
    partial: boolean,
  ): { readonly body: unknown; readonly index: number } {
    const [response, body] = answered as readonly [IncomingMessage, unknown];
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const isFiltered = header('x-consul-results-filtered-by-acls') === 'true';
    // Who asks without a token is not told what was left out.
    const isHidden = !hasToken && header('x-consul-default-acl-policy') === 'deny';
    if (!partial && (isFiltered || isHidden)) {
      const why = isHidden ? 'Consul has ACLs and no token is set' : 'ACLs hide a part of it from this token';
      throw new RequestFailure(
        'unauthorized',
        `${why}; a token needs service:read and node:read for everything, or \`partial: true\` says that it is meant to see a part`,
      );
    }
    const behind = Number(header('x-consul-lastcontact') ?? 0);
    if (this.#settings.consistency === 'stale' && behind > this.#maxStale)
      throw new RequestFailure(
        'unreachable',
        `the server has heard nothing of its leader for ${behind} ms (maxStale)`,
      );
    return { body, index: Number(header('x-consul-index') ?? 0) || 0 };
  }
}

/** Consul's own commands take their token from these, too. */
function environmentCredential(
  env: AdapterContext['env'],
): { readonly env: string } | { readonly file: string } | undefined {
  if ((env['CONSUL_HTTP_TOKEN'] ?? '') !== '') return { env: 'CONSUL_HTTP_TOKEN' };
  const file = env['CONSUL_HTTP_TOKEN_FILE'] ?? '';
  return file === '' ? undefined : { file };
}

function tokenHeader({ credential }: Target): Readonly<Record<string, string>> {
  return credential === undefined ? {} : { 'x-consul-token': credential };
}

/** Servers older than 1.12 give all kinds whatever the filter; instances are looked at again when they are converted. */
function kindFilter(kinds: ReadonlySet<string> | undefined): string | undefined {
  if (kinds === undefined) return undefined;
  return [...kinds].map((kind) => `ServiceKind == "${kind}"`).join(' or ');
}

function clientFor(target: Target): Client {
  const base = new URL(target.server);
  base.pathname = `${base.pathname.replace(/\/$/, '')}/v1`;
  const options: object = { baseUrl: base, agent: agentFor(target) };
  const library = new Consul(options) as unknown as Library;
  library._ext('onCreate', ({ opts, ctx }, next) => {
    opts.query = { ...opts.query, ...ctx?.query };
    next();
  });
  return { target, library: readOnly(library, allowedOperations), close: () => library.destroy() };
}

function agentFor({ server, tls }: Target): HttpAgent {
  // A blocking query holds its connection while it waits; how many there are is limited by how many queries are made.
  const options = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 64 };
  const { serverName, ...material } = tls ?? {};
  const named = serverName === undefined ? {} : { servername: serverName };
  const agent =
    server.protocol === 'https:'
      ? new HttpsAgent({ ...options, ...material, ...named })
      : new HttpAgent(options);
  return failingWhenCutOff(agent);
}

/** The package waits for the end of an answer; one that is cut off has none, and has to be an error of its request. */
function failingWhenCutOff(agent: HttpAgent): HttpAgent {
  const inner = agent as HttpAgent & { addRequest(request: ClientRequest, ...rest: unknown[]): void };
  const addRequest = inner.addRequest.bind(inner);
  inner.addRequest = (request, ...rest) => {
    request.once('response', (response: IncomingMessage) => {
      response.once('error', (error) => request.emit('error', error));
    });
    addRequest(request, ...rest);
  };
  return agent;
}

/** What the package's own methods do with an answer. */
const lastOf: Last = ({ err, res }, next) => {
  if (err === undefined) next(false, undefined, [res, res?.body]);
  else next(false, err);
};

/** An answer that cannot be understood is no failure of the server that another one would mend. */
function understood<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new RequestFailure('refused', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Errors of the package leave out what Consul says in their answer. */
function failureOf(error: unknown, what: string): unknown {
  if (error instanceof RequestFailure) {
    return new RequestFailure(error.kind, `${what}: ${error.message}`, { cause: error });
  }
  // What came to grief after the first line of its answer has a response as well.
  if (!(error instanceof Error) || !('isResponse' in error) || !('response' in error)) return error;
  const { statusCode = 0, body } = error.response as IncomingMessage & { readonly body?: unknown };
  const said =
    body instanceof Uint8Array ? Buffer.from(body).toString() : typeof body === 'string' ? body : '';
  const kind = kindOfStatus(statusCode);
  const advice =
    kind === 'limited'
      ? '; the agent takes no more connections of this address: lower blockingQueries, or raise its limits.http_max_conns_per_client'
      : '';
  const line = said.trim().split('\n', 1)[0]?.slice(0, 200) ?? '';
  return new RequestFailure(kind, `${what}: HTTP ${statusCode} ${line}${advice}`, { cause: error });
}
