/** `pilotlight adapter new`: the beginning of an adapter, with its test. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorMessage, PilotError, systemErrorCode } from '../../base/errors.js';
import { packageVersion } from '../../base/version.js';
import { exitCodes, textOption, type Command } from '../command.js';

/** A working adapter that is published with the package; its name is replaced. */
const skeleton = fileURLToPath(new URL('../../../examples/adapters/skeleton', import.meta.url));

export const adapterCommand: Command = {
  name: 'adapter',
  summary: 'begin an adapter for a registry of your own',
  description:
    'Writes an adapter that works, over a JSON file, and the conformance test that says whether it is right. docs/adapters.md teaches the rest.',
  arguments: [
    { name: '<new>', help: 'what to do' },
    { name: '<NAME>', help: 'the type of registry: small letters, digits, hyphens' },
  ],
  options: [{ flags: '--directory <DIR>', help: 'where to write it (default: a folder of that name)' }],
  examples: [
    {
      line: 'pilotlight adapter new my-registry',
      says: 'my-registry/my-registry.ts, its test, and a package.json',
    },
    {
      line: 'pilotlight serve --registry ./my-registry/my-registry.ts=registry.json',
      says: 'serves from it, without a build',
    },
  ],
  run: async ({ arguments: [action, name = ''], options, output }) => {
    if (action !== 'new') throw new PilotError('USAGE', `adapter: "${action ?? ''}" is not new`);
    if (!/^[a-z][a-z0-9-]*$/.test(name))
      throw new PilotError('USAGE', `"${name}" is no name of small letters, digits and hyphens`);
    const folder = resolve(textOption(options, 'directory') ?? name);
    const files = await filesFor(name);
    for (const [file, text] of files) await writeNew(join(folder, file), folder, text);
    const shown = relative('.', folder) || '.';
    output.result(`${[...files.keys()].map((file) => join(shown, file)).join('\n')}\n`);
    output.say(`Next: cd ${shown}, npm install, npx vitest run; docs/adapters.md explains each part.`);
    return exitCodes.ok;
  },
};

async function filesFor(name: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const ending of ['.ts', '.test.ts']) {
    const text = await readFile(join(skeleton, `skeleton${ending}`), 'utf8');
    files.set(`${name}${ending}`, text.replaceAll('skeleton', name));
  }
  const manifest = {
    name: `pilotlight-adapter-${name}`,
    private: true,
    type: 'module',
    scripts: { test: 'vitest run' },
    devDependencies: { pilotlight: `^${packageVersion()}`, vitest: '^4.0.0' },
  };
  return files.set('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Never in the place of a file that is there. */
async function writeNew(path: string, folder: string, text: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const what = systemErrorCode(error) === 'EEXIST' ? 'is there already' : errorMessage(error);
    throw new PilotError('USAGE', `${path} cannot be written: ${what}`, { cause: error });
  }
}
