/** The clients of client.mjs: a program in each language, on a pinned version of its gRPC library. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotAvailable, installed } from '../cache.mjs';
import { goEnv, goSourceHash, goVersion } from '../go.mjs';
import { runTool } from '../run-tool.mjs';

/** How a client is started. @typedef {{ command: string, args: readonly string[], env?: Record<string, string> }} Start */

/** grpcio, which is gRPC C-core, and what it needs. */
const pythonPackages = ['grpcio==1.85.0', 'typing_extensions==4.16.0'];

const goBuildArgs = ['-buildvcs=false', '-ldflags=-s -w'];

/** What pays off for a small program on a small machine. */
const javaFlags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * The clients by name, each with what installs it at the first call and tells how it is started. It throws
 * {@link NotAvailable} when a toolchain is missing.
 *
 * @type {Readonly<Record<'c-core' | 'go' | 'java' | 'js', () => Promise<Start>>>}
 */
export const clients = { 'c-core': cCore, go, java, js };

async function cCore() {
  const asked = ['-c', 'import pip, sys; print(sys.implementation.cache_tag)'];
  const tag = await runTool('python3', asked).catch(() => {
    throw new NotAvailable('installing grpcio needs python3 with pip');
  });
  const name = `${pythonPackages.join('-').replaceAll('==', '-')}-${tag.trim()}`;
  const folder = await installed(name, async (target) => {
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
    await runTool('python3', ['-m', 'pip', 'install', ...options, '--target', target, ...pythonPackages]);
  });
  return { command: 'python3', args: [inThisFolder('python/client.py')], env: { PYTHONPATH: folder } };
}

async function go() {
  const source = inThisFolder('go');
  const folder = await installed(`grpc-go-${await goSourceHash([source], goBuildArgs)}`, async (target) => {
    await goVersion(source, 'the client with grpc-go');
    const output = join(target, 'client');
    await runTool('go', ['build', ...goBuildArgs, '-o', output, '.'], { cwd: source, env: goEnv });
  });
  return { command: join(folder, 'client'), args: [] };
}

async function java() {
  const pom = inThisFolder('java/pom.xml');
  const source = inThisFolder('java/XdsClient.java');
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .update(await readFile(source))
    .digest('hex');
  const folder = await installed(`grpc-java-${hash.slice(0, 12)}`, async (target) => {
    for (const tool of ['mvn', 'javac']) await runTool(tool, ['-version']);
    const libraries = join(target, 'lib');
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    await runTool('mvn', ['-B', '-ntp', '-q', '-f', pom, ...goal, `-DoutputDirectory=${libraries}`]);
    await runTool('javac', ['-cp', join(libraries, '*'), '-d', target, source]);
  });
  const classPath = [folder, join(folder, 'lib', '*')].join(delimiter);
  return { command: 'java', args: [...javaFlags, '-cp', classPath, 'XdsClient'] };
}

async function js() {
  return { command: process.execPath, args: [inThisFolder('js/client.mjs')] };
}

/** @param {string} path */
function inThisFolder(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
