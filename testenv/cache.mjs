/**
 * The folder that real servers are installed into, once for each version: PILOTLIGHT_CACHE, by default in the
 * user's cache folder, so that it outlives a clone.
 */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A server cannot be installed here, for a reason that is not a failure: a toolchain is missing. */
export class NotAvailable extends Error {}

/** The cache's folder. */
export function cacheFolder() {
  return (
    process.env.PILOTLIGHT_CACHE ||
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pilotlight')
  );
}

/**
 * The folder of one installed thing. When it is not there, `install` fills a fresh folder, which takes its place
 * only when it is complete; so an installation that was cut off is made anew, and two at once do not harm each other.
 *
 * @param {string} name what is installed, with its version, such as `envoy-1.40.0`
 * @param {(folder: string) => Promise<void>} install
 */
export async function installed(name, install) {
  const folder = join(cacheFolder(), name);
  if (await exists(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(join(cacheFolder(), `.${name}-`));
  try {
    await install(fresh);
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

/**
 * Installs each of several things, as far as that is possible here.
 *
 * @template {string} Name
 * @param {Readonly<Record<Name, () => Promise<unknown>>>} parts
 * @returns {Promise<ReadonlyMap<Name, string>>} what is not available, and why
 */
export async function missing(parts) {
  /** @type {Map<Name, string>} */
  const reasons = new Map();
  for (const name of /** @type {Name[]} */ (Object.keys(parts))) {
    try {
      await parts[name]();
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      reasons.set(name, error.message);
    }
  }
  return reasons;
}

/** @param {string} path */
async function exists(path) {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
