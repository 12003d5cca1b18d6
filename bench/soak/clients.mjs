/** The clients of a soak: groups that behave in one way each, a load generator for each group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadGenerator } from '../load/load-generator.mjs';
import { percentile } from '../load/statistics.mjs';

/**
 * @typedef {object} Group
 * @property {string} name
 * @property {string} variant
 * @property {number} clients
 * @property {readonly string[]} args of xdsload that make them behave so
 * @property {boolean} converges whether it has to be at the newest state in the end
 * @property {boolean} prompt whether a change has to reach it at once
 * @property {boolean} mayFail whether the server may end its streams
 */

/**
 * Kinds of behaviour, with their share of the clients. A fixed window lets a client that does not read hold up its
 * server after 64 KiB.
 */
const behaviours = [
  { name: 'steady', share: 0.35, args: [], converges: true, prompt: true, mayFail: false },
  {
    name: 'reconnecting',
    share: 0.3,
    args: ['-churn', '15s'],
    converges: true,
    prompt: false,
    mayFail: false,
  },
  {
    name: 'slow',
    share: 0.15,
    args: ['-slow-clients', '1', '-slow-delay', '300ms', '-window', '65536'],
    converges: true,
    prompt: false,
    mayFail: false,
  },
  {
    name: 'refusing',
    share: 0.1,
    args: ['-nack-clients', '1', '-nack-prob', '0.5'],
    converges: false,
    prompt: false,
    mayFail: false,
  },
  {
    name: 'stalled',
    share: 0.1,
    args: ['-stall-clients', '1', '-window', '65536'],
    converges: false,
    prompt: false,
    mayFail: true,
  },
];

const arrivalLimitMs = 15_000;
/** A slow client reads what was on its way to it first. */
const convergenceLimitMs = 90_000;
const connectLimitMs = 120_000;

/** @param {readonly string[]} variants @param {number} count of all clients @returns {Group[]} */
export function clientGroups(variants, count) {
  return variants.flatMap((variant) =>
    behaviours.map(({ share, ...behaviour }) => ({
      ...behaviour,
      variant,
      clients: Math.max(1, Math.round((count * share) / variants.length)),
    })),
  );
}

/** All clients of a soak. */
export class Clients {
  /** @type {string} */
  #xds;
  /** @type {readonly { group: Group, load: LoadGenerator }[]} */
  #running;
  /** @type {{ group: Group, summary: import('../load/load-generator.mjs').Summary }[]} */
  #finished = [];
  /** What a new client was sent in the end. @type {string | undefined} */
  #truth;
  /** @type {number[]} */
  #latencies = [];

  /** @param {string} xds @param {readonly { group: Group, load: LoadGenerator }[]} running */
  constructor(xds, running) {
    this.#xds = xds;
    this.#running = running;
  }

  /**
   * Starts them and waits until all have everything.
   * @param {string} xds `host:port` @param {readonly Group[]} groups
   */
  static async start(xds, groups) {
    const running = [];
    for (const [index, group] of groups.entries()) {
      running.push({ group, load: await startGroup(xds, group, index) });
    }
    const end = Date.now() + connectLimitMs;
    for (const { group, load } of running) {
      while (load.initial() === undefined && Date.now() < end) await sleep(50);
      const configured = load.initial()?.configured ?? 0;
      if (configured < group.clients) {
        throw new Error(`${nameOf(group)}: only ${configured} of ${group.clients} clients had everything`);
      }
    }
    return new Clients(xds, running);
  }

  /**
   * Makes a change that the steady clients have to see soon.
   * @param {{ label: string, address: string, fire: string }} probe
   * @returns {Promise<string | undefined>} what failed
   */
  async probe({ label, address, fire }) {
    const prompt = this.#running.filter(({ group }) => group.prompt);
    const failures = [];
    for (const [at, { load }] of prompt.entries()) {
      await load.mark({
        label,
        type: 'EDS',
        contains: address,
        ...(at === prompt.length - 1 ? { fire } : {}),
      });
    }
    for (const { group, load } of prompt) {
      const { missing, latency_ms: latency } = await load.arrival(label, arrivalLimitMs);
      this.#latencies.push(latency.max);
      if (missing > 0)
        failures.push(`${nameOf(group)}: a change did not reach ${missing} clients in ${arrivalLimitMs} ms`);
    }
    return failures[0];
  }

