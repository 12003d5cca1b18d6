/** Asks a server's HTTP address for the status of its proxies. */
import { PilotError, errorMessage } from '../../base/errors.js';
import { formatAddress, type Address } from '../../settings/setting.js';
import { readProxies, type ProxyStatus } from './proxy-status.js';

/** One answer. */
export interface StatusAnswer {
  readonly proxies: readonly ProxyStatus[];
  readonly server: ServerVersion;
}

/** What the server says of itself; fields are undefined where it is no Pilotlight. */
export interface ServerVersion {
  readonly version: string | undefined;
  /** Differs after a restart. */
  readonly startedAt: string | undefined;
}

/** How long an answer may take. */
const timeoutMs = 10_000;

export class StatusClient {
  readonly #address: string;
  readonly #namespace: string | undefined;

  /** @param namespace only proxies of this one. */
  constructor(address: Address, namespace?: string) {
    this.#address = formatAddress(address);
    this.#namespace = namespace;
  }

  /** `HOST:PORT`. */
  get address(): string {
    return this.#address;
  }

  /** @throws PilotError STATUS_FAILED when the server does not answer, refuses, or answers something else. */
  async ask(signal: AbortSignal): Promise<StatusAnswer> {
    const query = this.#namespace === undefined ? '' : `?namespace=${encodeURIComponent(this.#namespace)}`;
    const [status, version] = await Promise.all([
      this.#get(`/debug/syncz${query}`, signal),
      this.#get('/version', signal),
    ]);
    if (!status.ok) throw this.#failure(`refuses to tell: ${firstLine(status.text)}`);
    const proxies = readProxies(parsed(status.text), Date.now());
    if (proxies === undefined) throw this.#failure('answers, but not with the status of proxies');
    return { proxies, server: serverVersion(version.ok ? parsed(version.text) : undefined) };
  }

  async #get(path: string, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly text: string }> {
    try {
      const response = await fetch(`http://${this.#address}${path}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { ok: response.ok, text: await response.text() };
    } catch (error) {
      throw this.#failure(`does not answer: ${reasonOf(error)}`, error);
    }
  }

  #failure(what: string, cause?: unknown): PilotError {
    return new PilotError('STATUS_FAILED', `${this.#address} ${what}`, {
      hint: 'Give the HTTP address of a running `pilotlight serve` with --http HOST:PORT; it says it when it is ready.',
      cause,
    });
  }
}

function serverVersion(json: unknown): ServerVersion {
  const record: Readonly<Record<string, unknown>> =
    typeof json === 'object' && json !== null ? { ...json } : {};
  const { version, startedAt } = record;
  return {
    version: typeof version === 'string' ? version : undefined,
    startedAt: typeof startedAt === 'string' ? startedAt : undefined,
  };
}

/** Undefined for what is no JSON, which no page of ours is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause instanceof Error && cause.message !== '' ? cause : error);
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
