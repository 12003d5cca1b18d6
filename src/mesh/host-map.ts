/** Values by host, where a host may stand for many: the most specific one counts (Istio reference 0.1). */
import { isWildcard, mostSpecificHost } from '../model/host.js';

/** A map of hosts, looked up by the best match. */
export class HostMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #wildcards: string[] = [];

  /** The value of exactly this host. */
  get(host: string): Value | undefined {
    return this.#values.get(host);
  }

  set(host: string, value: Value): void {
    if (isWildcard(host) && !this.#values.has(host)) this.#wildcards.push(host);
    this.#values.set(host, value);
  }

  /** The value of the identical host, else of the wildcard with the longest suffix that covers it. */
  match(host: string): Value | undefined {
    const exact = this.#values.get(host);
    if (exact !== undefined || this.#wildcards.length === 0) return exact;
    const wildcard = mostSpecificHost(host, this.#wildcards);
    return wildcard === undefined ? undefined : this.#values.get(wildcard);
  }
}
