/** `npm run bench -- load`: servers under load, side by side. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { NotAvailable } from '../../testenv/cache.mjs';
import { istioModuleVersion, istiodLoadBinary } from '../../testenv/istiod/install.mjs';
import { contentDifference } from './content.mjs';
import { xdsloadBinary } from './install.mjs';
import { measureCell } from './measure.mjs';
import { meshObjects } from './mesh.mjs';
import { help, loadOptions } from './options.mjs';
import { hasProc } from './process-usage.mjs';
import { tables } from './report.mjs';
import { verdicts, verdictTable } from './targets.mjs';

/** The folder that the person is in; npm itself runs scripts in the package's folder. */
const here = process.env.INIT_CWD ?? process.cwd();

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function load(args) {
  /** @type {import('./options.mjs').LoadOptions} */
  let options;
  try {
    options = loadOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  if (options.writeMesh !== undefined) return writeMesh(resolve(here, options.writeMesh), options);
  if (options.from !== undefined) {
    const { machine, cells } = JSON.parse(await readFile(resolve(here, options.from), 'utf8'));
    return report(machine, cells);
  }
  return measure(options);
}

/** @param {import('./options.mjs').LoadOptions} options */
async function measure(options) {
  const servers = await availableServers(options);
  if (servers === undefined) return 0;
  const [mine, theirs] = ['pilotlight', 'istiod'].map((name) => servers.find((kind) => kind.name === name));
  if (mine !== undefined && theirs !== undefined) {
    const different = await contentDifference(mine, theirs, options.cell.types);
    if (different !== undefined) {
      console.log(`pilotlight and istiod do not serve the same; times would say nothing.\n${different}`);
      return 1;
    }
    say('pilotlight and istiod serve the same, field by field');
  }
  const machine = machineText();
  /** @type {import('./measure.mjs').CellResult[]} */
  const cells = [];
  for (const variant of options.variants) {
    for (const services of options.services) {
      for (const proxies of options.proxies) {
        for (const kind of servers) {
          say(`${services} services, ${proxies} proxies, ${variant}: ${kind.name}`);
          cells.push(await measureCell(kind, { ...options.cell, variant, services, proxies }));
          say(`  ${summary(cells.at(-1))}`);
          await save(options, machine, servers, cells);
        }
      }
    }
  }
  return report(machine, cells);
}

/**
 * The servers that can be measured here, or undefined when none can: each that is left out is told in one line.
 * @param {import('./options.mjs').LoadOptions} options
 */
async function availableServers({ servers }) {
  const missing = hasProc ? await unavailable(xdsloadBinary) : 'it reads CPU and memory from Linux’s /proc';
  if (missing !== undefined) {
    console.log(`SKIPPED load: ${missing}`);
    return undefined;
  }
  /** @param {{ name: string }} kind */
  const isIstio = ({ name }) => name === 'istiod' || name === 'istiod-quick';
  if (!servers.some(isIstio)) return servers;
  const withoutIstio = await unavailable(istiodLoadBinary);
  if (withoutIstio === undefined) return servers;
  console.log(`SKIPPED istiod: ${withoutIstio}`);
  return servers.filter((kind) => !isIstio(kind));
}

/** Why something cannot be installed here. @param {() => Promise<unknown>} install */
async function unavailable(install) {
  try {
    await install();
    return undefined;
  } catch (error) {
    if (error instanceof NotAvailable) return error.message;
    throw error;
  }
}

/** @param {string} machine @param {readonly import('./measure.mjs').CellResult[]} cells */
function report(machine, cells) {
  console.log(`${machine}\n\n${tables(cells)}`);
  const judged = verdicts(cells);
  if (judged.length > 0) console.log(`\n### Targets\n\n${verdictTable(judged)}`);
  const lost = cells.filter(({ b, c, d }) => [b, c, d].some((measured) => (measured?.missed ?? 0) > 0));
  return judged.some(({ met }) => !met) || lost.some(({ server }) => server === 'pilotlight') ? 1 : 0;
}

/**
 * @param {import('./options.mjs').LoadOptions} options @param {string} machine
 * @param {readonly import('./servers.mjs').ServerKind[]} servers
 * @param {readonly import('./measure.mjs').CellResult[]} cells
 */
async function save({ out, cell }, machine, servers, cells) {
  if (out === undefined) return;
  const described = Object.fromEntries(servers.map(({ name, description }) => [name, description]));
  const settings = { ...cell, measurements: [...cell.measurements] };
  const text = JSON.stringify({ machine, servers: described, settings, cells }, undefined, 1);
  await writeFile(resolve(here, out), `${text}\n`);
}

function machineText() {
  const memory = Math.round(totalmem() / 2 ** 30);
  const processor = cpus()[0]?.model ?? 'unknown processor';
  return `Node ${process.version}, ${availableParallelism()} cores, ${processor}, ${memory} GiB; istio.io/istio ${istioModuleVersion}`;
}

/** @param {import('./measure.mjs').CellResult | undefined} cell */
function summary(cell) {
  if (cell?.failure !== undefined) return `did not fit: ${cell.failure}`;
  const { a, b, c, d } = cell ?? {};
  const parts = [
    a && `(a) ${(a.wallMs / 1000).toFixed(2)} s, CPU ${a.cpu?.toFixed(2) ?? '–'} s`,
    b && `(b) p50 ${b.p50.toFixed(1)} ms, p99 ${b.p99.toFixed(1)} ms`,
    c && `(c) p50 ${c.p50.toFixed(1)} ms`,
    d && `(d) p50 ${d.p50.toFixed(1)} ms, CPU ${d.cpu?.toFixed(2) ?? '–'} s`,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}

/** @param {string} folder @param {import('./options.mjs').LoadOptions} options */
async function writeMesh(folder, { services: [services = 0], cell: { endpoints } }) {
  await mkdir(folder, { recursive: true });
  const documents = [...meshObjects(services, endpoints)].map((object) => JSON.stringify(object));
  const file = join(folder, 'services.yaml');
  await writeFile(file, `${documents.join('\n---\n')}\n`);
  console.log(`${file}: ${services} services with ${endpoints} endpoints each`);
  return 0;
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}
