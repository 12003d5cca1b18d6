/** The registries of the settings while the server runs: added, changed and removed as the settings change. */
import { deepEqual } from '../base/compare.js';
import { errorMessage, PilotError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { shardKey, type ServiceRegistry } from '../registry/registry.js';
import type { RegistryEntry } from './entry.js';

/** Where registries are watched. */
export interface RegistryHost {
  /** Watches a registry; one of its provider and cluster is replaced, and its values stay until the new one is read. */
  setRegistry(registry: ServiceRegistry): void;
  /** Forgets a registry, by `shardKey`. */
  removeRegistry(key: string): void;
}

/** Opens the registry of an entry. @throws Error that says what is wrong, with the name of the field. */
export type OpenEntry = (entry: RegistryEntry, where: string) => Promise<ServiceRegistry>;

/** An entry with the registry that was opened for it. */
export interface OpenedRegistry {
  readonly entry: RegistryEntry;
  readonly registry: ServiceRegistry;
}

/** Opens every entry. @throws PilotError USAGE for the first that cannot be opened, or that has the name of another. */
export async function openAll(
  entries: readonly RegistryEntry[],
  open: OpenEntry,
): Promise<readonly OpenedRegistry[]> {
  const opened: OpenedRegistry[] = [];
  for (const [index, entry] of entries.entries()) {
    const where = placeOf(entry, index);
    const registry = await open(entry, where);
    if (opened.some((other) => shardKey(other.registry) === shardKey(registry)))
      throw new Error(
        `${where}.name: there is a registry ${shardKey(registry)} already; give it another name`,
      );
    opened.push({ entry, registry });
  }
  return opened;
}

/** How messages name an entry. */
function placeOf({ type, text }: RegistryEntry, index: number): string {
  return text === undefined ? `registries[${index}]` : `--registry ${type}`;
}

/** Keeps a host's registries at what settings say. */
export class RunningRegistries {
  readonly #host: RegistryHost;
  readonly #open: OpenEntry;
  readonly #logger: Logger;
  #running: readonly OpenedRegistry[];
  #work: Promise<void> = Promise.resolve();

  /** @param running what the host watches already. */
  constructor(host: RegistryHost, open: OpenEntry, running: readonly OpenedRegistry[], logger: Logger) {
    this.#host = host;
    this.#open = open;
    this.#running = running;
    this.#logger = logger;
  }

  /**
   * Brings the host to other entries: what is new is added, what differs replaced, what is gone removed. An entry that
   * cannot be opened leaves the one that runs as it is, and is logged. One call after the other.
   */
  apply(entries: readonly RegistryEntry[]): Promise<void> {
    this.#work = this.#work.then(() => this.#apply(entries));
    return this.#work;
  }

  async #apply(entries: readonly RegistryEntry[]): Promise<void> {
    const next: OpenedRegistry[] = [];
    for (const [index, entry] of entries.entries()) {
      const same = this.#running.find((known) => deepEqual(known.entry, entry));
      const opened = same ?? (await this.#opened(entry, index, next));
      if (opened !== undefined && !next.includes(opened)) next.push(opened);
    }
    const keys = new Set(next.map(({ registry }) => shardKey(registry)));
    for (const { registry } of this.#running) {
      const key = shardKey(registry);
      if (keys.has(key)) continue;
      this.#host.removeRegistry(key);
      this.#logger.info(`registry ${key} is removed`);
    }
    this.#running = next;
  }

  async #opened(
    entry: RegistryEntry,
    index: number,
    taken: readonly OpenedRegistry[],
  ): Promise<OpenedRegistry | undefined> {
    const where = placeOf(entry, index);
    try {
      const registry = await this.#open(entry, where);
      const key = shardKey(registry);
      if (taken.some((other) => shardKey(other.registry) === key))
        throw new PilotError(
          'USAGE',
          `${where}.name: there is a registry ${key} already; give it another name`,
        );
      const isKnown = this.#running.some((known) => shardKey(known.registry) === key);
      this.#host.setRegistry(registry);
      this.#logger.info(`registry ${key} is ${isKnown ? 'replaced' : 'added'}`);
      return { entry, registry };
    } catch (error) {
      const before = this.#before(entry);
      this.#logger.error(`a registry of the settings is refused: ${errorMessage(error)}`, {
        inForce: before === undefined ? 'nothing' : `${shardKey(before.registry)} as it was`,
      });
      return before;
    }
  }

  /** What ran under the entry's name, as far as it can be told without its adapter. */
  #before({ name, type }: RegistryEntry): OpenedRegistry | undefined {
    return this.#running.find(({ entry, registry }) =>
      name === undefined ? entry.name === undefined && entry.type === type : registry.cluster === name,
    );
  }
}
