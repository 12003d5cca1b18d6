/** /debug/registries: how each registry is doing, what is stale, held back, put aside, and in conflict with others. */
import type { HostConflict } from '../registry/merge.js';
import { shardKey } from '../registry/registry.js';
import type { RegistryView } from '../registry/view.js';
import type { Page } from './http-server.js';

/** What the page looks at. */
export interface RegistrySources {
  views(): readonly RegistryView[];
  conflicts(): readonly HostConflict[];
  /** Lets held removals of a registry through; undefined when it is not there. */
  release(registry: string, key: string | undefined): number | undefined;
}

/** The page. */
export function registriesPage(sources: RegistrySources): Page {
  return {
    path: '/debug/registries',
    help: 'how each registry is doing; ?release=PROVIDER/NAME lets held removals through (one with &key=)',
    answer: (query) => {
      const registry = query.get('release');
      if (registry === null || registry === '') return { body: { json: registriesJson(sources) } };
      const count = sources.release(registry, query.get('key') ?? undefined);
      return count === undefined
        ? { status: 404, body: { text: `there is no registry ${registry}\n` } }
        : { body: { text: `Released ${count} held removals of ${registry}\n` } };
    },
  };
}

function registriesJson(sources: RegistrySources): unknown {
  return { registries: sources.views().map(registryJson), conflicts: sources.conflicts() };
}

function registryJson(view: RegistryView): unknown {
  const { provider, cluster, synced, status, safety, quarantined } = view;
  let endpoints = 0;
  for (const list of view.endpoints.values()) endpoints += list.endpoints.length;
  return {
    registry: shardKey(view),
    provider,
    name: cluster,
    state: status.state,
    message: status.message,
    synced,
    readable: safety.readable,
    services: view.services.size,
    endpoints,
    workloads: view.workloads.size,
    restored: safety.restored,
    stale: [...safety.stale].map(([key, { since, reason, of }]) => ({ key, since: time(since), reason, of })),
    held: safety.held.map((held) => ({ ...held, since: time(held.since), until: time(held.until) })),
    removals: safety.counts,
    quarantined,
  };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
