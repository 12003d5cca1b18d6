/** Mesh configuration as Istio's installation keeps it: a ConfigMap of the system namespace. */
import type { ApiClient } from '../kubernetes/api-client.js';
import { readable } from './cluster-objects.js';
import type { DumpFile } from './layout.js';
import { fields, list } from './written-object.js';

/** A ConfigMap by its place, such as `istio-system/istio`. */
export interface ConfigMapName {
  readonly namespace: string;
  readonly name: string;
}

/** Its keys, and the files of a mesh directory that hold the same. */
const filesByKey: Readonly<Record<string, string>> = { mesh: 'mesh.yaml', meshNetworks: 'networks.yaml' };

/**
 * The files of the mesh configuration, as it stands in the ConfigMap; undefined when there is no such ConfigMap.
 * @throws PilotError CLUSTER_UNREADABLE.
 */
export async function meshConfigFiles(
  client: ApiClient,
  { namespace, name }: ConfigMapName,
  signal: AbortSignal,
): Promise<readonly DumpFile[] | undefined> {
  // Listed, since that is what the roles in deploy/ let one do.
  const path = `/api/v1/namespaces/${namespace}/configmaps?fieldSelector=metadata.name%3D${name}`;
  const found = await readable(`the ConfigMap ${namespace}/${name}`, () => client.json({ path, signal }));
  const [configMap] = list(fields(found)['items']);
  if (configMap === undefined) return undefined;
  const data = fields(fields(configMap)['data']);
  return Object.entries(filesByKey).flatMap(([key, file]) => {
    const text = data[key];
    return typeof text === 'string' && text.trim() !== ''
      ? [{ path: file, text: text.endsWith('\n') ? text : `${text}\n` }]
      : [];
  });
}
