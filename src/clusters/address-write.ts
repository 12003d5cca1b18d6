/** One write of addresses to the status of a ServiceEntry. */
import { errorMessage } from '../base/errors.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import { ApiError } from '../kubernetes/api-error.js';
import type { RawObject } from '../kubernetes/list-watch.js';
import { sameAddresses, writableEntry, type DueWrite, type WritableEntry } from './address-plan.js';

/**
 * What became of a write. `outdated`: the entry is not what it was, or is gone. `rejected`: the API server does not take
 * the addresses, or does not keep them. `failed`: it did not get that far.
 */
export type WriteResult =
  | { readonly outcome: 'written'; readonly now: WritableEntry }
  | { readonly outcome: 'outdated' }
  | { readonly outcome: 'rejected'; readonly now?: WritableEntry; readonly error: Error }
  | { readonly outcome: 'failed'; readonly error: Error };

/**
 * Writes what is due, if the entry is still the version for which it is. Other managers of the status keep what is
 * theirs.
 *
 * @param path of all ServiceEntries.
 */
export async function writeAddresses(
  client: ApiClient,
  path: string,
  { entry: { metadata, resourceVersion }, addresses }: DueWrite,
  signal: AbortSignal,
): Promise<WriteResult> {
  const inNamespace = path.replace(/\/[^/]+$/, `/namespaces/${metadata.namespace}$&`);
  try {
    const object = await client.json({
      method: 'PATCH',
      path: `${inNamespace}/${metadata.name}/status?fieldManager=pilotlight`,
      // With a version in it, a patch of another version is refused.
      body: { metadata: { resourceVersion }, status: { addresses } },
      contentType: 'application/merge-patch+json',
      signal,
    });
    const now = writableEntry(object as RawObject);
    if (sameAddresses(now.spec.statusAddresses, addresses)) return { outcome: 'written', now };
    const error = new Error('the API server does not keep the addresses that are written');
    return { outcome: 'rejected', now, error };
  } catch (thrown) {
    return resultOf(thrown instanceof Error ? thrown : new Error(errorMessage(thrown)));
  }
}

function resultOf(error: Error): WriteResult {
  if (!(error instanceof ApiError)) return { outcome: 'failed', error };
  const { status } = error;
  if (status === 409 || status === 404) return { outcome: 'outdated' };
  const mayPass = status >= 500 || [401, 403, 408, 429].includes(status);
  return { outcome: mayPass ? 'failed' : 'rejected', error };
}
