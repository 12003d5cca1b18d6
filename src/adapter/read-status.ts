/** How the reading of a registry is going, from how its parts are. */
import type { RegistryStatus } from '../registry/registry.js';

/** Gathers outcomes of reads. */
export class ReadStatus {
  /** Every service that was read, or could not be; with why not. */
  readonly #services = new Map<string, string | undefined>();
  readonly #failed = new Set<string>();
  #registry: string | undefined;
  /** Why lists could not be read, by part. */
  readonly #lists = new Map<string, string>();

  /** The services that are known of. */
  services(): Iterable<string> {
    return this.#services.keys();
  }

  registryFailed(reason: string): void {
    this.#registry = reason;
  }

  registryRead(): void {
    this.#registry = undefined;
  }

  listFailed(part: string, reason: string): void {
    this.#lists.set(part, part === '' ? reason : `${part}: ${reason}`);
  }

  listRead(part: string): void {
    this.#lists.delete(part);
  }

  serviceFailed(service: string, reason: string): void {
    this.#services.set(service, reason);
    this.#failed.add(service);
  }

  serviceRead(service: string): void {
    this.#services.set(service, undefined);
    this.#failed.delete(service);
  }

  removed(service: string): void {
    this.#services.delete(service);
    this.#failed.delete(service);
  }

  /** The status as a whole. @param synced whether everything has been said once. */
  of(synced: boolean): RegistryStatus {
    const all = this.#services.size;
    const bad = this.#failed.size;
    const kept = synced ? 'what it said stays in force' : 'nothing of it was read since the start';
    if (this.#registry !== undefined) return failedStatus(this.#registry, kept);
    const [list] = this.#lists.values();
    if (list !== undefined && bad === all) return failedStatus(list, kept);
    if (list !== undefined) return { state: 'degraded', message: `its services cannot be listed (${list})` };
    const [first] = this.#failed;
    if (first !== undefined) {
      const reason = this.#services.get(first) ?? '';
      const message = `${bad} of ${all} services cannot be read, such as ${first} (${reason}); they stay as they were`;
      return { state: 'degraded', message };
    }
    return { state: synced ? 'healthy' : 'connecting' };
  }
}

function failedStatus(reason: string, kept: string): RegistryStatus {
  return { state: 'failed', message: `it cannot be read (${reason}); ${kept}` };
}
