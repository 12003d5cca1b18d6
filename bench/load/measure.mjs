/**
 * One cell of the table: a server on a mesh of S services, N simulated sidecars, and the four measurements.
 *
 * (a) all proxies connect at once; (b) one endpoint moves, again and again; (c) a service is added, again and again;
 * (d) endpoints move all the time. What a change takes is counted from the request that makes it until the last
 * proxy has it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadGenerator } from './load-generator.mjs';
import { clusterName, probeAddress } from './mesh.mjs';
import { availableMemory, processCpuSeconds, processMemory, resetPeak } from './process-usage.mjs';
import { percentile } from './statistics.mjs';

/** @typedef {import('./servers.mjs').MeasuredServer} MeasuredServer */

/** @typedef {'a' | 'b' | 'c' | 'd'} Measurement */

/**
 * @typedef {object} CellSettings
 * @property {number} services
 * @property {number} proxies
 * @property {number} endpoints of each service
 * @property {'sotw' | 'delta'} variant
 * @property {readonly string[]} types that proxies subscribe to
 * @property {ReadonlySet<Measurement>} measurements
 * @property {number} rounds of (b)
 * @property {number} addRounds of (c)
 * @property {number} rate changes a second in (d)
 * @property {number} seconds of (d)
 * @property {number} limitSeconds for all proxies to be configured
 */

/** Times in milliseconds, CPU in seconds, memory in bytes; what is not known is absent. */

/**
 * @typedef {{ wallMs: number, medianMs: number, cpu?: number, peak?: number, bytesPerProxy: number, resources: Record<string, number>, generatorCpu: number }} Connect
 * @typedef {{ rounds: number, missed: number, p50: number, p99: number, cpuPerChange?: number, bytesPerProxy: number, responsesPerProxy: Record<string, number>, resourcesPerProxy: Record<string, number> }} Change
 * @typedef {{ changes: number, seconds: number, probes: number, missed: number, p50: number, p99: number, cpu?: number, megabytes: number, responses: Record<string, number>, rss?: number, peak?: number, generatorCpu: number }} Churn
 */

/**
 * @typedef {object} CellResult
 * @property {string} server
 * @property {number} services
 * @property {number} proxies
 * @property {'sotw' | 'delta'} variant
 * @property {string} [failure] why it ended early
 * @property {number} [idleRss] before the first proxy
 * @property {Connect} [a]
 * @property {Change} [b]
 * @property {Change} [c]
 * @property {Churn} [d]
 * @property {string[]} [metrics] some of what the server itself counted
 */

const arrivalLimitMs = 60_000;
const leastAvailableMemory = 768 * 1024 * 1024;
/** After a change, until a server has done what follows from it, such as reading what proxies acknowledge. */
const settleMs = 250;
/** Longer than any debounce, so that each change is the first after a quiet time. */
const quietMs = 250;
const warmUpRounds = 3;
const probeEveryMs = 1000;

/**
 * Measures one server in one cell. A cell that does not fit, in memory or in time, has a `failure`.
 * @param {import('./servers.mjs').ServerKind} kind
 * @param {CellSettings} settings
 * @returns {Promise<CellResult>}
 */
export async function measureCell(kind, settings) {
  const { services, proxies, variant, endpoints } = settings;
  /** @type {CellResult} */
  const result = { server: kind.name, services, proxies, variant };
  const server = await kind.start({ services, endpoints });
  try {
    await new Cell(server, settings, result).run();
  } catch (error) {
    if (!(error instanceof DoesNotFit)) throw error;
    result.failure = error.message;
  } finally {
    await server.stop();
  }
  return result;
}

/** A cell that this machine is too small for, or a server. */
class DoesNotFit extends Error {}

class Cell {
  /** @type {MeasuredServer} */
  #server;
  /** @type {CellSettings} */
  #settings;
  /** @type {CellResult} */
  #result;
  #probe = 0;

  /** @param {MeasuredServer} server @param {CellSettings} settings @param {CellResult} result */
  constructor(server, settings, result) {
    this.#server = server;
    this.#settings = settings;
    this.#result = result;
  }

