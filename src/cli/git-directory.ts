/** A folder as it was in a git revision, written out into a temporary folder. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage, PilotError, systemErrorCode } from '../base/errors.js';

const run = promisify(execFile);

/** A folder of a revision: `REV:DIR` as git writes it, where DIR is seen from the repository's root, or `./DIR`. */
export interface GitDirectory {
  readonly revision: string;
  readonly folder: string;
}

/** Reads `REV:DIR`; undefined for what cannot be that, such as a path without a colon or a URL. */
export function parseGitDirectory(text: string): GitDirectory | undefined {
  const match = /^([^:\s][^:\s]*):(?!\/\/)(.*)$/.exec(text);
  return match === null ? undefined : { revision: match[1] ?? '', folder: match[2] ?? '' };
}

/** A folder that is there until it is removed. */
export interface CheckedOut {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes the folder of a revision out. Neither the repository's index nor its files are touched.
 * @throws PilotError USAGE where git, the repository, the revision or the folder is missing
 */
export async function checkOut({ revision, folder }: GitDirectory, cwd: string): Promise<CheckedOut> {
  const root = await git(cwd, ['rev-parse', '--show-toplevel'], {}, () => `${cwd} is in no git repository`);
  await git(
    cwd,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    {},
    () => `git knows no revision "${revision}" in ${root}`,
  );
  const tree = await git(
    cwd,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}:${folder}`],
    {},
    () => `the revision "${revision}" has no folder "${folder}"`,
    `As in git, the folder is seen from the root of the repository (${root}); ${revision}:./${folder || 'DIR'} is seen from the current one.`,
  );
  const temporary = await mkdtemp(join(tmpdir(), 'pilotlight-diff-'));
  const remove = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const environment = { GIT_INDEX_FILE: join(temporary, 'index') };
    const path = join(temporary, 'tree');
    await git(root, ['read-tree', tree], environment, () => `"${folder}" of ${revision} is no folder`);
    await git(
      root,
      ['checkout-index', '--all', `--prefix=${path}/`],
      environment,
      () => `${revision}:${folder} cannot be written out`,
    );
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Runs git. @returns what it printed, without the last newline. */
async function git(
  cwd: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  failure: () => string,
  hint?: string,
): Promise<string> {
  try {
    const { stdout } = await run('git', [...args], { cwd, env: { ...process.env, ...environment } });
    return stdout.trimEnd();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new PilotError('USAGE', 'git is not installed, and REV:DIR needs it', { cause: error });
    }
    const said =
      error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : errorMessage(error);
    throw new PilotError('USAGE', `${failure()}${said === '' ? '' : `: ${said.split('\n')[0] ?? ''}`}`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}
