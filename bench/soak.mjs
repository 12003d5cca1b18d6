/**
 * `npm run soak [-- --minutes M]`: Pilotlight under change and under clients that behave badly, in both variants. At
 * the end every client that could be at the newest state has to be there, memory has to be flat, and nobody may have
 * met an error of the server's. Exits 1 when that is not so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NotAvailable } from '../testenv/cache.mjs';
import { xdsloadBinary } from './load/install.mjs';
import { startPilotlight } from './load/servers.mjs';
import { Clients, clientGroups } from './soak/clients.mjs';
import { judgedMemory, memoryText } from './soak/memory.mjs';
import { Mesh } from './soak/mesh.mjs';

const help = `Usage: npm run soak -- [--minutes M] [--clients N] [--services S] [--variant V,…]

  --minutes M     how long: 10
  --clients N     simulated sidecars in all: 200
  --services S    of the mesh, with 10 endpoints each: 300
  --variant V,…   sotw,delta
  --help

Of the clients of each variant about a third is steady, a third reconnects again and again, others read slowly, refuse
half of what they are sent, or stop reading for ever. Meanwhile 20 endpoints a second move, and a service comes or goes
every two seconds. Memory is the heap and what is bound to it (buffers), after a garbage collection. It is flat when the
least of the last quarter of the run exceeds the least of the quarter before by no more than a twentieth, or 3 MB; runs
of less than four minutes are too short to tell.

Exit codes: 0; 1 something was not as it has to be; 2 wrong use.
`;

const endpointCount = 10;
const endpointMovesPerSecond = 20;

process.exitCode = await main();

async function main() {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  try {
    await xdsloadBinary();
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.log(`SKIPPED soak: ${error.message}`);
    return 0;
  }
  return soak(options);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '10' },
        clients: { type: 'string', default: '200' },
        services: { type: 'string', default: '300' },
        variant: { type: 'string', default: 'sotw,delta' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const numbers = [values.minutes, values.clients, values.services].map(Number);
    if (numbers.some((value) => !(value > 0)))
      throw new Error('minutes, clients and services are positive numbers');
    const [minutes = 0, clients = 0, services = 0] = numbers;
    return { help: values.help, minutes, clients, services, variants: values.variant.split(',') };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return undefined;
  }
}

/** @param {{ minutes: number, clients: number, services: number, variants: readonly string[] }} options */
async function soak({ minutes, clients: clientCount, services, variants }) {
  const started = performance.now();
  const size = { services, endpoints: endpointCount };
  const server = await startPilotlight(size, [], { nodeArgs: ['--expose-gc'] });
  try {
    const clients = await Clients.start(server.xds, clientGroups(variants, clientCount));
    say(`${clientCount} clients connected, ${services} services; ${minutes} minutes of change begin`);
    const mesh = new Mesh(server, services);
    await server.ask('POST', `/churn?rate=${endpointMovesPerSecond}`);

    const end = performance.now() + minutes * 60_000;
    const sampleEvery = Math.max(2000, (minutes * 60_000) / 60);
    /** @type {import('./soak/memory.mjs').Sample[]} */
    const samples = [];
    /** @type {Promise<string | undefined>[]} */
    const probes = [];
    let nextSample = 0;
    while (performance.now() < end) {
      await mesh.changeOneService();
      probes.push(clients.probe(mesh.nextProbe()));
      if (performance.now() >= nextSample) {
        const { heapBytes } = await server.ask('POST', '/gc');
        samples.push({ seconds: (performance.now() - started) / 1000, bytes: heapBytes });
        nextSample = performance.now() + sampleEvery;
      }
      await sleep(2000);
    }
    await server.ask('POST', '/churn?rate=0');
    await mesh.removeAddedServices();
    say('the changes are over');

    const failures = (await Promise.all(probes)).filter((failure) => failure !== undefined);
    failures.push(...(await clients.atNewestState(mesh.nextProbe())));
    failures.push(...(await clients.finish()));
    const memory = judgedMemory(samples);
    if (memory.flat === false) failures.push('memory is not flat');
    failures.push(...(await serverProblems(server)));
    const { heapBytes } = await server.ask('POST', '/gc');

    console.log(clients.table());
    console.log(`\n${memoryText(memory)}; ${(heapBytes / 1e6).toFixed(1)} MB once all clients had left`);
    console.log(`${mesh.serviceChanges} services came or went; ${clients.latencyText()}`);
    for (const failure of failures) console.log(`FAILED ${failure}`);
    console.log(failures.length === 0 ? 'soak: all is well' : `soak: ${failures.length} failed`);
    return failures.length === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

/**
 * Errors that the server logged. Warnings are about clients, such as what they refuse, and only shown.
 * @param {import('./load/servers.mjs').MeasuredServer} server
 */
async function serverProblems(server) {
  /** @type {{ level: string, message: string, count: number, first: object }[]} */
  const problems = JSON.parse(await server.askText('GET', '/problems'));
  for (const { level, message, count, first } of problems) {
    console.log(`the server's log: ${level}, ${count} times: ${message} ${JSON.stringify(first)}`);
  }
  return problems
    .filter(({ level }) => level === 'error')
    .map(({ message, count }) => `the server logged ${count} times: ${message}`);
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`soak: ${text}\n`);
}
