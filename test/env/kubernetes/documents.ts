/** Documents of mesh directories as objects of an API server. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import type { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';

/** The documents of a file. */
export async function readDocuments(path: string): Promise<KubernetesObject[]> {
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return documents.flatMap((document) => {
    const value = document.toJS() as KubernetesObject | null;
    return value === null ? [] : [value];
  });
}

/** Applies an object as it is, into a namespace that the API server, unlike a directory, has to have. */
export async function applyDocument(
  { api }: Kubernetes,
  { metadata, ...rest }: KubernetesObject,
): Promise<void> {
  const { creationTimestamp: _, ...own } = metadata;
  const { namespace } = metadata;
  if (namespace !== undefined) {
    const bare = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await api.get(bare).catch(() => api.apply(bare));
  }
  await api.apply({ ...rest, metadata: own });
}

/** Removes the objects of a case; namespaces stay, without what the case said of them. */
export async function removeDocuments(
  { api }: Kubernetes,
  documents: readonly KubernetesObject[],
): Promise<void> {
  for (const document of documents) {
    const { apiVersion, kind, metadata } = document;
    if (kind === 'Namespace') await api.apply({ apiVersion, kind, metadata: { name: metadata.name } });
    else await api.delete(document);
  }
}
