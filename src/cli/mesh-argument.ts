/** The mesh directory that a command works on when none is named. */
import { readdir } from 'node:fs/promises';
import { PilotError } from '../base/errors.js';

/**
 * The current folder, if it holds YAML.
 *
 * @param missing what was not given
 * @param usage how to give it
 * @throws PilotError USAGE
 */
export async function currentFolder(missing: string, usage: string): Promise<string> {
  const names = await readdir('.');
  if (names.some((name) => /\.ya?ml$/.test(name))) return '.';
  throw new PilotError('USAGE', `the current folder holds no YAML, and no ${missing} was given`, {
    hint: `Run \`${usage}\`.`,
  });
}
