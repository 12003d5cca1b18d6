/** The parts of Consul that a registry reads: each has a catalog of its own. */
import type { Metadata } from '../../adapter/index.js';
import type { ConsulSettings } from './options.js';

/** One catalog. What is absent is as the agent has it. */
export interface Scope {
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly peer?: string;
}

/** The catalogs that settings name: each combination, and the peers as the agent's own datacenter knows them. */
export function scopesOf({
  datacenters,
  namespaces,
  partitions,
  peers = [],
}: ConsulSettings): readonly Scope[] {
  const tenants = orNone(partitions).flatMap((partition) =>
    orNone(namespaces).map((namespace): Scope => ({
      ...(partition === undefined ? {} : { partition }),
      ...(namespace === undefined ? {} : { namespace }),
    })),
  );
  const own = orNone(datacenters).flatMap((datacenter) =>
    tenants.map((tenant) => (datacenter === undefined ? tenant : { datacenter, ...tenant })),
  );
  return [...own, ...peers.flatMap((peer) => tenants.map((tenant) => ({ peer, ...tenant })))];
}

/** What settings name of a catalog, as attributes of its services; hosts have these in them. */
export function attributesOf(scope: Scope): Metadata {
  return { ...scope };
}

/** A catalog's name for people, unique among those of a registry: `datacenter=dc2,namespace=shop`. */
export function scopeName(scope: Scope): string {
  return Object.entries(scope)
    .map(([part, name]) => `${part}=${name}`)
    .join(',');
}

/** A service's key in the registry: its name, after the catalog that it is in when that has a name. */
export function keyOf(scope: Scope, service: string): string {
  const name = scopeName(scope);
  return name === '' ? service : `${name}/${service}`;
}

/** The name of a service by its key. */
export function nameOf(scope: Scope, key: string): string {
  const name = scopeName(scope);
  return name === '' ? key : key.slice(name.length + 1);
}

function orNone(names: readonly string[] | undefined): readonly (string | undefined)[] {
  return names ?? [undefined];
}
