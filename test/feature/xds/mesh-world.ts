/** A whole Pilotlight over a registry in memory, for behaviour that a source of raw resources does not have. */
import { Cluster, ClusterLoadAssignment, type NodeShape } from '../../../src/envoy/messages.js';
import { MemoryRegistry, startPilot, type Pilot, type PilotOptions } from '../../../src/index.js';
import { endpoint, service } from '../inventory.js';
import { cds, eds } from './world.js';
import {
  DeltaClient,
  SotwClient,
  type Answer,
  type ClientOptions,
  type NameOf,
  type Variant,
} from './client.js';

export const meshNode: NodeShape = { id: 'sidecar~127.0.0.1~a.shop~shop.svc.cluster.local' };

/** The cluster of a service's only port. */
export function clusterOf(name: string): string {
  return `outbound|80||${name}.example`;
}

const nameOf: NameOf = (typeUrl, body) => {
  if (typeUrl === cds) return Cluster.decode(body).name;
  if (typeUrl === eds) return ClusterLoadAssignment.decode(body).clusterName;
  return '';
};

/** The addresses in the assignments of an answer, by cluster. */
export function addressesOf(answer: Answer): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    answer.resources.map(({ name, body }) => {
      const { endpoints } = ClusterLoadAssignment.decode(body ?? new Uint8Array());
      const addresses = endpoints.flatMap(({ lbEndpoints }) =>
        lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address ?? ''),
      );
      return [name, addresses.sort()];
    }),
  );
}

export class MeshWorld {
  readonly registry: MemoryRegistry;
  readonly pilot: Pilot;
  readonly #closers: (() => void)[] = [];
  #addresses = 0;
  #marks = 0;

  constructor(registry: MemoryRegistry, pilot: Pilot) {
    this.registry = registry;
    this.pilot = pilot;
  }

  /** The registry has been read, and is served. */
  async synced(): Promise<void> {
    this.registry.synced();
    await this.pilot.ready;
  }

  client(variant: Variant, options: ClientOptions = {}): SotwClient | DeltaClient {
    return variant === 'sotw' ? this.sotw(options) : this.delta(options);
  }

  sotw(options: ClientOptions = {}): SotwClient {
    return this.#kept(new SotwClient(this.pilot.xdsAddress.port, { node: meshNode, nameOf, ...options }));
  }

  delta(options: ClientOptions = {}): DeltaClient {
    return this.#kept(new DeltaClient(this.pilot.xdsAddress.port, { node: meshNode, nameOf, ...options }));
  }

  #kept<T extends SotwClient | DeltaClient>(client: T): T {
    this.#closers.push(() => client.close());
    return client;
  }

  /** Adds a service with these endpoints. */
  addService(name: string, ...addresses: readonly string[]): void {
    this.#addresses += 1;
    this.registry.setService(service(name, { sequence: this.#addresses }));
    this.setEndpoints(name, ...addresses);
  }

  setEndpoints(name: string, ...addresses: readonly string[]): void {
    const endpoints = addresses.map((address) => endpoint(address));
    this.registry.setEndpoints(`${name}.example`, 'shop', endpoints);
  }

  removeService(name: string): void {
    this.registry.removeService(`shop/${name}.example`);
  }

  /** What has changed so far has reached another client. */
  async untilPushed(): Promise<void> {
    this.#marks += 1;
    const name = `mark-${this.#marks}`;
    const client = this.client('delta');
    client.subscribe(cds, clusterOf(name));
    await client.take();
    this.addService(name, '10.5.0.1');
    await client.take();
    this.removeService(name);
    client.close();
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    await this.pilot.close();
  }
}

/** Starts it with two services, `cart` and `stock`; it is ready once `synced` was called. */
export async function connectMesh(options: PilotOptions = {}): Promise<MeshWorld> {
  const address = { host: '127.0.0.1', port: 0 };
  const registry = new MemoryRegistry({ provider: 'Inventory' });
  const pilot = await startPilot({
    registries: [registry],
    xdsAddress: address,
    httpAddress: address,
    debounceAfter: 1,
    ...options,
  });
  const mesh = new MeshWorld(registry, pilot);
  mesh.addService('cart', '10.0.0.1', '10.0.0.2');
  mesh.addService('stock', '10.0.1.1');
  return mesh;
}
