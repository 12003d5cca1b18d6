/** Where kubeconfigs are found: a file that is named, those of KUBECONFIG, the user's own, or the pod's account. */
import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { PilotError, systemErrorCode } from '../base/errors.js';
import { mergeKubeconfigs, parseKubeconfig, selectContext, type KubeconfigContext } from './kubeconfig.js';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a context, anew each time. @throws PilotError KUBECONFIG_INVALID. */
export type ReadContext = () => Promise<KubeconfigContext>;

/** Where Kubernetes puts the credentials of a pod's service account. */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads a context of the kubeconfigs that kubectl would use: the named file, else the files of KUBECONFIG, else
 * `.kube/config` in the home folder.
 *
 * @param path of one kubeconfig.
 * @param context the current one when absent.
 */
export function contextOfFiles(
  path: string | undefined,
  context: string | undefined,
  env: Environment = process.env,
): ReadContext {
  return async () => {
    const paths = path === undefined ? kubeconfigPaths(env) : [path];
    const texts = await Promise.all(paths.map((file) => readOptional(file)));
    const kubeconfigs = texts.flatMap((text, index) => {
      const file = paths[index] ?? '';
      return text === undefined ? [] : [parseKubeconfig(text, file, dirname(file))];
    });
    if (kubeconfigs.length === 0) {
      throw new PilotError('KUBECONFIG_INVALID', `there is no kubeconfig at ${paths.join(' or ')}`, {
        hint: 'Name one, or set KUBECONFIG.',
      });
    }
    return selectContext(mergeKubeconfigs(kubeconfigs), context);
  };
}

/** Reads a context of a kubeconfig that is given as text; `source` says where that is from, for messages. */
export function contextOfText(text: string, source: string, context?: string): ReadContext {
  return () => Promise.resolve(selectContext(parseKubeconfig(text, source, ''), context));
}

/** The paths that are looked at when no kubeconfig is named. */
function kubeconfigPaths(env: Environment): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
}

/** Whether this process runs in a pod that has credentials for its cluster. */
export async function isInCluster(env: Environment = process.env, folder = accountFolder): Promise<boolean> {
  if (!env['KUBERNETES_SERVICE_HOST'] || !env['KUBERNETES_SERVICE_PORT']) return false;
  try {
    return (await stat(join(folder, 'token'))).isFile();
  } catch {
    return false;
  }
}

/** Reads the context of the pod that this process runs in. The token is renewed in its file by Kubernetes. */
export function contextOfPod(env: Environment = process.env, folder = accountFolder): ReadContext {
  return async () => {
    const host = env['KUBERNETES_SERVICE_HOST'];
    const port = env['KUBERNETES_SERVICE_PORT'];
    if (!host || !port) {
      throw new PilotError('KUBECONFIG_INVALID', 'this process does not run in a pod of a cluster', {
        hint: 'Name a kubeconfig.',
      });
    }
    const namespace = (await readOptional(join(folder, 'namespace')))?.trim();
    return {
      name: 'in-cluster',
      cluster: {
        server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
        ca: { file: join(folder, 'ca.crt') },
        insecure: false,
      },
      user: { token: { file: join(folder, 'token') } },
      ...(namespace === undefined ? {} : { namespace }),
    };
  };
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
