/**
 * Finding an adapter by its type: one that is built in, or a module of the user's, from a path or a package. Such a
 * module may be TypeScript: it is loaded through jiti, which takes it as it is, without a build and without flags of
 * Node. What it imports from `pilotlight` and `rxjs` are the modules that run already, so that it needs no
 * node_modules, also where Pilotlight is installed globally, and nothing of them is there twice.
 */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Adapter } from '../adapter/adapter.js';
import { describeAdapterFault } from '../adapter/describe-fault.js';
import { isRecord } from '../base/is-record.js';
import { errorMessage, PilotError } from '../base/errors.js';
import { builtinAdapters } from './builtin.js';

/**
 * Loads the adapter of a type.
 *
 * @param folder what paths are relative to, and where packages are looked for.
 * @throws PilotError USAGE that says what was looked for and what is wrong with it.
 */
export async function loadAdapter(type: string, folder: string): Promise<Adapter<never>> {
  if (Object.hasOwn(builtinAdapters, type)) return await builtinOf(type);
  const path = pathOf(type, folder);
  if (path !== undefined && !(await isFile(path)))
    throw new PilotError('USAGE', `there is no adapter ${path}`, { hint: hint() });
  const exported = await importModule(path ?? type, folder, type);
  const adapter = adapterIn(exported);
  const fault = describeAdapterFault(adapter);
  if (fault !== undefined)
    throw new PilotError('USAGE', `${path ?? type} is no adapter: ${fault}`, { hint: hint() });
  return adapter as Adapter<never>;
}

async function builtinOf(type: string): Promise<Adapter<never>> {
  const load = builtinAdapters[type];
  if (load === undefined) throw new PilotError('USAGE', `there is no adapter ${type}`, { hint: hint() });
  return await load();
}

/** The absolute path that a type is; undefined for the name of a package. */
function pathOf(type: string, folder: string): string | undefined {
  if (type.startsWith('file:')) return fileURLToPath(type);
  return /^\.{0,2}[\\/]|^[A-Za-z]:[\\/]|\.[cm]?[jt]s$/.test(type) ? resolve(folder, type) : undefined;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function importModule(id: string, folder: string, type: string): Promise<unknown> {
  const [{ createJiti }, pilotlight, kit, rxjs] = await Promise.all([
    import('jiti'),
    import('../index.js'),
    import('../adapter/index.js'),
    import('rxjs'),
  ]);
  const jiti = createJiti(join(folder, 'pilotlight.yaml'), {
    // A file that changed is to be read anew, and nothing is to be written beside it.
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    virtualModules: { pilotlight, 'pilotlight/adapter': kit, rxjs },
  });
  try {
    return await jiti.import(id);
  } catch (error) {
    throw new PilotError(
      'USAGE',
      `the adapter ${type} cannot be loaded: ${errorMessage(error).split('\n', 1)[0] ?? ''}`,
      {
        hint: hint(),
        cause: error,
      },
    );
  }
}

/** The export `adapter`; a default export does as well. */
function adapterIn(exported: unknown): unknown {
  if (!isRecord(exported)) return undefined;
  const { adapter, default: other } = exported;
  return adapter ?? (isRecord(other) && 'adapter' in other ? other['adapter'] : other);
}

function hint(): string {
  const types = Object.keys(builtinAdapters);
  const known = types.length === 0 ? '' : `Built-in types: ${types.join(', ')}. `;
  return `${known}An adapter of your own is a path such as ./my-registry.ts, or a package; \`pilotlight adapter new NAME\` writes one.`;
}
