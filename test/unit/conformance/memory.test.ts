import { conformance } from '../../../src/conformance/index.js';
import type { OpenOptions, RegistryUnderTest, TestInstance } from '../../../src/conformance/driver.js';
import type { Endpoint } from '../../../src/model/endpoint.js';
import { MemoryRegistry } from '../../../src/registry/memory/memory-registry.js';
import { endpoint, entryService } from '../registry/store/values.js';

/** A program that embeds memory registries: what is registered is set in each, except while it cannot look. */
class Program implements RegistryUnderTest {
  readonly #instances = new Map<string, Map<string, TestInstance>>();
  readonly #registries: MemoryRegistry[] = [];
  #broken = false;

  open({ name }: OpenOptions): MemoryRegistry {
    const registry = new MemoryRegistry({ provider: 'Mock', cluster: name });
    this.#registries.push(registry);
    if (this.#broken) registry.setStatus({ state: 'failed', message: 'broken on purpose' });
    else this.#tell(registry);
    return registry;
  }

  async register(instances: readonly TestInstance[]): Promise<void> {
    for (const instance of instances) {
      const service = this.#instances.get(instance.service) ?? new Map<string, TestInstance>();
      this.#instances.set(instance.service, service.set(instance.id, instance));
    }
    this.#tellAll();
  }

  async deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): Promise<void> {
    for (const { service, id } of instances) this.#instances.get(service)?.delete(id);
    this.#tellAll();
  }

  async break(): Promise<void> {
    this.#broken = true;
    for (const registry of this.#registries)
      registry.setStatus({ state: 'failed', message: 'broken on purpose' });
  }

  async heal(): Promise<void> {
    this.#broken = false;
    this.#tellAll();
  }

  async stop(): Promise<void> {}

  #tellAll(): void {
    if (!this.#broken) for (const registry of this.#registries) this.#tell(registry);
  }

  #tell(registry: MemoryRegistry): void {
    const provenance = { registry: `Mock/${registry.cluster}`, object: 'the program' };
    for (const [service, instances] of this.#instances) {
      const host = `${service}.memory`;
      registry.setService(entryService(host, service, { provenance, attributes: { namespace: 'default' } }));
      registry.setEndpoints(
        host,
        'default',
        [...instances.values()].map(
          ({ address, port, health = 'healthy', weight = 1, metadata = {} }): Endpoint =>
            endpoint(address, {
              port,
              weight,
              health: weight === 0 ? 'draining' : health,
              labels: metadata,
              provenance,
              cluster: registry.cluster,
              servicePortNumber: 80,
            }),
        ),
      );
    }
    registry.synced();
  }
}

conformance({
  name: 'the memory registry',
  hostOf: (service) => `${service}.memory`,
  expresses: ['health', 'weight', 'metadata'],
  start: async () => new Program(),
});