  latencyText() {
    const text = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
    const [p50, p99] = [percentile(this.#latencies, 0.5), percentile(this.#latencies, 0.99)];
    return `a change reached the last steady client after p50 ${text(p50)}, p99 ${text(p99)}`;
  }

  /**
   * Makes a last change, and waits until all that have to be at the newest state have it.
   * @param {{ label: string, address: string, fire: string }} probe
   * @returns {Promise<string[]>} what failed
   */
  async atNewestState({ label, address, fire }) {
    const waiting = this.#running.filter(({ group }) => group.converges);
    for (const [at, { load }] of waiting.entries()) {
      await load.mark({
        label,
        type: 'EDS',
        contains: address,
        ...(at === waiting.length - 1 ? { fire } : {}),
      });
    }
    const failures = await Promise.all(
      waiting.map(async ({ group, load }) => {
        const { missing } = await load.arrival(label, convergenceLimitMs);
        return missing === 0 ? [] : [`${nameOf(group)}: the last change did not reach ${missing} clients`];
      }),
    );
    return failures.flat();
  }

  /**
   * Ends all clients and holds what they have against what a new client is sent.
   * @returns {Promise<string[]>} what failed
   */
  async finish() {
    this.#truth = await this.#stateOfNewClient();
    for (const { group, load } of this.#running) {
      this.#finished.push({ group, summary: await load.finish() });
    }
    return this.#finished.flatMap(({ group, summary }) =>
      failuresOf(group, summary, this.#truth).map((failure) => `${nameOf(group)}: ${failure}`),
    );
  }

  /** What the groups did, as a table in Markdown. */
  table() {
    const head = [
      'clients',
      'behaviour',
      'variant',
      'responses',
      'MB',
      'refused',
      'redundant',
      'reconnects',
      'at the newest state',
    ];
    const rows = this.#finished.map(({ group, summary }) => {
      const counts = Object.values(summary.types);
      const sum = (/** @type {'Responses' | 'Bytes' | 'Nacks' | 'Redundant'} */ what) =>
        counts.reduce((all, count) => all + count[what], 0);
      return [
        String(group.clients),
        group.name,
        group.variant,
        String(sum('Responses')),
        (sum('Bytes') / 1e6).toFixed(1),
        String(sum('Nacks')),
        String(sum('Redundant')),
        String(summary.reconnects),
        group.converges ? String(summary.states?.[this.#truth ?? ''] ?? 0) : 'need not be',
      ];
    });
    return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  }

  /** @returns {Promise<string | undefined>} */
  async #stateOfNewClient() {
    const [first] = this.#running;
    if (first === undefined) return undefined;
    const { variant } = first.group;
    const fresh = {
      name: 'fresh',
      variant,
      clients: 1,
      args: [],
      converges: true,
      prompt: false,
      mayFail: false,
    };
    const load = await startGroup(this.#xds, fresh, 99);
    const end = Date.now() + connectLimitMs;
    while (load.initial() === undefined && Date.now() < end) await sleep(50);
    return Object.keys((await load.finish()).states ?? {})[0];
  }
}

/** @param {string} xds @param {Group} group @param {number} index of the group */
async function startGroup(xds, { name, variant, clients, args }, index) {
  const identity = ['-pod', `${name}-${variant}-{{i}}`, '-ip-base', `10.1.${index}.0`];
  const checks = ['-types', 'CDS,EDS', '-check', '-check-same', '-seed', String(index + 1)];
  const common = ['-addr', xds, '-n', String(clients), '-mode', variant, '-timeout', `${connectLimitMs}ms`];
  return LoadGenerator.start([...common, ...identity, ...checks, ...args]);
}

/**
 * @param {Group} group @param {import('../load/load-generator.mjs').Summary} summary
 * @param {string | undefined} truth the newest state
 */
function failuresOf(group, summary, truth) {
  const failures = Object.entries(summary.anomalies).map(
    ([anomaly, count]) => `${count} times ${anomaly}: ${summary.anomaly_samples[anomaly]?.[0] ?? ''}`,
  );
  if (!group.mayFail) {
    for (const [code, count] of Object.entries(summary.stream_errors)) {
      failures.push(`${count} streams ended with ${code}: ${summary.stream_error_samples[code] ?? ''}`);
    }
  }
  if (group.converges) {
    const behind = Object.entries(summary.states ?? {}).filter(([state]) => state !== truth);
    const count = behind.reduce((sum, [, clients]) => sum + clients, 0);
    if (count > 0) failures.push(`${count} of ${group.clients} clients are not at the newest state`);
  }
  return failures;
}

/** @param {Group} group */
function nameOf({ name, variant }) {
  return `${name} ${variant}`;
}
