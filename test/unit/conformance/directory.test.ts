import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { directoryObjectSource } from '../../../src/config/mesh-directory/object-source.js';
import { watchMeshDirectory } from '../../../src/config/mesh-directory/watch.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import type { ObjectSource } from '../../../src/config/object.js';
import type { OpenOptions, RegistryUnderTest, TestInstance } from '../../../src/conformance/driver.js';
import { conformance } from '../../../src/conformance/index.js';
import { createKubernetesRegistry } from '../../../src/registry/kubernetes/registry.js';
import type { ServiceRegistry } from '../../../src/registry/registry.js';
import { createServiceEntryRegistry } from '../../../src/registry/service-entry/registry.js';
import { entrySpec, Services } from './services.js';

type Documents = (service: string, instances: readonly TestInstance[]) => readonly unknown[];

/** A mesh directory with a file for each service. It breaks by being moved away. */
class Directory implements RegistryUnderTest {
  readonly #folder: string;
  readonly #documents: Documents;
  readonly #create: (source: ObjectSource) => ServiceRegistry;
  readonly #services = new Services();
  #place: string;

  constructor(folder: string, documents: Documents, create: (source: ObjectSource) => ServiceRegistry) {
    this.#folder = folder;
    this.#place = join(folder, 'mesh');
    this.#documents = documents;
    this.#create = create;
  }

  open({ name }: OpenOptions): ServiceRegistry {
    const states$ = watchMeshDirectory(join(this.#folder, 'mesh'), { rescanInterval: 200 });
    return this.#create({ ...directoryObjectSource(states$, 'Kubernetes', 'the directory'), cluster: name });
  }

  async register(instances: readonly TestInstance[]): Promise<void> {
    await this.#write(this.#services.register(instances));
  }

  async deregister(instances: readonly Pick<TestInstance, 'service' | 'id'>[]): Promise<void> {
    await this.#write(this.#services.deregister(instances));
  }

  async break(): Promise<void> {
    await rename(this.#place, join(this.#folder, 'away'));
    this.#place = join(this.#folder, 'away');
  }

  async heal(): Promise<void> {
    await rename(this.#place, join(this.#folder, 'mesh'));
    this.#place = join(this.#folder, 'mesh');
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(services: readonly string[]): Promise<void> {
    for (const service of services) {
      const documents = this.#documents(service, this.#services.instances(service));
      const text = documents.map((document) => stringify(document));
      const partial = join(this.#folder, 'partial');
      await writeFile(partial, text.join('---\n'));
      await rename(partial, join(this.#place, `${service}.yaml`));
    }
  }
}

async function directory(
  documents: Documents,
  create: (source: ObjectSource) => ServiceRegistry,
): Promise<Directory> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  await mkdir(join(folder, 'mesh'));
  return new Directory(folder, documents, create);
}

const context = {
  domainSuffix: 'cluster.local',
  trustDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  discoverySelectors: [],
  networks: noMeshNetworks,
};

const common = {
  brokenState: 'degraded',
  leftOut: { 'outage at start': 'Pilotlight does not start with a mesh directory that cannot be read' },
} as const;

conformance({
  ...common,
  name: 'the ServiceEntry registry of a mesh directory',
  hostOf: (service) => `${service}.example`,
  expresses: ['weight', 'metadata'],
  start: () =>
    directory(
      (service, instances) => [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'ServiceEntry',
          metadata: { name: service },
          spec: entrySpec(`${service}.example`, instances),
        },
      ],
      (source) =>
        createServiceEntryRegistry(source, {
          ...context,
          autoAllocate: 'status',
          workloadEntriesOnly: false,
        }),
    ),
});

conformance({
  ...common,
  name: 'the Kubernetes registry of a mesh directory',
  hostOf: (service) => `${service}.default.svc.cluster.local`,
  start: () =>
    directory(
      (service, instances) => [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: service },
          spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
        },
        ...instances.map(({ id, address, port }) => ({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: id, labels: { 'kubernetes.io/service-name': service } },
          addressType: 'IPv4',
          ports: [{ name: 'http', port }],
          endpoints: [{ addresses: [address], conditions: { ready: true } }],
        })),
      ],
      (source) => createKubernetesRegistry(source, context),
    ),
});
