/** The services of a scope, one of each host, put together from those that are added (Istio reference 4.3). */
import { deepEqual } from '../base/compare.js';
import { noLabels } from '../model/labels.js';
import { isKubernetesService, type Service } from '../model/service.js';
import { withPortsOf } from './service-copies.js';

/** Collects services; each host has the position in which it was first seen. */
export class ScopeServices {
  readonly #services: Service[] = [];
  readonly #positions = new Map<string, number>();

  /** What was collected. */
  get list(): readonly Service[] {
    return this.#services;
  }

  /**
   * Adds a service. A Kubernetes service takes the place of another; a service that is much like the one that is
   * there adds its ports to it; any other second service of a host is left out.
   */
  add(service: Service): void {
    const position = this.#positions.get(service.hostname);
    const known = position === undefined ? undefined : this.#services[position];
    if (position === undefined || known === undefined) {
      this.#positions.set(service.hostname, this.#services.length);
      this.#services.push(service);
      return;
    }
    if (known !== service) this.#services[position] = combine(known, service);
  }
}

function combine(known: Service, service: Service): Service {
  if (isKubernetesService(known) !== isKubernetesService(service))
    return isKubernetesService(known) ? known : service;
  return samePorts(known, service) || !mergeable(known, service) ? known : withPortsOf(known, service);
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

function mergeable(a: Service, b: Service): boolean {
  const left = a.attributes;
  const right = b.attributes;
  return (
    left.namespace === right.namespace &&
    a.resolution === b.resolution &&
    left.provider === right.provider &&
    deepEqual(left.labels, right.labels) &&
    deepEqual(left.labelSelectors ?? noLabels, right.labelSelectors ?? noLabels) &&
    deepEqual(new Set(left.exportTo), new Set(right.exportTo))
  );
}
