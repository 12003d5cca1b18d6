/** A real Consul for the conformance suite. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryOf } from '../../../src/adapter/index.js';
import type {
  ConformanceDriver,
  OpenOptions,
  RegistryUnderTest,
  TestInstance,
} from '../../../src/conformance/driver.js';
import { adapter } from '../../../src/registries/consul/adapter.js';
import type { ServiceRegistry } from '../../../src/registry/registry.js';
import type { Registration } from '../../../testenv/consul/api.mjs';
import { Consul, readingRules, type Token } from '../../../testenv/consul/consul.mjs';
import { HttpProxy } from './http-proxy.js';

/** Failures are noticed and mended sooner than they are for people. */
export const impatient = { timeout: '2s', heartbeat: '200ms', wait: '20s' };

const states = { healthy: 'passing', degraded: 'warning', draining: 'passing', unhealthy: 'critical' };

/** A driver. @param settings of the adapter, beside its servers and credential. */
export function consulDriver(name: string, settings: Readonly<Record<string, unknown>>): ConformanceDriver {
  return {
    name,
    hostOf: (service) => `${service}.service.consul`,
    expresses: ['health', 'weight', 'metadata', 'free-names', 'services-by-instances'],
    start: () => ConsulUnderTest.start(settings),
  };
}

class ConsulUnderTest implements RegistryUnderTest {
  readonly #consul: Consul;
  readonly #proxy: HttpProxy;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #instances = new Map<string, TestInstance>();
  #token: Token;

  private constructor(
    consul: Consul,
    proxy: HttpProxy,
    folder: string,
    settings: Readonly<Record<string, unknown>>,
    token: Token,
  ) {
    this.#consul = consul;
    this.#proxy = proxy;
    this.#folder = folder;
    this.#settings = settings;
    this.#token = token;
  }

  static async start(settings: Readonly<Record<string, unknown>>): Promise<ConsulUnderTest> {
    const consul = await Consul.start({ acl: true, connections: 8_000 });
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-consul-test-'));
    const token = await consul.createToken(readingRules);
    const proxy = await HttpProxy.start(consul.url);
    const test = new ConsulUnderTest(consul, proxy, folder, settings, token);
    await test.renewCredential();
    return test;
  }

  open({ name, lastKnown }: OpenOptions): ServiceRegistry {
    return registryOf(adapter, {
      name,
      lastKnown,
      settings: {
        ...impatient,
        ...this.#settings,
        servers: [this.#proxy.url],
        credential: { file: join(this.#folder, 'token') },
        // The suite has each of the four healths.
        warning: 'degraded',
        requestsPerSecond: 2_000,
      },
    });
  }

  async register(instances: readonly TestInstance[]): Promise<void> {
    for (const instance of instances) {
      const known = this.#instances.get(idOf(instance));
      if (known?.health === 'draining' && instance.health !== 'draining')
        await this.#consul.api.deleteCheck({ node: nodeOf(instance) }, maintenanceOf(instance));
      this.#instances.set(idOf(instance), instance);
    }
    await this.#consul.api.register(instances.map(registrationOf));
  }

  async deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): Promise<void> {
    for (const instance of instances) this.#instances.delete(idOf(instance));
    await this.#consul.api.deregister(
      instances.map((instance) => ({
        node: nodeOf(instance),
        service: instance.service,
        id: idOf(instance),
      })),
    );
  }

  break(): Promise<void> {
    return this.#proxy.refuse();
  }

  heal(): Promise<void> {
    return this.#proxy.accept();
  }

  async breakService(service: string): Promise<void> {
    this.#proxy.broken.add(service);
    this.#proxy.endWaiting(service);
    // Who has no query of its own is read again when the catalog changes.
    await this.register([{ service: 'neighbour', id: '1', address: '10.9.0.1', port: 80 }]);
  }

  async healService(service: string): Promise<void> {
    this.#proxy.broken.delete(service);
  }

  async expireCredential(): Promise<void> {
    await this.#consul.deleteToken(this.#token);
    this.#token = await this.#consul.createToken(readingRules);
  }

  async renewCredential(): Promise<void> {
    await writeFile(join(this.#folder, 'token'), `${this.#token.secret}\n`);
  }

  /** An agent without a disk forgets everything, also how far it had counted. */
  async resetIndex(): Promise<void> {
    await this.#consul.stopAgent();
    await this.#consul.startAgent();
    this.#token = await this.#consul.createToken(readingRules, this.#token.secret);
    await this.#consul.api.register([...this.#instances.values()].map(registrationOf));
  }

  writes(): readonly string[] {
    return this.#proxy.writes;
  }

  requests(): number {
    return this.#proxy.requests;
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.#consul.stop();
    await rm(this.#folder, { recursive: true });
  }
}

function idOf({ service, id }: Pick<TestInstance, 'service' | 'id'>): string {
  return `${service}/${id}`;
}

/** Services are spread over nodes: one with thousands of them is slow to change. */
function nodeOf({ service }: Pick<TestInstance, 'service'>): string {
  return `node-${Buffer.from(service).reduce((sum, byte) => sum + byte, 0) % 64}`;
}

function maintenanceOf(instance: Pick<TestInstance, 'service' | 'id'>): string {
  return `_service_maintenance:${idOf(instance)}`;
}

function registrationOf(instance: TestInstance): Registration {
  const { service, address, port, health = 'healthy', weight, metadata } = instance;
  // Consul has no weight of 0 but the one for instances with a warning.
  const state = weight === 0 ? 'warning' : states[health];
  return {
    node: nodeOf(instance),
    service,
    id: idOf(instance),
    address,
    port,
    checks: {
      [`alive:${idOf(instance)}`]: state,
      ...(health === 'draining' ? { [maintenanceOf(instance)]: 'critical' } : {}),
    },
    weights: { Passing: weight || 1, Warning: weight ?? 1 },
    meta: Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => /^[\w-]+$/.test(key))),
  };
}
