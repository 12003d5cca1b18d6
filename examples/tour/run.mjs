/**
 * `npm run tour`: everything of the tour but the control plane. Makes a CA and certificates, writes a bootstrap for each
 * Envoy, and starts the workloads, the sidecars of those that have one, and the gateway. Every command is printed, so
 * that it can be done by hand. ENVOY names another Envoy than the pinned one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startWorkloads } from './workloads.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const pilotlight = join(root, 'dist', 'cli', 'main.js');
const pinnedEnvoy = join(root, 'testenv', 'envoy', 'install.mjs');
const server = { host: '127.0.0.1', port: 15010 };
const mesh = relative('.', here) || '.';
/** Certificates, bootstraps and logs. */
const folder = join('build', 'tour');
const ca = join(folder, 'ca');

/** The Envoys: whom to ask the mesh directory for, where each is, and whose certificate it has. */
const proxies = [
  { name: 'gateway', address: '127.0.7.1', account: 'gateway' },
  { name: 'web-v1.shop', address: '127.0.7.11', account: 'web' },
  { name: 'web-v2.shop', address: '127.0.7.12', account: 'web' },
  { name: 'catalog-v1.shop', address: '127.0.7.21', account: 'catalog' },
  { name: 'catalog-v2.shop', address: '127.0.7.22', account: 'catalog' },
];

/** @type {import('node:child_process').ChildProcess[]} */
const envoys = [];
/** @type {{ stop(): Promise<unknown> } | undefined} */
let workloads;
const stopping = new AbortController();
const { signal } = stopping;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => void stop(0));

try {
  workloads = await startWorkloads();
  await prepare();
  await untilServed();
  const binary = await envoyBinary();
  for (const { name } of proxies) await startEnvoy(binary, name);
  await Promise.all(proxies.map(untilLive));
  console.log(`
Ready: the gateway answers on http://127.0.7.1:8000/. Ctrl-C stops everything that was started here.`);
} catch (error) {
  if (!signal.aborted) {
    console.error(explanation(error));
    await stop(1);
  }
}

async function prepare() {
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(ca, 'ca.key'))) await run('ca', 'init', '-d', ca);
  for (const account of new Set(proxies.map((proxy) => proxy.account)))
    await run('ca', 'issue', '-d', ca, '--namespace', 'shop', '--service-account', account, '--force');
  for (const { name, account } of proxies) {
    const certificates = ['--certificates', join(ca, 'shop', account)];
    await run('bootstrap', mesh, '--proxy', name, ...certificates, '-f', bootstrapOf(name));
  }
}

/** @param {string} name */
function bootstrapOf(name) {
  return join(folder, `${name}.yaml`);
}

/**
 * Runs a command of Pilotlight to its end.
 * @param {readonly string[]} args
 */
async function run(...args) {
  console.log(`$ npx pilotlight ${args.join(' ')}`);
  const child = spawn(process.execPath, [pilotlight, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`pilotlight ${args[0]} ended with ${code}`);
}

/** Envoys have nothing to do before there is a control plane. */
async function untilServed() {
  for (let told = false; !signal.aborted; told = true) {
    const isServed = await new Promise((resolve) => {
      const socket = connect(server.port, server.host, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isServed) return;
    if (!told) console.log('Waiting for Pilotlight: npm start, in another terminal.');
    await pause(500);
  }
}

async function envoyBinary() {
  if (process.env.ENVOY !== undefined) return process.env.ENVOY;
  if (!existsSync(pinnedEnvoy)) return 'envoy';
  const { envoyBinary: pinned } = await import(pinnedEnvoy);
  return pinned();
}

/**
 * @param {string} binary
 * @param {string} name
 */
async function startEnvoy(binary, name) {
  const log = join(folder, `${name}.log`);
  console.log(`$ npm run envoy -- -c ${bootstrapOf(name)} --concurrency 1   # log: ${log}`);
  const file = await open(log, 'w');
  const args = ['-c', bootstrapOf(name), '--concurrency', '1', '--use-dynamic-base-id'];
  const child = spawn(binary, args, { stdio: ['ignore', file.fd, file.fd] });
  envoys.push(child);
  const ended = async (/** @type {string} */ how) => {
    await file.close();
    if (signal.aborted) return;
    const said = (await readFile(log, 'utf8')).split('\n').slice(-15).join('\n');
    console.error(`${said}\nThe Envoy of ${name} ${how}; its log is ${log}.`);
    await stop(1);
  };
  child.once('error', (error) => void ended(`cannot be started: ${error.message}`));
  child.once('exit', (code) => void ended(`ended with ${code}`));
}

/** @param {(typeof proxies)[number]} proxy */
async function untilLive({ address }) {
  while (!signal.aborted) {
    const response = await fetch(`http://${address}:15000/ready`).catch(() => undefined);
    if (response?.ok === true) return;
    await pause(100);
  }
}

/** @param {unknown} error */
function explanation(error) {
  const message = error instanceof Error ? error.message : String(error);
  const isAbsent = error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL';
  return isAbsent
    ? `${message}\nLinux has all of 127.0.0.0/8. On macOS, add each address, and 127.0.0.6: sudo ifconfig lo0 alias 127.0.7.11`
    : message;
}

/** @param {number} code */
async function stop(code) {
  if (signal.aborted) return;
  stopping.abort();
  const running = envoys.filter(
    ({ pid, exitCode, signalCode }) => pid !== undefined && exitCode === null && signalCode === null,
  );
  const ended = running.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(ended);
  await workloads?.stop();
  process.exitCode = code;
}
