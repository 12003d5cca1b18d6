/** What drivers have in common whose registry is given a service whole: as an object, or a few, with all instances. */
import type { TestInstance } from '../../../src/conformance/driver.js';

/** The instances that are registered, by service. */
export class Services {
  readonly #services = new Map<string, Map<string, TestInstance>>();

  /** Adds instances, or replaces them. @returns the services that changed, each once */
  register(instances: readonly TestInstance[]): readonly string[] {
    for (const instance of instances) {
      const service = this.#services.get(instance.service) ?? new Map<string, TestInstance>();
      this.#services.set(instance.service, service.set(instance.id, instance));
    }
    return namesOf(instances);
  }

  /** Takes instances away. @returns the services that changed, each once */
  deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): readonly string[] {
    for (const { service, id } of instances) this.#services.get(service)?.delete(id);
    return namesOf(instances);
  }

  /** The instances of a service now. */
  instances(service: string): readonly TestInstance[] {
    return [...(this.#services.get(service)?.values() ?? [])];
  }
}

function namesOf(instances: readonly Pick<TestInstance, 'service'>[]): readonly string[] {
  return [...new Set(instances.map(({ service }) => service))];
}

/** The spec of a ServiceEntry for a host with instances, which can say their weight and metadata. */
export function entrySpec(host: string, instances: readonly TestInstance[]): object {
  return {
    hosts: [host],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: instances
      // A weight of 0 is the same as none to Istio: whoever writes entries leaves such endpoints out.
      .filter(({ weight }) => weight !== 0)
      .map(({ address, port, weight, metadata }) => ({
        address,
        ports: { http: port },
        ...(weight === undefined ? {} : { weight }),
        ...(metadata === undefined ? {} : { labels: metadata }),
      })),
  };
}
