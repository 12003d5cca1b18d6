/**
 * Copies of services from which something was left out, or to which something was added. The same change to the same
 * service gives the same object every time, so that scopes and what is made of them can be told to be unchanged.
 */
import type { Service, ServiceAlias, ServicePort } from '../model/service.js';

/** More copies of one service than this are not kept: what asks for them changes all the time. */
const maxCopies = 64;

const copiesOf = new WeakMap<Service, Map<string, Service>>();

/** The service with these aliases; itself if it has them already. */
export function withAliases(service: Service, aliases: readonly ServiceAlias[]): Service {
  const key = aliasKey(aliases);
  if (aliasKey(service.attributes.aliases ?? []) === key) return service;
  return copy(service, `aliases ${key}`, () => ({
    ...service,
    attributes: { ...service.attributes, aliases },
  }));
}

/** The service with only some of its ports; itself if that is all of them. */
export function withPorts(service: Service, ports: readonly ServicePort[]): Service {
  if (ports.length === service.ports.length) return service;
  const key = ports.map((port) => service.ports.indexOf(port)).join(',');
  return copy(service, `ports ${key}`, () => ({ ...service, ports }));
}

const mergesOf = new WeakMap<Service, WeakMap<Service, Service>>();

/** The service with those ports of another whose numbers it lacks. */
export function withPortsOf(service: Service, other: Service): Service {
  let merges = mergesOf.get(service);
  if (merges === undefined) {
    merges = new WeakMap();
    mergesOf.set(service, merges);
  }
  const known = merges.get(other);
  if (known !== undefined) return known;
  const ports = [...service.ports];
  for (const port of other.ports) if (!ports.some((own) => own.port === port.port)) ports.push(port);
  const merged = { ...service, ports };
  merges.set(other, merged);
  return merged;
}

function aliasKey(aliases: readonly ServiceAlias[]): string {
  return aliases.map(({ namespace, hostname }) => `${namespace}/${hostname}`).join(',');
}

function copy(service: Service, key: string, make: () => Service): Service {
  let copies = copiesOf.get(service);
  if (copies === undefined || copies.size >= maxCopies) {
    copies = new Map();
    copiesOf.set(service, copies);
  }
  let made = copies.get(key);
  if (made === undefined) {
    made = make();
    copies.set(key, made);
  }
  return made;
}
