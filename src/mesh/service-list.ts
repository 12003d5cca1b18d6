/** Lists of services by host. Lists are never changed, and many scopes share one, so each is looked through once. */
import type { Service } from '../model/service.js';

/** Where the services of a list stand. */
export interface ServiceListIndex {
  /** The position of the first service of a host. */
  readonly positions: ReadonlyMap<string, number>;
  /** Whether no host occurs twice. */
  readonly oneOfEach: boolean;
}

const indexes = new WeakMap<readonly Service[], ServiceListIndex>();

/** Where the services of a list stand. */
export function indexList(services: readonly Service[]): ServiceListIndex {
  let index = indexes.get(services);
  if (index === undefined) {
    const positions = new Map<string, number>();
    for (const [position, { hostname }] of services.entries()) {
      if (!positions.has(hostname)) positions.set(hostname, position);
    }
    index = { positions, oneOfEach: positions.size === services.length };
    indexes.set(services, index);
  }
  return index;
}

/** The first service of a host in a list. */
export function serviceOfHost(services: readonly Service[], hostname: string): Service | undefined {
  const position = indexList(services).positions.get(hostname);
  return position === undefined ? undefined : services[position];
}
