/** 2,000 services with 10 instances each, of which 100 change every second. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RegistryView } from '../../../src/registry/view.js';
import type { Registration } from '../../../testenv/consul/api.mjs';
import { Consul } from '../../../testenv/consul/consul.mjs';
import { instance, instances } from '../../../testenv/consul/many.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { synced, untilWell } from './watching.js';

const serviceCount = 2_000;
const instanceCount = 10;
const perSecond = 100;
const batchSize = 10;
/** The bench does it for a minute. */
const seconds = 10;

let consul: Consul;

/** An instance that was changed, and how often. */
interface Change {
  readonly service: number;
  readonly index: number;
  readonly version: number;
}

/** Another change of some instance. */
function nextChange(before: ReadonlyMap<string, Change>): readonly [string, Change] {
  const service = Math.floor(Math.random() * serviceCount);
  const index = Math.floor(Math.random() * instanceCount);
  const key = `${service}/${index}`;
  return [key, { service, index, version: (before.get(key)?.version ?? 0) + 1 }];
}

/** Whether the last change of an instance is known. */
function isThere(endpoints: RegistryView['endpoints'], { service, index, version }: Change): boolean {
  const { address } = instance(service, index);
  const list = endpoints.get(`service-${service}`)?.endpoints;
  const found = list?.find(({ addresses: [first] }) => first === address);
  const health = version % 3 === 2 ? 'unhealthy' : 'healthy';
  return found?.labels['version'] === `${version}` && found.health === health;
}

/** An instance as it is registered with its change. */
function changed({ service, index, version }: Change): Registration {
  const before = instance(service, index);
  const state = version % 3 === 2 ? 'critical' : 'passing';
  return { ...before, meta: { version: `${version}` }, checks: { [before.id]: state } };
}

beforeAll(async () => {
  consul = await Consul.start({ connections: 4_000 });
  await consul.api.register(instances(serviceCount, instanceCount));
});

afterAll(() => consul.stop());

test.each([serviceCount + 1, 100])(
  'all end as they are registered, with %i blocking queries',
  async (blockingQueries) => {
    const watched = await synced([consul.url], {
      blockingQueries,
      requestsPerSecond: 1_000,
      // As they are for people: Consul is busy.
      timeout: '10s',
      heartbeat: '5s',
      wait: '5m',
    });
    const changes = new Map<string, Change>();
    for (let made = 0; made < seconds * perSecond; made += batchSize) {
      const due = new Promise((resolve) => setTimeout(resolve, (1000 * batchSize) / perSecond));
      const batch = new Map(Array.from({ length: batchSize }, () => nextChange(changes)));
      for (const [key, change] of batch) changes.set(key, change);
      await Promise.all([consul.api.register([...batch.values()].map(changed)), due]);
    }
    // Looked at now and then: to look after each of so many events would take longer than they do.
    const waiting = new Map(changes);
    await eventually('every change', () => {
      const { endpoints } = watched.view;
      for (const [key, change] of waiting) if (isThere(endpoints, change)) waiting.delete(key);
      return waiting.size === 0;
    });
    await untilWell(watched);
    let endpoints = 0;
    for (const { endpoints: list } of watched.view.endpoints.values()) endpoints += list.length;
    expect(endpoints).toBe(serviceCount * instanceCount + 1);
    expect(watched.view.safety.counts.held).toBe(0);
  },
);
