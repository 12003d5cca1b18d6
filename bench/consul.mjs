/**
 * A real Consul with 2,000 services of 10 instances each, Pilotlight, and an Envoy: how long a change takes until Envoy
 * has accepted it, what CPU all takes while nothing happens, and how long changes take while there are 100 a second for
 * a minute. With a blocking query for each service, and with as many as there are unless one says otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { tap } from 'rxjs';
import { registryOf } from '../dist/adapter/index.js';
import { adapter } from '../dist/registries/consul/adapter.js';
import { NotAvailable } from '../testenv/cache.mjs';
import { Consul } from '../testenv/consul/consul.mjs';
import { consulBinary } from '../testenv/consul/install.mjs';
import { instance, instances } from '../testenv/consul/many.mjs';
import { envoyBinary } from '../testenv/envoy/install.mjs';
import { eventually } from '../testenv/process.mjs';
import { processCpuSeconds } from './load/process-usage.mjs';
import { percentile } from './load/statistics.mjs';
import { PilotWithEnvoy } from './pilot-with-envoy.mjs';

const serviceCount = 2000;
const instanceCount = 10;
const singleChanges = 50;
const idleSeconds = 30;
const changesPerSecond = 100;
const churnSeconds = 60;

/** The service that Envoy routes to, and its cluster. */
const watchedService = 'service-7';
const cluster = `outbound|80||${watchedService}.service.consul`;

/** The limits, by how many blocking queries there are. */
const cases = [
  {
    name: 'a blocking query for each service',
    blockingQueries: serviceCount + 1,
    connections: serviceCount + 200,
    limits: { read: 10_000, accepted: 150, idle: 3, churn: 1000 },
  },
  {
    name: '100 blocking queries',
    blockingQueries: 100,
    connections: undefined,
    limits: { read: 10_000, accepted: 150, idle: 3, churn: 15_000 },
  },
];

/** @returns {Promise<import('./run.mjs').Measure[]>} */
export async function consul() {
  try {
    await consulBinary();
    await envoyBinary();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.log(`consul: left out: ${error.message}`);
    return [];
  }
  const measures = [];
  for (const each of cases) measures.push(...(await measure(each)));
  return measures;
}

/** @param {typeof cases[number]} parameters */
async function measure({ name, blockingQueries, connections, limits }) {
  const server = await Consul.start({ connections });
  const pilot = new Pilotlight();
  try {
    await server.api.register(instances(serviceCount, instanceCount));
    const read = await pilot.read(server.url, blockingQueries);
    const accepted = await singleChange(server, pilot);
    const idle = await idleCpu(server);
    const churned = await churn(server, pilot);
    const what = (/** @type {string} */ text) => `${text}, with ${name}`;
    return [
      { what: what(`${serviceCount} services read`), value: read, unit: 'ms', limit: limits.read },
      { what: what('change to ACK, median'), value: percentile(accepted, 0.5), unit: 'ms' },
      {
        what: what('change to ACK, 95 of 100'),
        value: percentile(accepted, 0.95),
        unit: 'ms',
        limit: limits.accepted,
      },
      {
        what: what(`CPU of Pilotlight while ${serviceCount} services idle`),
        value: idle.pilotlight,
        unit: '% of a core',
        limit: limits.idle,
      },
      { what: what('CPU of Consul meanwhile'), value: idle.consul, unit: '% of a core' },
      {
        what: what(`${changesPerSecond} changes a second: change to Pilotlight, median`),
        value: percentile(churned.times, 0.5),
        unit: 'ms',
      },
      {
        what: what(`${changesPerSecond} changes a second: change to Pilotlight, 99 of 100`),
        value: percentile(churned.times, 0.99),
        unit: 'ms',
        limit: limits.churn,
      },
      {
        what: what(`${changesPerSecond} changes a second: changes that were lost`),
        value: churned.lost,
        unit: '',
        limit: 0,
      },
      {
        what: what(`${changesPerSecond} changes a second: CPU of Pilotlight and of what makes them`),
        value: churned.cpu,
        unit: '% of a core',
      },
      { what: what('CPU of Consul meanwhile'), value: churned.consul, unit: '% of a core' },
    ];
  } finally {
    await pilot.stop();
    await server.stop();
  }
}

