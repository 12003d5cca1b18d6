/**
 * The secrets that Gateways name. A `credentialName` is a Secret in the namespace of the gateway's Pods (Istio's
 * `ServerTLSSettings`); the CA of mutual TLS may be in another one that is called `NAME-cacert`.
 */
import { compareStrings } from '../base/compare.js';
import { secretKeys } from '../config/credential-keys.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import { ApiError } from '../kubernetes/api-error.js';
import { readable, type ListedCluster } from './cluster-objects.js';
import type { DumpFile } from './layout.js';
import { fields, list, type Fields } from './written-object.js';
import { yamlText } from './yaml-text.js';

const keys: ReadonlySet<string> = new Set(secretKeys);

/** The names of the secrets, by namespace. */
function gatewaySecretNames(cluster: ListedCluster): ReadonlyMap<string, ReadonlySet<string>> {
  const pods = objectsOf(cluster, 'Pod').map((pod) => fields(pod['metadata']));
  const names = new Map<string, Set<string>>();
  for (const { metadata, spec } of objectsOf(cluster, 'Gateway')) {
    const credentials = list(fields(spec)['servers']).flatMap((server) => credentialNames(fields(server)));
    if (credentials.length === 0) continue;
    const selector = Object.entries(fields(fields(spec)['selector']));
    const selected =
      selector.length === 0
        ? [fields(metadata)['namespace']]
        : pods
            .filter(({ labels }) => selector.every(([key, value]) => fields(labels)[key] === value))
            .map(({ namespace }) => namespace);
    for (const namespace of selected.map(String)) {
      const known = names.get(namespace) ?? new Set();
      for (const name of credentials) known.add(name).add(`${name}-cacert`);
      names.set(namespace, known);
    }
  }
  return new Map([...names].sort(([a], [b]) => compareStrings(a, b)));
}

/** The files of the secrets that there are. @throws PilotError CLUSTER_UNREADABLE. */
export async function secretFiles(
  client: ApiClient,
  cluster: ListedCluster,
  signal: AbortSignal,
): Promise<readonly DumpFile[]> {
  const files: DumpFile[] = [];
  for (const [namespace, names] of gatewaySecretNames(cluster)) {
    const documents: Fields[] = [];
    for (const name of [...names].sort(compareStrings)) {
      const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
      const secret = await readable(`the Secret ${namespace}/${name}`, () => optional(client, path, signal));
      if (secret !== undefined) documents.push(written(namespace, name, fields(secret)));
    }
    if (documents.length > 0)
      files.push({ path: `secrets/${namespace}.yaml`, text: yamlText(documents), secret: true });
  }
  return files;
}

function written(namespace: string, name: string, secret: Fields): Fields {
  const data = Object.entries(fields(secret['data'])).filter(([key]) => keys.has(key));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: secret['type'],
    data: Object.fromEntries(data),
  };
}

/** A name that is a URL means something else than a Secret of the gateway's namespace. */
function credentialNames({ tls }: Fields): readonly string[] {
  const { credentialName, credentialNames: several } = fields(tls);
  return [credentialName, ...list(several)].filter(
    (name): name is string => typeof name === 'string' && /^[a-z0-9][-a-z0-9.]*$/.test(name),
  );
}

function objectsOf(cluster: ListedCluster, kind: string): readonly Fields[] {
  return cluster.kinds
    .filter(({ resource }) => resource.kind === kind)
    .flatMap(({ objects }) => objects as unknown as readonly Fields[]);
}

/** What is at a path of the API; undefined where there is nothing. */
async function optional(client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return await client.json({ path, signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
