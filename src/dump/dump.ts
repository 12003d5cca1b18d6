/** A live mesh as a mesh directory: everything is read first, and written when all of it is there. */
import { remoteClusterKinds } from '../config/kubernetes/resources.js';
import { primaryClusterId } from '../config/mesh-directory/state.js';
import { packageVersion } from '../base/version.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import { listCluster, type ListedCluster } from './cluster-objects.js';
import { checkFolder, writeFolder } from './folder.js';
import { secretFiles } from './gateway-secrets.js';
import { primaryFiles, remoteFile, type DumpFile } from './layout.js';
import { meshConfigFiles, type ConfigMapName } from './mesh-config-map.js';
import { proxiesFile } from './proxies-file.js';

export interface DumpOptions {
  /** The folder to write. */
  readonly output: string;
  /** It need not be empty. */
  readonly force: boolean;
  /** The cluster whose Istio configuration counts. */
  readonly primary: ApiClient;
  /** Further clusters by name. */
  readonly remotes: ReadonlyMap<string, ApiClient>;
  /** Whose configuration is written. */
  readonly revision: string;
  /** Where the mesh configuration stands. */
  readonly meshConfig: ConfigMapName;
  /** With the secrets that Gateways name. */
  readonly secrets: boolean;
  /** With proxies.yaml. */
  readonly proxies: boolean;
  readonly signal: AbortSignal;
  /** Is told how it goes. */
  readonly said: (line: string) => void;
}

/** What a dump holds. */
export interface Dumped {
  readonly files: number;
  readonly objects: number;
  readonly clusters: number;
}

/**
 * Writes the dump.
 * @throws PilotError USAGE for a folder that cannot be used; CLUSTER_UNREADABLE; KUBECONFIG_INVALID. The folder is then
 * as it was, unless it was being replaced with `force`: then it may lack files, and has no `dump.json`.
 */
export async function dump(options: DumpOptions): Promise<Dumped> {
  const { output, primary, revision, signal, said } = options;
  await checkFolder(output, options.force);
  const own = await listCluster(primary, { revision, signal, said });
  sayAbsent(own, said);
  const files: DumpFile[] = [...primaryFiles(own), ...(await meshFiles(options))];
  if (options.secrets) files.push(...(await secretFiles(primary, own, signal)));
  const proxies = options.proxies ? proxiesFile(own, primaryClusterId) : undefined;
  if (proxies !== undefined) files.push(proxies);
  else if (options.proxies) said('no Pod has an istio-proxy, so there is no proxies.yaml');
  const clusters = new Map([[primaryClusterId, own]]);
  for (const [name, client] of options.remotes) {
    const sayHere = (line: string): void => said(`${name}: ${line}`);
    const remote = await listCluster(client, {
      kinds: remoteClusterKinds,
      revision,
      signal,
      said: sayHere,
    });
    clusters.set(name, remote);
    files.push(remoteFile(name, remote));
  }
  const { others } = await writeFolder(output, files, contents(clusters));
  if (others.length > 0)
    said(`warning: files that this dump did not write count as well: ${shortList(others)}`);
  const objects = [...clusters.values()].reduce((sum, cluster) => sum + count(cluster), 0);
  return { files: files.length, objects, clusters: clusters.size };
}

async function meshFiles({ primary, meshConfig, signal, said }: DumpOptions): Promise<readonly DumpFile[]> {
  const files = await meshConfigFiles(primary, meshConfig, signal);
  const place = `ConfigMap ${meshConfig.namespace}/${meshConfig.name}`;
  if (files === undefined)
    said(`warning: there is no ${place}; Istio's defaults count as mesh configuration`);
  else said(`mesh configuration of the ${place}`);
  return files ?? [];
}

function sayAbsent({ absent }: ListedCluster, said: (line: string) => void): void {
  if (absent.length > 0) said(`not defined in this cluster: ${absent.join(', ')}`);
}

/** What dump.json says beside the names of the files: numbers of objects by cluster and kind. */
function contents(clusters: ReadonlyMap<string, ListedCluster>): object {
  const numbers = [...clusters].map(([name, { kinds }]) => [
    name,
    Object.fromEntries(kinds.map(({ resource, objects }) => [resource.kind, objects.length])),
  ]);
  return { pilotlight: packageVersion(), objects: Object.fromEntries(numbers) as unknown };
}

function count({ kinds }: ListedCluster): number {
  return kinds.reduce((sum, { objects }) => sum + objects.length, 0);
}

/** As many as a person reads. */
const shown = 5;

function shortList(names: readonly string[]): string {
  const more = names.length - shown;
  return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
