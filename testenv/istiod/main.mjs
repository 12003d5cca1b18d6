/** `npm run istiod -- DIR`: the real Istio discovery server on a mesh directory; `record`: golden cases from it. */
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { NotAvailable } from '../cache.mjs';
import { istioModuleVersion, istiodBinary } from './install.mjs';
import { plainSwitches, readyAddress, serveArguments } from './istiod.mjs';

const help = `Usage:
  npm run istiod -- [--address HOST:PORT] [--plain] DIR   serve a mesh directory, until Ctrl-C
  npm run istiod -- record [--plain] DIR…                 write DIR/expected/<proxy>.json
  npm run istiod -- --help

Starts Istio's own discovery server on a mesh directory. The first start builds it, with Go, into the cache folder
(PILOTLIGHT_CACHE), from the module istio.io/istio ${istioModuleVersion}.

  --address HOST:PORT   where to serve plaintext ADS; 127.0.0.1:15020 without it, port 0 takes a free one
  --plain               serve what an Envoy that is not Istio's build can load: PILOT_ENABLE_METADATA_EXCHANGE and
                        PILOT_ENABLE_ALPN_FILTER are false, and so is the mesh's enableAutoMtls. With record, the
                        directory's own mesh.yaml says enableAutoMtls: false

Exit codes: 0; 1 it failed; 2 wrong use, or it cannot be built here; 3 the address is taken.
docs/istiod.md has more.
`;

/** The folder that the person is in; npm itself runs scripts in the package's folder. */
const here = process.env.INIT_CWD ?? process.cwd();

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof NotAvailable)) throw error;
  process.stderr.write(`Istio's discovery server cannot be built here: ${error.message}.\n`);
  process.exitCode = 2;
}

async function main() {
  const asked = readArguments();
  if (asked === undefined) return 2;
  const { values, positionals } = asked;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const plain = values.plain ?? false;
  const recording = positionals[0] === 'record';
  const directories = recording ? positionals.slice(1) : positionals;
  if (directories.length === 0) return wrongUse('a mesh directory is missing');
  if (recording && values.address !== undefined) return wrongUse('record takes no --address');
  for (const directory of directories) {
    if (!(await isDirectory(resolve(here, directory)))) return wrongUse(`${directory} is no directory`);
    if (recording && !(await isFile(resolve(here, directory, 'proxies.yaml'))))
      return wrongUse(`${directory} has no proxies.yaml: it names whom to ask as`);
  }
  if (recording) return record(directories, plain);
  if (directories.length > 1) return wrongUse('one mesh directory at a time can be served');
  return serve(directories[0] ?? '', values.address ?? '127.0.0.1:15020', plain);
}

/** The command line, or undefined after saying what is wrong with it. */
function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        address: { type: 'string' },
        plain: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    wrongUse(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** @param {string} directory @param {string} address @param {boolean} plain @returns {Promise<number>} */
async function serve(directory, address, plain) {
  const proxies = await suitableProxies(directory, plain);
  const binary = await istiodBinary();
  const child = start(binary, serveArguments(directory, { address, plain }), plain, 'pipe');
  let output = '';
  let said = false;
  child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
    output += chunk.toString();
    const ready = readyAddress(output);
    if (ready === undefined || said) return;
    said = true;
    process.stdout.write(readyText(directory, ready, plain, proxies));
  });
  const code = await ended(child);
  if (code === 3) process.stderr.write('Another one can be given: --address HOST:PORT.\n');
  return code;
}

/** @param {readonly string[]} directories @param {boolean} plain @returns {Promise<number>} */
async function record(directories, plain) {
  return ended(start(await istiodBinary(), ['record', ...directories], plain, 'inherit'));
}

/**
 * Starts the program in the person's folder; a signal to this process is passed on to it.
 * @param {string} binary @param {readonly string[]} args @param {boolean} plain @param {'pipe' | 'inherit'} stdout
 */
function start(binary, args, plain, stdout) {
  const env = plain ? { ...process.env, ...plainSwitches } : process.env;
  const child = spawn(binary, args, { cwd: here, env, stdio: ['ignore', stdout, 'inherit'] });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  return child;
}

/**
 * The exit code of a child; being stopped by a person is no failure.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
function ended(child) {
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      done(signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : (code ?? 1));
    });
  });
}

/**
 * The proxies of a directory's proxies.yaml that this server and Pilotlight serve the same: Istio's own by default,
 * others with the switches for a plain Envoy.
 * @param {string} directory @param {boolean} plain @returns {Promise<string[]>}
 */
async function suitableProxies(directory, plain) {
  const path = resolve(here, directory, 'proxies.yaml');
  if (!(await isFile(path))) return [];
  /** @type {readonly { name: string, metadata?: { ISTIO_VERSION?: unknown } }[]} */
  const proxies = parse(await readFile(path, 'utf8')) ?? [];
  return proxies
    .filter(({ metadata }) => (metadata?.ISTIO_VERSION === undefined) === plain)
    .map(({ name }) => name);
}

/** @param {string} directory @param {string} ready @param {boolean} plain @param {readonly string[]} proxies */
function readyText(directory, ready, plain, proxies) {
  const what = plain ? ', with the switches for a plain Envoy' : '';
  const asked = (proxies.length > 0 ? proxies : ['NAME']).map((name) => `--proxy ${name}`).join(' ');
  return `Istio's own discovery server (${istioModuleVersion}) serves ${directory} over ADS at ${ready}${what}.
It does not follow changes of the directory. Compare with it, in another terminal:

  npx pilotlight compare ${directory} xds://${ready} ${asked}

Ctrl-C stops it.
`;
}

/** @param {string} problem */
function wrongUse(problem) {
  process.stderr.write(`${problem}\n\n${help}`);
  return 2;
}

/** @param {string} path */
async function isDirectory(path) {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** @param {string} path */
async function isFile(path) {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
