/** What a check works with: the registry, its adapter watched into a store, and ways to wait for what is to happen. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../model/endpoint.js';
import { serviceKey } from '../model/service.js';
import { aggregate } from '../registry/aggregate.js';
import { lastKnownFile, type LastKnownKeeper } from '../registry/last-known.js';
import type { ServiceRegistry } from '../registry/registry.js';
import { RegistryStore } from '../registry/store.js';
import type { RegistryView } from '../registry/view.js';
import { type RunningWatch, runRegistry } from '../registry/watch-registry.js';
import type { ConformanceDriver, OpenOptions, RegistryUnderTest, TestInstance } from './driver.js';

const defaultPatience = 10_000;

/** One watch of the adapter under test, as Pilotlight itself watches registries. */
export class Watched {
  readonly registry: ServiceRegistry;
  readonly store: RegistryStore;
  /** Types of events that reached the store. */
  readonly seen: string[] = [];
  readonly #watch: RunningWatch;
  readonly #patience: number;
  #wake: () => void = () => undefined;

  constructor(registry: ServiceRegistry, patience: number) {
    this.registry = registry;
    this.#patience = patience;
    this.store = new RegistryStore(registry, { safety: registry.safety });
    this.#watch = runRegistry(registry, this.store, ({ type }) => {
      this.seen.push(type);
      this.#wake();
    });
  }

  get view(): RegistryView {
    return this.store.view();
  }

  /** Waits until something holds. @throws AssertionError that says what did not, and how the registry is. */
  async until(
    what: string,
    holds: (view: RegistryView) => boolean,
    patience = this.#patience,
  ): Promise<void> {
    const deadline = Date.now() + patience;
    while (!holds(this.view)) {
      const left = deadline - Date.now();
      if (left <= 0) assert.fail(`after ${patience} ms still not: ${what} (${describe(this.view)})`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The endpoints of a host. */
  endpoints(host: string, namespace: string): readonly Endpoint[] {
    return (
      aggregate([this.view])
        .shards.get(serviceKey(host, namespace))
        ?.flatMap((shard) => shard.endpoints) ?? []
    );
  }

  /** `address:port` of each endpoint of a host, sorted. */
  addresses(host: string, namespace: string): readonly string[] {
    return this.endpoints(host, namespace).map(addressOf).sort();
  }

  /** Lets everything through that the removal guard holds. */
  release(): void {
    this.#watch.release();
    this.#wake();
  }

  end(): void {
    this.#watch.unsubscribe();
  }
}

/** What one check works with; `close` ends everything that it opened. */
export class Bench {
  readonly driver: ConformanceDriver;
  readonly server: RegistryUnderTest;
  readonly patience: number;
  readonly #watched: Watched[] = [];
  readonly #keepers: LastKnownKeeper[] = [];
  #folder: string | undefined;

  private constructor(driver: ConformanceDriver, server: RegistryUnderTest) {
    this.driver = driver;
    this.server = server;
    this.patience = driver.patience ?? defaultPatience;
  }

  static async start(driver: ConformanceDriver): Promise<Bench> {
    return new Bench(driver, await driver.start());
  }

  /** Watches the registry. */
  watch(options: Partial<OpenOptions> = {}): Watched {
    const watched = new Watched(this.server.open({ name: 'one', ...options }), this.patience);
    this.#watched.push(watched);
    return watched;
  }

  /** Watches the registry until it has said everything once. */
  async synced(options: Partial<OpenOptions> = {}): Promise<Watched> {
    const watched = this.watch(options);
    await watched.until('the adapter has said everything once', ({ synced }) => synced);
    return watched;
  }

  host(service: string): string {
    return this.driver.hostOf(service);
  }

  get namespace(): string {
    return this.driver.namespace ?? 'default';
  }

  endpoints(watched: Watched, service: string): readonly Endpoint[] {
    return watched.endpoints(this.host(service), this.namespace);
  }

  addresses(watched: Watched, service: string): readonly string[] {
    return watched.addresses(this.host(service), this.namespace);
  }

  /** Waits until a service has exactly these endpoints, `address:port`. */
  async untilAddresses(watched: Watched, service: string, wanted: readonly string[]): Promise<void> {
    const expected = [...wanted].sort();
    let found: readonly string[] = [];
    const what = `${service} has the endpoints ${expected.join(', ') || 'none'}`;
    try {
      await watched.until(what, () => {
        found = this.addresses(watched, service);
        return (
          found.length === expected.length && found.every((address, index) => address === expected[index])
        );
      });
    } catch (error) {
      throw new assert.AssertionError({
        message: error instanceof Error ? error.message : String(error),
        actual: found,
        expected,
      });
    }
  }

  /** A keeper of last known values in a folder of this check. */
  async keeper(): Promise<LastKnownKeeper> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'pilotlight-conformance-'));
    const keeper = lastKnownFile({
      path: join(this.#folder, 'last-known.json'),
      identity: 'conformance',
      expiry: 3_600_000,
      problem: (message) => assert.fail(message),
    });
    this.#keepers.push(keeper);
    return keeper;
  }

  async close(): Promise<void> {
    for (const watched of this.#watched) watched.end();
    await this.server.stop();
    // What was still to be written is, before its folder goes.
    for (const keeper of this.#keepers) await keeper.load();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

/** `address:port` of an endpoint. */
export function addressOf({ addresses, port }: Endpoint): string {
  return `${addresses[0] ?? ''}:${port}`;
}

/** Instances of a service at 10.0.0.1, 10.0.0.2 and so on, port 8080. */
export function instances(service: string, count: number, net = '10.0.0'): TestInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    service,
    id: `${service}-${index + 1}`,
    address: `${net}.${index + 1}`,
    port: 8080,
  }));
}

/** `address:port` of each. */
export function placesOf(list: readonly TestInstance[]): readonly string[] {
  return list.map(({ address, port }) => `${address}:${port}`);
}

function describe({ status, services, endpoints, synced, safety }: RegistryView): string {
  let count = 0;
  for (const { endpoints: list } of endpoints.values()) count += list.length;
  const message = status.message === undefined ? '' : `: ${status.message}`;
  return `${status.state}${message}; ${synced ? 'synced' : 'not synced'}; ${services.size} services, ${count} endpoints, ${safety.stale.size} stale, ${safety.held.length} held`;
}
