/**
 * The folder with a workload's certificate: `tls.crt`, `tls.key` and `ca.crt`, as in a Secret of Kubernetes that is
 * mounted. All three change at once, so that whoever follows them never sees a key beside another's certificate: they
 * are links through `..data`, a link that is replaced by a rename.
 */
import { chmod, lstat, mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PilotError, errorMessage, systemErrorCode } from '../base/errors.js';

/** What the folder holds, as PEM texts by file name. */
export interface CertificateFiles {
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
  readonly 'ca.crt': string;
}

const dataLink = '..data';

/**
 * Writes the files, the key for the user alone.
 * @throws PilotError USAGE when there is one already and `replace` is not given, or one cannot be written.
 */
export async function writeCertificateFolder(
  folder: string,
  files: CertificateFiles,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  if (!replace) await refuseExisting(Object.keys(files).map((name) => join(folder, name)));
  await orExplain(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const before = await linkTarget(join(folder, dataLink));
    const fresh = await mkdtemp(`${folder}/..`);
    for (const [name, text] of Object.entries(files)) await writePrivately(join(fresh, name), text, name);
    await replaceLink(join(folder, dataLink), basename(fresh));
    for (const name of Object.keys(files)) {
      const link = join(dataLink, name);
      if ((await linkTarget(join(folder, name))) !== link) await replaceLink(join(folder, name), link);
    }
    if (before !== undefined && /^\.\.[^./\\]+$/.test(before))
      await rm(join(folder, before), { recursive: true, force: true });
  });
}

/**
 * Writes a CA's certificate and key, the key for the user alone.
 * @throws PilotError USAGE as above.
 */
export async function writeAuthorityFiles(
  folder: string,
  files: { readonly 'ca.crt': string; readonly 'ca.key': string },
  { replace }: { readonly replace: boolean },
): Promise<void> {
  if (!replace) await refuseExisting(Object.keys(files).map((name) => join(folder, name)));
  await orExplain(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await writePrivately(`${path}.new`, text, name);
      await rename(`${path}.new`, path);
    }
  });
}

/** A key may be read by nobody else, from the first moment. */
async function writePrivately(path: string, text: string, name: string): Promise<void> {
  const mode = name.endsWith('.key') ? 0o600 : 0o644;
  await rm(path, { force: true });
  await writeFile(path, text, { mode, flag: 'wx' });
  await chmod(path, mode);
}

async function replaceLink(path: string, target: string): Promise<void> {
  await rm(`${path}.new`, { force: true });
  await symlink(target, `${path}.new`);
  await rename(`${path}.new`, path);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'EINVAL') return undefined;
    throw error;
  }
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const exists = await lstat(path).then(
      () => true,
      (error: unknown) => {
        if (systemErrorCode(error) === 'ENOENT') return false;
        throw cannotWrite(path, error);
      },
    );
    if (exists)
      throw new PilotError('USAGE', `${path} is there already`, {
        hint: 'With --force it is replaced. Who trusts a CA that is replaced has to be given the new one.',
      });
  }
}

async function orExplain(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof PilotError ? error : cannotWrite(folder, error);
  }
}

function cannotWrite(path: string, error: unknown): PilotError {
  return new PilotError('USAGE', `${path} cannot be written: ${errorMessage(error)}`, { cause: error });
}
