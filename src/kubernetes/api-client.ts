/**
 * A client of one cluster's API. It finds a server that answers, renews credentials that are refused, and turns
 * answers that are errors into `ApiError`; when to try again is its users' business.
 */
import { packageVersion } from '../base/version.js';
import type { ClusterAccess, Endpoint } from './access.js';
import { apiError } from './api-error.js';
import { text } from './body.js';
import { Connector, Unreachable, type Answer } from './connector.js';
import { defaultTiming, type Timing } from './timing.js';

/** What is asked of the API. */
export interface ApiRequest {
  /** GET when absent. */
  readonly method?: string;
  /** Such as `/api/v1/pods`, with the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; `application/json` when absent. */
  readonly contentType?: string;
  /** Ends the request, also while its answer is read. */
  readonly signal: AbortSignal;
}

export interface ApiClientOptions {
  readonly timing?: Partial<Timing>;
}

export class ApiClient {
  readonly timing: Timing;
  readonly #access: ClusterAccess;
  readonly #connector: Connector;

  constructor(access: ClusterAccess, options: ApiClientOptions = {}) {
    this.#access = access;
    this.timing = { ...defaultTiming, ...options.timing };
    this.#connector = new Connector(this.timing);
  }

  /**
   * Sends a request and gives the answer when its head is there. Its body has to be read or destroyed.
   * @throws ApiError for an answer that is an error; PilotError KUBECONFIG_INVALID; Error when no server answers.
   */
  async send(request: ApiRequest): Promise<Answer> {
    const answer = await this.#sendAgainIfRefused(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const what = `${request.method ?? 'GET'} ${request.path.replace(/\?.*/, '')}`;
    const said = await text(answer.body, this.timing.stall);
    const retryAfter = answer.headers['retry-after'];
    throw apiError(what, answer.status, said, typeof retryAfter === 'string' ? retryAfter : undefined);
  }

  /**
   * Sends a request and gives the JSON of the whole answer.
   * @throws as `send`, and Error when the answer breaks off or is no JSON.
   */
  async json(request: ApiRequest): Promise<unknown> {
    const { body } = await this.send(request);
    return JSON.parse(await text(body, this.timing.stall)) as unknown;
  }

  /** Ends every connection and with them every request. */
  close(): void {
    this.#connector.close();
  }

  async #sendAgainIfRefused(request: ApiRequest): Promise<Answer> {
    const endpoint = await this.#access.endpoint();
    request.signal.throwIfAborted();
    const answer = await this.#sendOnce(request, endpoint);
    if (answer.status !== 401) return answer;
    this.#access.refused(endpoint);
    const renewed = await this.#access.endpoint();
    if (JSON.stringify(renewed) === JSON.stringify(endpoint)) return answer;
    answer.body.destroy();
    const second = await this.#sendOnce(request, renewed);
    if (second.status === 401) this.#access.refused(renewed);
    return second;
  }

  async #sendOnce(request: ApiRequest, { connection: settings, headers }: Endpoint): Promise<Answer> {
    const { method = 'GET', path, body, contentType = 'application/json', signal } = request;
    const call = {
      method,
      path: `${basePath(settings)}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    try {
      return await this.#connector.send(call, settings, signal);
    } catch (error) {
      if (error instanceof Unreachable) this.#access.unreachable();
      throw error;
    }
  }
}

const userAgent = `pilotlight/${packageVersion()}`;

/** What the URL of a server puts before every path. */
function basePath({ servers }: Endpoint['connection']): string {
  return servers[0]?.pathname.replace(/\/+$/, '') ?? '';
}
