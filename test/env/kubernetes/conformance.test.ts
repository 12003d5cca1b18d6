/** The suite that every registry passes, on a real API server: Services with their slices, and ServiceEntries. */
import { Observable } from 'rxjs';
import { afterAll, beforeAll } from 'vitest';
import { KubernetesObjectSource } from '../../../src/config/kubernetes/source.js';
import type { ObjectSource } from '../../../src/config/object.js';
import type {
  ConformanceDriver,
  OpenOptions,
  RegistryUnderTest,
  TestInstance,
} from '../../../src/conformance/driver.js';
import { conformance } from '../../../src/conformance/index.js';
import { ContextAccess } from '../../../src/kubernetes/access.js';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import { contextOfText } from '../../../src/kubernetes/kubeconfig-files.js';
import { createKubernetesRegistry } from '../../../src/registry/kubernetes/registry.js';
import type { ServiceRegistry } from '../../../src/registry/registry.js';
import { createServiceEntryRegistry } from '../../../src/registry/service-entry/registry.js';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { silentLogger } from '../../../src/base/logger.js';
import { entrySpec, Services } from '../../unit/conformance/services.js';
import { plainContext } from '../../unit/registry/object-builders.js';
import { TcpProxy } from '../tcp-proxy.js';
import { endpointSlice, forEach, impatient, newNamespace } from './fixture.js';

let kubernetes: Kubernetes;
/** That of the check that runs: each has its own, as one that is deleted never goes. */
let namespace = '';

beforeAll(async () => {
  kubernetes = await Kubernetes.start();
  await kubernetes.installCrds();
});

afterAll(() => kubernetes.stop());

/** How a registry of objects is made, and what objects are a service with its instances. */
interface ObjectRegistry {
  readonly create: (source: ObjectSource) => ServiceRegistry;
  readonly objects: (service: string, instances: readonly TestInstance[]) => readonly KubernetesObject[];
}

class ApiServer implements RegistryUnderTest {
  readonly #proxy: TcpProxy;
  readonly #registry: ObjectRegistry;
  readonly #services = new Services();
  /** Objects that are there, by service, kind and name. */
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();

  private constructor(proxy: TcpProxy, registry: ObjectRegistry) {
    this.#proxy = proxy;
    this.#registry = registry;
  }

  static async start(registry: ObjectRegistry): Promise<ApiServer> {
    namespace = await newNamespace(kubernetes);
    return new ApiServer(await TcpProxy.start(new URL(kubernetes.server)), registry);
  }

  /** A source of its own for each watch, so that everything ends with it. */
  open({ name }: OpenOptions): ServiceRegistry {
    const connect = (): { readonly source: KubernetesObjectSource; readonly client: ApiClient } => {
      const context = contextOfText(kubernetes.kubeconfig({ server: this.#proxy.url }), 'test');
      const client = new ApiClient(new ContextAccess(context, [], silentLogger), { timing: impatient });
      return {
        client,
        source: new KubernetesObjectSource({ cluster: name, name: `kubernetes/${name}`, client }),
      };
    };
    const { provider } = this.#registry.create(connect().source);
    return {
      provider,
      cluster: name,
      watch: () =>
        new Observable((subscriber) => {
          const { client, source } = connect();
          const watch = this.#registry.create(source).watch().subscribe(subscriber);
          source.start();
          return () => {
            watch.unsubscribe();
            source.close();
            client.close();
          };
        }),
    };
  }

  async register(instances: readonly TestInstance[]): Promise<void> {
    await this.#apply(this.#services.register(instances));
  }

  async deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): Promise<void> {
    await this.#apply(this.#services.deregister(instances));
  }

  async break(): Promise<void> {
    this.#proxy.refuse();
  }

  async heal(): Promise<void> {
    this.#proxy.accept();
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    const objects = [...this.#objects.values()].flatMap((ofService) => [...ofService.values()]);
    await forEach(objects, (object) => kubernetes.api.delete(object));
  }

  async #apply(services: readonly string[]): Promise<void> {
    await forEach(services, async (service) => {
      const instances = this.#services.instances(service);
      const before = this.#objects.get(service) ?? new Map<string, KubernetesObject>();
      const objects = new Map(
        this.#registry
          .objects(service, instances)
          .map((object) => [`${object.kind}/${object.metadata.name}`, object]),
      );
      for (const object of objects.values()) await kubernetes.api.apply(object);
      for (const [key, object] of before) if (!objects.has(key)) await kubernetes.api.delete(object);
      this.#objects.set(service, objects);
    });
  }
}

function driver(name: string, host: string, registry: ObjectRegistry): ConformanceDriver {
  return {
    name,
    hostOf: (service) => host.replace('SERVICE', service).replace('NAMESPACE', namespace),
    get namespace() {
      return namespace;
    },
    brokenState: 'degraded',
    manyServices: 1_000,
    patience: 30_000,
    start: () => ApiServer.start(registry),
  };
}

conformance(
  driver('the Kubernetes registry of an API server', 'SERVICE.NAMESPACE.svc.cluster.local', {
    create: (source) => createKubernetesRegistry(source, plainContext),
    objects: (service, instances) => [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service, namespace },
        spec: { clusterIP: 'None', ports: [{ name: 'http', port: 8080 }] },
      },
      ...instances.map(({ id, address, port }) => ({
        ...endpointSlice(namespace, service, [address], id),
        ports: [{ name: 'http', port, protocol: 'TCP' }],
      })),
    ],
  }),
);

conformance({
  ...driver('the ServiceEntry registry of an API server', 'SERVICE.NAMESPACE.example', {
    create: (source) => createServiceEntryRegistry(source, plainContext),
    objects: (service, instances) => [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: service, namespace },
        spec: entrySpec(`${service}.${namespace}.example`, instances),
      },
    ],
  }),
  get namespace() {
    return namespace;
  },
  expresses: ['weight', 'metadata'],
});
