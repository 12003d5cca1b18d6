/** All objects of a live cluster that Pilotlight reads, each kind listed once. */
import { PilotError, errorMessage } from '../base/errors.js';
import { discover } from '../config/kubernetes/discovery.js';
import {
  apiResources,
  apiVersionOf,
  resourcePath,
  type ApiResource,
} from '../config/kubernetes/resources.js';
import { isInRevision } from '../config/kubernetes/revision.js';
import type { Kind } from '../config/object.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import { ApiError } from '../kubernetes/api-error.js';
import { ListWatch, type RawObject } from '../kubernetes/list-watch.js';

/** The objects of one kind as the API gives them. */
export interface ListedKind {
  readonly resource: ApiResource;
  /** The apiVersion that they are in. */
  readonly apiVersion: string;
  readonly objects: readonly RawObject[];
}

/** What a cluster holds. */
export interface ListedCluster {
  /** In the order of `apiResources`. */
  readonly kinds: readonly ListedKind[];
  /** Kinds that the cluster does not define. */
  readonly absent: readonly Kind[];
}

/** How often something that may pass (a server that is busy, a connection that is cut) is tried again. */
const passingFailures = 4;

/**
 * Lists everything. Kinds are listed one after the other, so that what changes meanwhile may be seen in one kind and
 * not in another.
 *
 * @param kinds to list; all when absent.
 * @param revision whose configuration is listed.
 * @param said is told of each kind that has been listed.
 * @throws PilotError CLUSTER_UNREADABLE when any kind cannot be listed; KUBECONFIG_INVALID.
 */
export async function listCluster(
  client: ApiClient,
  {
    kinds,
    revision,
    signal,
    said,
  }: { kinds?: ReadonlySet<Kind>; revision: string; signal: AbortSignal; said: (line: string) => void },
): Promise<ListedCluster> {
  const resources = apiResources.filter(({ kind }) => kinds?.has(kind) ?? true);
  const served = await readable('which kinds the cluster defines', () => discover(client, resources, signal));
  const listed: ListedKind[] = [];
  for (const resource of resources) {
    const version = served.get(resource.kind);
    if (version === undefined) continue;
    const path = resourcePath(resource, version);
    const all = await readable(resource.plural, () => listAll(client, path, signal));
    const objects = all.filter((object) => isInRevision(resource, object, revision));
    const others = all.length - objects.length;
    said(
      `${objects.length} ${resource.plural}${others === 0 ? '' : `; ${others} of other revisions left out`}`,
    );
    listed.push({ resource, apiVersion: apiVersionOf(resource, version), objects });
  }
  return { kinds: listed, absent: resources.filter(({ kind }) => !served.has(kind)).map(({ kind }) => kind) };
}

/** Does what may fail on account of the API. @throws PilotError that says what could not be read. */
export async function readable<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PilotError) throw error;
    const denied = error instanceof ApiError && error.status === 403;
    const hint = denied
      ? 'Use a context that may list it, such as one that is bound to the roles in deploy/.'
      : 'Check the context, and that its API server can be reached.';
    throw new PilotError('CLUSTER_UNREADABLE', `${what}: ${errorMessage(error)}`, { hint, cause: error });
  }
}

/** Every object of a resource, read in pages. */
function listAll(client: ApiClient, path: string, signal: AbortSignal): Promise<readonly RawObject[]> {
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    let objects: RawObject[] = [];
    let failures = 0;
    const settle = (finish: () => void): void => {
      signal.removeEventListener('abort', interrupt);
      finish();
      end.abort();
    };
    const interrupt = (): void => settle(() => reject(new PilotError('CLUSTER_UNREADABLE', 'interrupted')));
    const listWatch = new ListWatch(client, path, {
      listBegins: () => {
        objects = [];
      },
      listed: (item) => objects.push(item),
      listEnds: () => settle(() => resolve(objects)),
      changed: () => undefined,
      deleted: () => undefined,
      watching: () => undefined,
      failed: (error) => {
        failures += 1;
        if (failures > passingFailures || !mayPass(error)) settle(() => reject(error));
      },
    });
    if (signal.aborted) {
      interrupt();
      return;
    }
    signal.addEventListener('abort', interrupt, { once: true });
    void listWatch.run(end.signal);
  });
}

function mayPass(error: Error): boolean {
  if (error instanceof PilotError) return false;
  return !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
}
