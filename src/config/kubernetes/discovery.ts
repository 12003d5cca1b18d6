/** Which of the kinds that are read an API serves at present, and in which version. */
import type { ApiClient } from '../../kubernetes/api-client.js';
import { ApiError } from '../../kubernetes/api-error.js';
import type { Kind } from '../object.js';
import { apiVersionOf, type ApiResource } from './resources.js';

/** The version in which each kind is served; a kind that is not served is absent. */
export type ServedVersions = ReadonlyMap<Kind, string>;

/**
 * Asks an API which of the resources it serves.
 * @throws as `ApiClient.json`; Error while the server is starting, since it does not know all kinds then; Error when
 * it lacks a kind that every API server has.
 */
export async function discover(
  client: ApiClient,
  resources: readonly ApiResource[],
  signal: AbortSignal,
): Promise<ServedVersions> {
  await checkReady(client, signal);
  const groups = new Map<string, ApiResource[]>();
  for (const resource of resources) {
    const group = groups.get(resource.group);
    if (group === undefined) groups.set(resource.group, [resource]);
    else group.push(resource);
  }
  const found = await Promise.all([...groups.values()].map((group) => discoverGroup(client, group, signal)));
  const served = new Map(found.flatMap((versions) => [...versions]));
  const missing = resources.find(({ kind, builtIn }) => builtIn && !served.has(kind));
  if (missing === undefined) return served;
  throw new Error(
    `the API server does not serve ${missing.plural} of ${missing.group || 'the core API'} in ${missing.versions.join(' or ')}`,
  );
}

async function checkReady(client: ApiClient, signal: AbortSignal): Promise<void> {
  try {
    const { body } = await client.send({ path: '/readyz', signal });
    body.destroy();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 401) throw error;
    if (error.status >= 500) throw new Error('the API server is not ready', { cause: error });
    // Who must not ask has to do without the answer.
  }
}

async function discoverGroup(
  client: ApiClient,
  resources: readonly ApiResource[],
  signal: AbortSignal,
): Promise<Map<Kind, string>> {
  const [{ group, versions } = { group: '', versions: [] }] = resources;
  const found = new Map<Kind, string>();
  const served = group === '' ? versions : await servedVersions(client, group, signal);
  for (const version of versions.filter((known) => served.includes(known))) {
    if (resources.every(({ kind }) => found.has(kind))) break;
    const plurals = await watchablePlurals(client, resources, version, signal);
    for (const { kind, plural } of resources)
      if (plurals.has(plural) && !found.has(kind)) found.set(kind, version);
  }
  return found;
}

async function servedVersions(
  client: ApiClient,
  group: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answer = (await optionalJson(client, `/apis/${group}`, signal)) as
    { readonly versions?: readonly { readonly version: string }[] } | undefined;
  return (answer?.versions ?? []).map(({ version }) => version);
}

async function watchablePlurals(
  client: ApiClient,
  [resource]: readonly ApiResource[],
  version: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (resource === undefined) return new Set();
  const root = resource.group === '' ? '/api' : '/apis';
  const answer = (await optionalJson(client, `${root}/${apiVersionOf(resource, version)}`, signal)) as
    | { readonly resources?: readonly { readonly name: string; readonly verbs: readonly string[] }[] }
    | undefined;
  const watchable = (answer?.resources ?? []).filter(
    ({ verbs }) => verbs.includes('list') && verbs.includes('watch'),
  );
  return new Set(watchable.map(({ name }) => name));
}

/** The JSON at a path; undefined where there is nothing. */
async function optionalJson(client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await client.json({ path, signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
