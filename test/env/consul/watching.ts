/** The adapter on a real Consul, watched as Pilotlight watches it. */
import { afterEach } from 'vitest';
import { registryOf, type RegistryOptions } from '../../../src/adapter/index.js';
import { Watched } from '../../../src/conformance/bench.js';
import { adapter } from '../../../src/registries/consul/adapter.js';
import type { Registration } from '../../../testenv/consul/api.mjs';
import { impatient } from './driver.js';

/** Generous: only a defect takes so long. */
const patience = 60_000;

const watches = new Set<Watched>();

afterEach(() => {
  for (const watched of watches) watched.end();
  watches.clear();
});

/** Watches servers, with these settings beside them. */
export function watch(
  servers: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
  options: Omit<RegistryOptions, 'settings'> = {},
): Watched {
  const registry = registryOf(adapter, { ...options, settings: { ...impatient, ...settings, servers } });
  const watched = new Watched(registry, patience);
  watches.add(watched);
  return watched;
}

/** Watches servers until everything has been said. */
export async function synced(...args: Parameters<typeof watch>): Promise<Watched> {
  const watched = watch(...args);
  await watched.until('everything has been said', ({ synced: isSynced }) => isSynced);
  return watched;
}

/** The addresses of a service by its host, sorted. */
export function addresses(watched: Watched, host: string): readonly string[] {
  return watched.addresses(host, 'default');
}

/** Waits until a host has exactly these addresses. */
export async function untilAddresses(
  watched: Watched,
  host: string,
  wanted: readonly string[],
): Promise<void> {
  const expected = JSON.stringify([...wanted].sort());
  await watched.until(`${host} has ${expected}`, () => JSON.stringify(addresses(watched, host)) === expected);
}

/** Waits until the registry has a state. */
export function untilState(watched: Watched, state: string): Promise<void> {
  return watched.until(`the registry is ${state}`, ({ status }) => status.state === state);
}

/** Waits until all is read, and nothing is stale. */
export function untilWell(watched: Watched): Promise<void> {
  return watched.until(
    'all is well',
    ({ status, safety }) => status.state === 'healthy' && safety.stale.size === 0 && safety.held.length === 0,
  );
}

/** An instance of `web` at 10.0.0.NUMBER:8080, passing. */
export function web(number: number, more: Partial<Registration> = {}): Registration {
  return {
    service: 'web',
    id: `web-${number}`,
    address: `10.0.0.${number}`,
    port: 8080,
    checks: { [`alive:${number}`]: 'passing' },
    ...more,
  };
}

export const webHost = 'web.service.consul';
