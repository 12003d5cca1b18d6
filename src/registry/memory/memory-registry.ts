/** A registry that holds what it is given: for tests, and for programs that embed Pilotlight. */
import { Observable, Subject } from 'rxjs';
import { createSerial } from '../../base/serial.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { NetworkGateway } from '../../model/network.js';
import type { Provider, Service } from '../../model/service.js';
import { serviceKey } from '../../model/service.js';
import type { Workload } from '../../model/workload.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from '../registry.js';
import { RegistryValues } from '../registry-values.js';

/** Whom a memory registry speaks for. */
export interface MemoryRegistryOptions {
  /** `Mock` by default. */
  readonly provider?: Provider;
  /** `Kubernetes` by default. */
  readonly cluster?: string;
}

/**
 * Keeps services, endpoints, workloads and gateways, and tells everyone who watches: first all that there is, then
 * each change at once, in the call that makes it. Setting what is already there tells nobody anything.
 *
 * Until `synced` is called it counts as still being read.
 */
export class MemoryRegistry implements ServiceRegistry {
  readonly provider: Provider;
  readonly cluster: string;
  readonly #values = new RegistryValues();
  readonly #changes$ = new Subject<RegistryEvent>();
  readonly #serially = createSerial();
  #synced = false;

  constructor({ provider = 'Mock', cluster = 'Kubernetes' }: MemoryRegistryOptions = {}) {
    this.provider = provider;
    this.cluster = cluster;
    this.#values.setStatus({ state: 'connecting' });
  }

  /**
   * Adds a service, or replaces the one of its key. Give keys of your own when several values have the same host in
   * one namespace.
   *
   * @returns the key
   */
  setService(service: Service, key = serviceKey(service.hostname, service.attributes.namespace)): string {
    this.#tell(this.#values.setService(key, service));
    return key;
  }

  /** Removes a service and its endpoints; an unknown key is ignored. */
  removeService(key: string): void {
    this.#tell(this.#values.removeService(key));
  }

  /**
   * Sets all endpoints of a service, which need not be there.
   *
   * @returns the key
   */
  setEndpoints(
    hostname: string,
    namespace: string,
    endpoints: readonly Endpoint[],
    key = serviceKey(hostname, namespace),
  ): string {
    this.#tell(this.#values.setEndpoints(key, { hostname, namespace, endpoints }));
    return key;
  }

  /** Removes the endpoints of a service but not the service; an unknown key is ignored. */
  removeEndpoints(key: string): void {
    this.#tell(this.#values.removeEndpoints(key));
  }

  /** Adds a workload, or replaces the one of its kind, namespace and name. */
  setWorkload(workload: Workload): void {
    this.#tell(this.#values.setWorkload(workload));
  }

  /** Removes a workload by `workloadKey`; an unknown key is ignored. */
  removeWorkload(key: string): void {
    this.#tell(this.#values.removeWorkload(key));
  }

  /** Sets all gateways between networks. */
  setGateways(gateways: readonly NetworkGateway[]): void {
    this.#tell(this.#values.setGateways(gateways));
  }

  /** Says how the registry is doing, for example that it failed; its values stay. */
  setStatus(status: RegistryStatus): void {
    this.#tell(this.#values.setStatus(status));
  }

  /** Says that everything has been said once, and that the registry is healthy. */
  synced(): void {
    this.setStatus({ state: 'healthy' });
    if (this.#synced) return;
    this.#synced = true;
    this.#tell({ type: 'synced' });
  }

  watch(): Observable<RegistryEvent> {
    return new Observable((subscriber) => {
      this.#serially(() => {
        for (const event of this.#values.replay()) subscriber.next(event);
        if (this.#synced) subscriber.next({ type: 'synced' });
        subscriber.add(this.#changes$.subscribe(subscriber));
      });
    });
  }

  #tell(event: RegistryEvent | undefined): void {
    if (event !== undefined) this.#serially(() => this.#changes$.next(event));
  }
}
