/** Listens to a registry for a test: the events, and what they come to. */
import type { Subscription } from 'rxjs';
import type { Endpoint } from '../../../src/model/endpoint.js';
import type { NetworkGateway } from '../../../src/model/network.js';
import type { Service } from '../../../src/model/service.js';
import type { Workload } from '../../../src/model/workload.js';
import { workloadKey } from '../../../src/model/workload.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from '../../../src/registry/registry.js';

type EndpointsEvent = Extract<RegistryEvent, { type: 'endpoints' }>;

export class Recorder {
  readonly services = new Map<string, Service>();
  /** By the registry's key. */
  readonly endpoints = new Map<string, EndpointsEvent>();
  readonly workloads = new Map<string, Workload>();
  gateways: readonly NetworkGateway[] = [];
  readonly statuses: RegistryStatus[] = [];
  synced = false;

  readonly #events: RegistryEvent[] = [];
  readonly #subscription: Subscription;

  constructor(registry: ServiceRegistry) {
    this.#subscription = registry.watch().subscribe((event) => this.#take(event));
  }

  /** The events since the last call. */
  news(): readonly RegistryEvent[] {
    return this.#events.splice(0);
  }

  /** The types of the events since the last call. */
  newTypes(): readonly string[] {
    return this.news().map((event) => event.type);
  }

  /** All endpoints of a host. */
  endpointsOf(hostname: string): readonly Endpoint[] {
    return [...this.endpoints.values()]
      .filter((event) => event.hostname === hostname)
      .flatMap((event) => event.endpoints);
  }

  /** The only service of a host. */
  service(hostname: string): Service | undefined {
    return [...this.services.values()].find((service) => service.hostname === hostname);
  }

  /** Everything that is in force, in an order of its own. */
  state(): unknown {
    const sorted = (map: ReadonlyMap<string, unknown>): unknown =>
      [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return {
      services: sorted(this.services),
      endpoints: sorted(this.endpoints),
      workloads: sorted(this.workloads),
      gateways: this.gateways,
    };
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #take(event: RegistryEvent): void {
    this.#events.push(event);
    switch (event.type) {
      case 'service':
        this.services.set(event.key, event.service);
        break;
      case 'service-removed':
        this.services.delete(event.key);
        this.endpoints.delete(event.key);
        break;
      case 'endpoints':
        this.endpoints.set(event.key, event);
        break;
      case 'endpoints-removed':
        this.endpoints.delete(event.key);
        break;
      case 'workload':
        this.workloads.set(workloadKey(event.workload), event.workload);
        break;
      case 'workload-removed':
        this.workloads.delete(event.key);
        break;
      case 'gateways':
        this.gateways = event.gateways;
        break;
      case 'synced':
        this.synced = true;
        break;
      case 'status':
        this.statuses.push(event.status);
        break;
      case 'unchanged':
      case 'failed':
      case 'quarantined':
        break;
    }
  }
}
