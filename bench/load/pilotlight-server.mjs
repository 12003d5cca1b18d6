/**
 * `node pilotlight-server.mjs [--services N] [--endpoints N] [--options JSON]`: Pilotlight, embedded, on the synthetic
 * mesh in a registry in memory, with a control port. Prints `ready XDS-ADDRESS CONTROL-ADDRESS`.
 *
 *   --options JSON   further options of startPilot, such as {"debounceAfter":0}
 */
import { parseArgs } from 'node:util';
import { MemoryRegistry, startPilot } from '../../dist/index.js';
import { serveControl } from './control-server.mjs';
import { churnAddress, endpoint, endpoints, hostname, namespace, service } from './mesh.mjs';

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '100' },
    endpoints: { type: 'string', default: '10' },
    options: { type: 'string', default: '{}' },
  },
});
const serviceCount = Number(values.services);
const endpointCount = Number(values.endpoints);

const registry = new MemoryRegistry({ provider: 'Mock', cluster: 'Kubernetes' });
/** The endpoints of each service that is there. @type {Map<number, import('../../dist/index.js').Endpoint[]>} */
const endpointsOf = new Map();
for (let index = 0; index < serviceCount; index += 1) addService(index);
registry.synced();

/**
 * What was logged as a warning or an error, by level and message.
 * @type {Map<string, { level: string, message: string, count: number, first: object }>}
 */
const problems = new Map();

const anyPort = { host: '127.0.0.1', port: 0 };
const pilot = await startPilot({
  xdsAddress: anyPort,
  httpAddress: anyPort,
  logger: problemLogger({}),
  ...JSON.parse(values.options),
  registries: [registry],
});
await pilot.ready;

/** @type {NodeJS.Timeout | undefined} */
let churnTimer;
let changes = 0;

const control = await serveControl({
  moveEndpoint,
  addService,
  removeService(index) {
    endpointsOf.delete(index);
    registry.removeService(`${namespace}/${hostname(index)}`);
  },
  churn,
  collectGarbage() {
    globalThis.gc?.();
    return usage();
  },
  usage,
  async metrics() {
    return (await fetch(`http://127.0.0.1:${pilot.httpAddress.port}/metrics`)).text();
  },
  problems: () => [...problems.values()],
});
console.log(`ready 127.0.0.1:${pilot.xdsAddress.port} ${control}`);

process.once('SIGTERM', () => {
  clearInterval(churnTimer);
  pilot.close().then(
    () => process.exit(0),
    (/** @type {unknown} */ error) => {
      console.error(error);
      process.exit(1);
    },
  );
});

/** @param {number} index */
function addService(index) {
  const all = endpoints(index, endpointCount);
  endpointsOf.set(index, all);
  registry.setService(service(index));
  registry.setEndpoints(hostname(index), namespace, all);
}

/** @param {number} index of the service @param {number} at @param {string} address */
function moveEndpoint(index, at, address) {
  const all = endpointsOf.get(index);
  if (all?.[at] === undefined) throw new Error(`there is no endpoint ${at} of service ${index}`);
  const moved = all.with(at, endpoint(index, at, address));
  endpointsOf.set(index, moved);
  registry.setEndpoints(hostname(index), namespace, moved);
}

/**
 * Moves endpoints, `rate` of them a second, one service after the other; those that are late are made up for.
 * @param {number} rate
 */
function churn(rate) {
  clearInterval(churnTimer);
  if (rate === 0) return changes;
  const started = performance.now();
  let made = 0;
  churnTimer = setInterval(() => {
    for (; made < ((performance.now() - started) / 1000) * rate; made += 1) {
      moveEndpoint(changes % serviceCount, 0, churnAddress(changes));
      changes += 1;
    }
  }, 1);
  return changes;
}

function usage() {
  const { user, system } = process.cpuUsage();
  const { heapUsed, external } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, heapBytes: heapUsed + external };
}

/**
 * Counts what is not well; says nothing.
 * @param {import('../../dist/index.js').LogFields} base
 * @returns {import('../../dist/index.js').Logger}
 */
function problemLogger(base) {
  /** @param {string} level */
  const counted = (level) => (/** @type {string} */ message, /** @type {object | undefined} */ fields) => {
    const key = `${level} ${message.replaceAll(/\d+/g, 'N')}`;
    const known = problems.get(key) ?? { level, message, count: 0, first: { ...base, ...fields } };
    problems.set(key, { ...known, count: known.count + 1 });
  };
  return {
    debugs: false,
    debug: () => undefined,
    info: () => undefined,
    warn: counted('warn'),
    error: counted('error'),
    child: (fields) => problemLogger({ ...base, ...fields }),
  };
}