  async run() {
    const { measurements } = this.#settings;
    const result = this.#result;
    const idle = await this.#memory();
    if (idle !== undefined) result.idleRss = idle.rss;
    const before = await this.#server.cpuSeconds();
    const load = await LoadGenerator.start(this.#loadArguments());
    const watch = new MemoryWatch();
    try {
      const trouble = Promise.race([watch.exhausted, this.#server.ended, load.ended]).then((reason) => {
        throw new DoesNotFit(reason);
      });
      const work = async () => {
        const connected = await this.#connected(load, before);
        if (this.#server.control !== undefined) {
          if (measurements.has('b')) result.b = await this.#moveEndpoints(load);
          if (measurements.has('c')) result.c = await this.#addServices(load);
          if (measurements.has('d')) result.d = await this.#churn(load);
          result.metrics = await this.#metrics();
        }
        return connected;
      };
      const connected = await Promise.race([work(), trouble]);
      const summary = await load.finish();
      result.a = {
        ...connected,
        medianMs: summary.configured_ms.p50,
        bytesPerProxy: summary.rx_bytes_init / summary.clients,
        resources: byType(summary.types_init, ({ Resources }) => Resources / summary.clients),
      };
    } catch (error) {
      await load.kill();
      if (error instanceof DoesNotFit) throw error;
      // Whatever failed on the way, a process that is gone or memory that is used up explains it.
      const reason = await Promise.race([watch.exhausted, this.#server.ended, sleep(1000)]);
      if (typeof reason === 'string') throw new DoesNotFit(reason);
      throw error;
    } finally {
      watch.stop();
    }
  }

  #loadArguments() {
    const { proxies, variant, types, limitSeconds } = this.#settings;
    const clients = ['-n', String(proxies), '-mode', variant, '-types', types.join(',')];
    return ['-addr', this.#server.xds, ...clients, '-timeout', `${limitSeconds}s`];
  }

  /** @param {LoadGenerator} load @param {number | undefined} cpuBefore */
  async #connected(load, cpuBefore) {
    const { limitSeconds, proxies } = this.#settings;
    const end = Date.now() + (limitSeconds + 30) * 1000;
    let initial = load.initial();
    while (initial === undefined) {
      if (Date.now() > end) throw new DoesNotFit(`not all connected within ${limitSeconds} s`);
      await sleep(10);
      initial = load.initial();
    }
    if (initial.configured < proxies) {
      throw new DoesNotFit(`${initial.configured} of ${proxies} had everything after ${limitSeconds} s`);
    }
    const cpu = difference(await this.#server.cpuSeconds(), cpuBefore);
    const memory = await this.#memory();
    return {
      wallMs: initial.ms,
      ...(cpu === undefined ? {} : { cpu }),
      ...(memory === undefined ? {} : { peak: memory.peak }),
      generatorCpu: await generatorCpu(load),
    };
  }

  /** (b) @param {LoadGenerator} load @returns {Promise<Change>} */
  async #moveEndpoints(load) {
    for (let round = 0; round < warmUpRounds; round += 1) await this.#moveEndpoint(load, 'warm-up');
    const started = await this.#counters(load);
    /** @type {import('./load-generator.mjs').Arrival[]} */
    const arrivals = [];
    for (let round = 0; round < this.#settings.rounds; round += 1) {
      arrivals.push(await this.#moveEndpoint(load, 'move'));
      await sleep(quietMs);
    }
    const ended = await this.#counters(load);
    return this.#change(arrivals, started, ended, difference(ended.cpu, started.cpu));
  }

  /** @param {LoadGenerator} load @param {string} label */
  async #moveEndpoint(load, label) {
    const { mark } = this.#nextProbe(label);
    return load.change(mark, arrivalLimitMs);
  }

  /**
   * (c) Each service is removed again, so that the mesh keeps its size; what that takes does not count.
   * @param {LoadGenerator} load @returns {Promise<Change>}
   */
  async #addServices(load) {
    const { services, addRounds } = this.#settings;
    const resource = clusterName(services);
    const started = await this.#counters(load);
    /** @type {import('./load-generator.mjs').Arrival[]} */
    const arrivals = [];
    let cpu = 0;
    for (let round = 0; round < addRounds; round += 1) {
      const before = await this.#server.cpuSeconds();
      const label = `add-${round}`;
      arrivals.push(
        await load.change(
          { label, type: 'EDS', resource, fire: this.#fire(`/add?service=${services}`) },
          arrivalLimitMs,
        ),
      );
      await sleep(settleMs);
      cpu += difference(await this.#server.cpuSeconds(), before) ?? 0;
      const gone = { label: `remove-${round}`, type: 'CDS', resource, absent: true };
      await load.change({ ...gone, fire: this.#fire(`/remove?service=${services}`) }, arrivalLimitMs);
      await sleep(quietMs);
    }
    const ended = await this.#counters(load);
    return this.#change(arrivals, started, ended, ended.cpu === undefined ? undefined : cpu);
  }

  /** (d) @param {LoadGenerator} load @returns {Promise<Churn>} */
  async #churn(load) {
    const { rate, seconds } = this.#settings;
    if (this.#server.pid !== undefined) await resetPeak(this.#server.pid);
    const started = await this.#counters(load);
    const generatorStarted = await generatorCpu(load);
    const startedAt = performance.now();
    const { changes: before } = await this.#server.ask('POST', '/churn?rate=0');
    await this.#server.ask('POST', `/churn?rate=${rate}`);
    const labels = [];
    const probeCount = Math.floor((seconds * 1000) / probeEveryMs);
    for (let sent = 1; sent <= probeCount; sent += 1) {
      const { label, mark } = this.#nextProbe('probe');
      await load.mark(mark);
      labels.push(label);
      await sleep(Math.max(0, startedAt + sent * probeEveryMs - performance.now()));
    }
    const { changes } = await this.#server.ask('POST', '/churn?rate=0');
    const lasted = (performance.now() - startedAt) / 1000;
    const arrivals = await Promise.all(labels.map((label) => load.arrival(label, arrivalLimitMs)));
    await sleep(settleMs);
    const ended = await this.#counters(load);
    const cpu = difference(ended.cpu, started.cpu);
    return {
      changes: changes - before,
      seconds: lasted,
      probes: arrivals.length,
      ...lastArrivals(arrivals),
      ...(cpu === undefined ? {} : { cpu }),
      megabytes: (total(ended.types, 'Bytes') - total(started.types, 'Bytes')) / 1e6,
      responses: byType(
        ended.types,
        ({ Responses }, type) => Responses - (started.types[type]?.Responses ?? 0),
      ),
      ...(await this.#memory()),
      generatorCpu: (await generatorCpu(load)) - generatorStarted,
    };
  }

  /** A move of an endpoint that churn leaves alone, to an address that was never used. @param {string} prefix */
  #nextProbe(prefix) {
    this.#probe += 1;
    const address = probeAddress(this.#probe);
    const label = `${prefix}-${this.#probe}`;
    const service = this.#probe % this.#settings.services;
    const path = `/endpoint?service=${service}&at=1&address=${address}`;
    return { label, mark: { label, type: 'EDS', contains: address, fire: this.#fire(path) } };
  }

  /** @param {string} path */
  #fire(path) {
    return `POST ${this.#server.controlUrl(path)}`;
  }

  /**
   * @param {readonly import('./load-generator.mjs').Arrival[]} arrivals
   * @param {Counters} started @param {Counters} ended
   * @param {number | undefined} cpu of all rounds
   * @returns {Change}
   */
  #change(arrivals, started, ended, cpu) {
    const rounds = arrivals.length;
    const { proxies } = this.#settings;
    /** @param {'Responses' | 'Resources'} what */
    const perProxy = (what) =>
      byType(
        ended.types,
        (count, type) => (count[what] - (started.types[type]?.[what] ?? 0)) / proxies / rounds,
      );
    return {
      rounds,
      ...lastArrivals(arrivals),
      ...(cpu === undefined ? {} : { cpuPerChange: cpu / rounds }),
      bytesPerProxy: (total(ended.types, 'Bytes') - total(started.types, 'Bytes')) / proxies / rounds,
      responsesPerProxy: perProxy('Responses'),
      resourcesPerProxy: perProxy('Resources'),
    };
  }

  /** @typedef {{ cpu: number | undefined, types: Record<string, import('./load-generator.mjs').TypeCount> }} Counters */

  /** @param {LoadGenerator} load @returns {Promise<Counters>} */
  async #counters(load) {
    return { cpu: await this.#server.cpuSeconds(), types: (await load.stats()).types };
  }

  async #memory() {
    return this.#server.pid === undefined ? undefined : processMemory(this.#server.pid);
  }

  /** What the server counts of its pushes. */
  async #metrics() {
    const text = await this.#server.askText('GET', '/metrics');
    return text.split('\n').filter((line) => /^\w+_(xds_pushes|push_triggers|pushes_total)\b/.test(line));
  }
}

/** Looks whether the machine has memory left. */
class MemoryWatch {
  /** Resolves with a reason when there is too little. @type {Promise<string>} */
  exhausted;
  #stopped = false;

  constructor() {
    this.exhausted = this.#watch();
  }

  stop() {
    this.#stopped = true;
  }

  /** @returns {Promise<string>} */
  async #watch() {
    while (!this.#stopped) {
      const available = await availableMemory();
      if (available < leastAvailableMemory)
        return `the machine has only ${Math.round(available / 2 ** 20)} MiB of memory left`;
      await sleep(500);
    }
    return new Promise(() => undefined);
  }
}

/** When the last proxy had each change. @param {readonly import('./load-generator.mjs').Arrival[]} arrivals */
function lastArrivals(arrivals) {
  const last = arrivals.filter(({ missing }) => missing === 0).map(({ latency_ms: { max } }) => max);
  return {
    missed: arrivals.length - last.length,
    p50: percentile(last, 0.5),
    p99: percentile(last, 0.99),
  };
}

/** @param {LoadGenerator} load */
async function generatorCpu({ pid }) {
  return pid === undefined ? 0 : processCpuSeconds(pid);
}

/** @param {number | undefined} after @param {number | undefined} before */
function difference(after, before) {
  return after === undefined || before === undefined ? undefined : after - before;
}

/**
 * @param {Record<string, import('./load-generator.mjs').TypeCount>} types
 * @param {(count: import('./load-generator.mjs').TypeCount, type: string) => number} value
 * @returns {Record<string, number>}
 */
function byType(types, value) {
  return Object.fromEntries(
    Object.entries(types).map(([type, count]) => [type, Math.round(value(count, type) * 100) / 100]),
  );
}

/** @param {Record<string, import('./load-generator.mjs').TypeCount>} types @param {'Bytes' | 'Responses'} what */
function total(types, what) {
  return Object.values(types).reduce((sum, count) => sum + count[what], 0);
}