/** Pilotlight on one registry, with an Envoy. */
class Pilotlight extends PilotWithEnvoy {
  /** Told of the endpoints of a service that changed. @type {(endpoints: readonly import('../dist/index.js').Endpoint[]) => void} */
  onEndpoints = () => undefined;

  /** @param {string} url @param {number} blockingQueries @returns {Promise<number>} milliseconds until all was read */
  read(url, blockingQueries) {
    const registry = registryOf(adapter, {
      settings: { servers: [url], blockingQueries, requestsPerSecond: 1000 },
      mapping: { port: 80 },
      damping: false,
    });
    return this.start({ registries: [this.#observed(registry)] }, { cluster, namespace: 'default' });
  }

  /** @param {import('../dist/index.js').ServiceRegistry} registry */
  #observed(registry) {
    const told = tap((/** @type {import('../dist/index.js').RegistryEvent} */ event) => {
      if (event.type === 'endpoints') this.onEndpoints(event.endpoints);
    });
    return { ...registry, watch: () => registry.watch().pipe(told) };
  }
}

/**
 * An instance flips between critical and passing, one change after the other.
 * @param {Consul} server @param {Pilotlight} pilot
 */
function singleChange(server, pilot) {
  const flipped = instance(Number(watchedService.split('-')[1]), 0);
  return pilot.follow(singleChanges, (round) =>
    server.api.setCheck(flipped, flipped.id, round % 2 === 0 ? 'critical' : 'passing'),
  );
}

/** @param {Consul} server */
async function idleCpu(server) {
  await sleep(5000);
  const pid = server.pid ?? 0;
  const before = process.cpuUsage();
  const consulBefore = await processCpuSeconds(pid);
  const began = performance.now();
  await sleep(idleSeconds * 1000);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    pilotlight: ((user + system) / 1e6 / seconds) * 100,
    consul: (((await processCpuSeconds(pid)) - consulBefore) / seconds) * 100,
  };
}

/**
 * Instances change their health or their metadata; each change is waited for by its address.
 * @param {Consul} server @param {Pilotlight} pilot
 */
async function churn(server, pilot) {
  /** @type {number[]} */
  const times = [];
  /** @type {Map<string, { began: number, isThere: (endpoint: import('../dist/index.js').Endpoint) => boolean }>} */
  const waiting = new Map();
  pilot.onEndpoints = (endpoints) => {
    for (const endpoint of endpoints) {
      const [address = ''] = endpoint.addresses;
      const change = waiting.get(address);
      if (change === undefined || !change.isThere(endpoint)) continue;
      times.push(performance.now() - change.began);
      waiting.delete(address);
    }
  };
  const pid = server.pid ?? 0;
  const before = process.cpuUsage();
  const consulBefore = await processCpuSeconds(pid);
  const began = performance.now();
  /** @type {Promise<unknown>[]} */
  const asked = [];
  for (let made = 0; made < changesPerSecond * churnSeconds; made += 1) {
    await sleep(Math.max(0, began + (made * 1000) / changesPerSecond - performance.now()));
    const service = Math.floor(Math.random() * serviceCount);
    const changed = instance(service, Math.floor(Math.random() * instanceCount));
    if (waiting.has(changed.address)) continue;
    const version = `${made}`;
    waiting.set(changed.address, {
      began: performance.now(),
      isThere: ({ labels }) => labels['version'] === version,
    });
    asked.push(server.api.register([{ ...changed, meta: { version } }]));
  }
  await Promise.all(asked);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const consulCpu = (await processCpuSeconds(pid)) - consulBefore;
  await eventually('every change', () => waiting.size === 0 || undefined).catch(() => undefined);
  return {
    times,
    lost: waiting.size,
    cpu: ((user + system) / 1e6 / seconds) * 100,
    consul: (consulCpu / seconds) * 100,
  };
}
