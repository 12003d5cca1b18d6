/**
 * The values that a registry has said, and the events that a new value makes of them. A value that says nothing
 * new makes no event, so whoever holds these can recompute freely.
 */
import { deepEqual } from '../base/compare.js';
import type { NetworkGateway } from '../model/network.js';
import type { Provenance, Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { workloadKey } from '../model/workload.js';
import type { RegistryEvent, RegistryStatus } from './registry.js';

type EndpointsEvent = Extract<RegistryEvent, { type: 'endpoints' }>;

/** All endpoints of one service, with whom they belong to. */
export type ServiceEndpoints = Pick<EndpointsEvent, 'hostname' | 'namespace' | 'endpoints'>;

/**
 * The current values of one registry. Each setter takes a value in and returns the event that tells it, or
 * undefined when it is equal to the one before. An object's place in its file (`provenance.location`) and its
 * `resourceVersion` change without any effect on the mesh, so they alone make no event.
 */
export class RegistryValues {
  readonly #services = new Map<string, Service>();
  readonly #endpoints = new Map<string, EndpointsEvent>();
  readonly #workloads = new Map<string, Workload>();
  #gateways: readonly NetworkGateway[] = [];
  #status: RegistryStatus | undefined;

  /** The service of a key. */
  service(key: string): Service | undefined {
    return this.#services.get(key);
  }

  /** Sets a service. */
  setService(key: string, service: Service): RegistryEvent | undefined {
    const before = this.#services.get(key);
    if (before !== undefined && sameValue(before, service)) return undefined;
    this.#services.set(key, service);
    return { type: 'service', key, service };
  }

  /** Removes a service and the endpoints of its key. */
  removeService(key: string): RegistryEvent | undefined {
    if (!this.#services.delete(key)) return undefined;
    this.#endpoints.delete(key);
    return { type: 'service-removed', key };
  }

  /** Sets all endpoints of a service. */
  setEndpoints(key: string, value: ServiceEndpoints): RegistryEvent | undefined {
    const before = this.#endpoints.get(key);
    if (before !== undefined && sameEndpoints(before, value)) return undefined;
    const event: EndpointsEvent = { type: 'endpoints', key, ...value };
    this.#endpoints.set(key, event);
    return event;
  }

  /** Removes the endpoints of a key. */
  removeEndpoints(key: string): RegistryEvent | undefined {
    return this.#endpoints.delete(key) ? { type: 'endpoints-removed', key } : undefined;
  }

  /** Sets a workload. */
  setWorkload(workload: Workload): RegistryEvent | undefined {
    const key = workloadKey(workload);
    const before = this.#workloads.get(key);
    if (before !== undefined && sameValue(before, workload)) return undefined;
    this.#workloads.set(key, workload);
    return { type: 'workload', workload };
  }

  /** Removes a workload by `workloadKey`. */
  removeWorkload(key: string): RegistryEvent | undefined {
    return this.#workloads.delete(key) ? { type: 'workload-removed', key } : undefined;
  }

  /** Sets all gateways. */
  setGateways(gateways: readonly NetworkGateway[]): RegistryEvent | undefined {
    if (deepEqual(this.#gateways, gateways)) return undefined;
    this.#gateways = gateways;
    return { type: 'gateways', gateways };
  }

  /** Sets how the registry is doing. */
  setStatus(status: RegistryStatus): RegistryEvent | undefined {
    if (deepEqual(this.#status, status)) return undefined;
    this.#status = status;
    return { type: 'status', status };
  }

  /** Everything as events, for one who has heard nothing yet. */
  replay(): readonly RegistryEvent[] {
    const events: RegistryEvent[] = [];
    if (this.#status !== undefined) events.push({ type: 'status', status: this.#status });
    for (const [key, service] of this.#services) events.push({ type: 'service', key, service });
    events.push(...this.#endpoints.values());
    for (const workload of this.#workloads.values()) events.push({ type: 'workload', workload });
    if (this.#gateways.length > 0) events.push({ type: 'gateways', gateways: this.#gateways });
    return events;
  }
}

type Provenanced = Pick<Service, 'provenance'>;

function sameValue<T extends Provenanced>(a: T, b: T): boolean {
  if (a === b) return true;
  for (const field of new Set([...fieldsOf(a), ...fieldsOf(b)])) {
    if (field === 'resourceVersion' || field === 'provenance') continue;
    if (!deepEqual(a[field], b[field])) return false;
  }
  return sameProvenance(a.provenance, b.provenance);
}

function fieldsOf<T extends object>(value: T): readonly (string & keyof T)[] {
  return Object.keys(value) as (string & keyof T)[];
}

function sameProvenance(a: Provenance, b: Provenance): boolean {
  return a.registry === b.registry && a.object === b.object && a.stale === b.stale;
}

function sameEndpoints(a: ServiceEndpoints, b: ServiceEndpoints): boolean {
  return (
    a.hostname === b.hostname &&
    a.namespace === b.namespace &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((endpoint, index) => {
      const other = b.endpoints[index];
      return other !== undefined && sameValue(endpoint, other);
    })
  );
}
