/** Opens the sides of a comparison from what a person wrote for them. */
import { stat } from 'node:fs/promises';
import { PilotError } from '../base/errors.js';
import { envoySide } from '../compare/load/envoy.js';
import { fileSide } from '../compare/load/file.js';
import { serverSide, type ServerOptions } from '../compare/load/server.js';
import type { KnownProxies, Side } from '../compare/side.js';
import { readMeshDirectory } from '../config/mesh-directory/read.js';
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import { directorySide } from '../directory-side.js';
import { checkOut, parseGitDirectory } from './git-directory.js';
import type { Output } from './output.js';
import { sayProblems } from './problems.js';
import { everyProxy, proxyByName, proxyNames } from './proxies.js';

const forms =
  'A side is a mesh directory, REV:DIR of a git repository, xds://HOST:PORT, envoy://HOST:PORT, or a saved JSON file.';

/**
 * Opens one side. What is wrong in a mesh directory is said.
 * @throws PilotError USAGE, DIRECTORY_UNREADABLE, COMPARE_FAILED
 */
export async function openSide(source: string, options: ServerOptions, output: Output): Promise<Side> {
  if (source.startsWith('xds://')) return serverSide(source, options);
  if (source.startsWith('envoy://')) return envoySide(source, options);
  if (/^\w+:\/\//.test(source))
    throw new PilotError('USAGE', `"${source}" is no side to compare`, { hint: forms });
  return (await isFile(source)) ? fileSide(source) : openDirectory(source, output, forms);
}

/**
 * Opens a mesh directory, in the file system or in a git revision.
 * @throws PilotError USAGE, DIRECTORY_UNREADABLE
 */
export async function openDirectory(
  source: string,
  output: Output,
  hint = 'It is to be a mesh directory, or REV:DIR of a git repository; `pilotlight compare` takes more.',
): Promise<Side> {
  const revision = (await exists(source)) ? undefined : parseGitDirectory(source);
  if (revision === undefined) {
    if (!(await exists(source))) {
      throw new PilotError('USAGE', `there is no file or directory "${source}"`, { hint });
    }
    return asSide(source, await readMeshDirectory(source), output);
  }
  const checkedOut = await checkOut(revision, process.cwd());
  try {
    return asSide(source, await readMeshDirectory(checkedOut.path), output);
  } finally {
    await checkedOut.remove();
  }
}

function asSide(source: string, state: MeshDirectoryState, output: Output): Side {
  if (state.problems.length + state.notEnforced.length > 0) output.say(`${source}:`);
  sayProblems(output, state);
  return directorySide(source, state, proxiesOf(state));
}

function proxiesOf(state: MeshDirectoryState): KnownProxies {
  const names = proxyNames(state);
  const known = new Set(names);
  return {
    kind: 'named',
    names,
    all: everyProxy(state).map(({ name }) => name),
    has: (name) => known.has(name),
    node: (name) => proxyByName(state, name)?.node,
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await statOf(path))?.isFile() ?? false;
}

async function exists(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

function statOf(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  return stat(path).catch(() => undefined); // what is wrong with it is said when it is read
}
