/** Asks a server's HTTP address for the status of its proxies. */
import type { Address } from '../../settings/setting.js';
import { HttpClient } from '../http-client.js';
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

export class StatusClient {
  readonly #http: HttpClient;
  readonly #namespace: string | undefined;

  /** @param namespace only proxies of this one. */
  constructor(address: Address, namespace?: string) {
    this.#http = new HttpClient(address);
    this.#namespace = namespace;
  }

  /** `HOST:PORT`. */
  get address(): string {
    return this.#http.address;
  }

  /** @throws PilotError STATUS_FAILED when the server does not answer, refuses, or answers something else. */
  async ask(signal: AbortSignal): Promise<StatusAnswer> {
    const query = this.#namespace === undefined ? '' : `?namespace=${encodeURIComponent(this.#namespace)}`;
    const [status, version] = await Promise.all([
      this.#http.page(`/debug/syncz${query}`, signal),
      this.#http.get('/version', signal),
    ]);
    const proxies = readProxies(parsed(status), Date.now());
    if (proxies === undefined) throw this.#http.failure('answers, but not with the status of proxies');
    return { proxies, server: serverVersion(version.ok ? parsed(version.text) : undefined) };
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
