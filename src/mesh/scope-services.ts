/** The services of a scope, one of each host, put together from those that are added (Istio reference 4.3). */
import { deepEqual } from '../base/compare.js';
import { noLabels } from '../model/labels.js';
import { isKubernetesService, type Service } from '../model/service.js';
import { withPortsOf } from './service-copies.js';
import { indexList } from './service-list.js';

/** Collects services; each host has the position in which it was first seen. */
export class ScopeServices {
  #services: readonly Service[] = [];
  #positions: ReadonlyMap<string, number> = new Map();
  /** The same two once something was added that is not in the first list. */
  #own: { readonly services: Service[]; readonly positions: Map<string, number> } | undefined;

  /** What was collected: the first list that was added, if that is all of it. */
  get list(): readonly Service[] {
    return this.#services;
  }

  /**
   * Adds services. A Kubernetes service takes the place of another; a service that is much like the one that is
   * there adds its ports to it; any other second service of a host is left out.
   */
  add(services: readonly Service[]): void {
    if (this.#services.length === 0 && indexList(services).oneOfEach) {
      this.#services = services;
      this.#positions = indexList(services).positions;
      return;
    }
    for (const service of services) this.#addOne(service);
  }

  #addOne(service: Service): void {
    const position = this.#positions.get(service.hostname);
    const known = position === undefined ? undefined : this.#services[position];
    if (position === undefined || known === undefined) {
      const { services, positions } = this.#ownCopy();
      positions.set(service.hostname, services.push(service) - 1);
    } else if (known !== service) {
      const combined = combine(known, service);
      if (combined !== known) this.#ownCopy().services[position] = combined;
    }
  }

  #ownCopy(): { readonly services: Service[]; readonly positions: Map<string, number> } {
    if (this.#own === undefined) {
      this.#own = { services: [...this.#services], positions: new Map(this.#positions) };
      this.#services = this.#own.services;
      this.#positions = this.#own.positions;
    }
    return this.#own;
  }
}

/**
 * What becomes of a second service of a host: it is left out beside a Kubernetes service, or takes the place of one
 * that is none; it has nothing to add; its ports are added; or it is too unlike the first one for that.
 */
export type Combination = 'left-out' | 'replaces' | 'same-ports' | 'adds-ports' | MergeFault;

/** What two services of a host must have in common for the one to add its ports to the other, and have not. */
export type MergeFault = 'namespace' | 'resolution' | 'registry' | 'labels' | 'selector' | 'exportTo';

/** What becomes of a service when one of its host is there already. */
export function combination(known: Service, service: Service): Combination {
  if (isKubernetesService(known) !== isKubernetesService(service))
    return isKubernetesService(known) ? 'left-out' : 'replaces';
  return samePorts(known, service) ? 'same-ports' : (mergeFault(known, service) ?? 'adds-ports');
}

function combine(known: Service, service: Service): Service {
  const becomes = combination(known, service);
  if (becomes === 'replaces') return service;
  return becomes === 'adds-ports' ? withPortsOf(known, service) : known;
}

function samePorts(a: Service, b: Service): boolean {
  return (
    a.ports === b.ports ||
    (a.ports.length === b.ports.length &&
      a.ports.every((port, index) => {
        const other = b.ports[index];
        return port.name === other?.name && port.port === other.port && port.protocol === other.protocol;
      }))
  );
}

function mergeFault(a: Service, b: Service): MergeFault | undefined {
  const left = a.attributes;
  const right = b.attributes;
  if (left.namespace !== right.namespace) return 'namespace';
  if (a.resolution !== b.resolution) return 'resolution';
  if (left.provider !== right.provider) return 'registry';
  if (!deepEqual(left.labels, right.labels)) return 'labels';
  if (!deepEqual(left.labelSelectors ?? noLabels, right.labelSelectors ?? noLabels)) return 'selector';
  return deepEqual(new Set(left.exportTo), new Set(right.exportTo)) ? undefined : 'exportTo';
}
