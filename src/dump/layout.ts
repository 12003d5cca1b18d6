/** Which file of a dump holds what: one for each kind and namespace, in a folder for each kind. */
import { compareStrings } from '../base/compare.js';
import type { ListedCluster } from './cluster-objects.js';
import { fields, text, writtenObjects, type Fields } from './written-object.js';
import { yamlText } from './yaml-text.js';

/** A file of a mesh directory. */
export interface DumpFile {
  /** Relative to the directory, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Nobody but the owner may read it. */
  readonly secret?: boolean;
}

/**
 * The files of the primary cluster: `services/shop.yaml`, `nodes.yaml`. Kinds come first because some names of folders
 * have a meaning in a mesh directory, and any of them may be that of a namespace.
 */
export function primaryFiles({ kinds }: ListedCluster): readonly DumpFile[] {
  return kinds.flatMap((listed) => {
    const { plural } = listed.resource;
    const byNamespace = new Map<string, Fields[]>();
    for (const document of inOrder(writtenObjects(listed))) {
      const namespace = namespaceOf(document);
      const documents = byNamespace.get(namespace);
      if (documents === undefined) byNamespace.set(namespace, [document]);
      else documents.push(document);
    }
    return [...byNamespace].map(([namespace, documents]) => ({
      path: namespace === '' ? `${plural}.yaml` : `${plural}/${namespace}.yaml`,
      text: yamlText(documents),
    }));
  });
}

/** The file of a further cluster. */
export function remoteFile(name: string, { kinds }: ListedCluster): DumpFile {
  const documents = kinds.flatMap((listed) => inOrder(writtenObjects(listed)));
  return { path: `cluster-${name}.yaml`, text: yamlText(documents) };
}

/** By namespace and name. */
function inOrder(documents: readonly Fields[]): readonly Fields[] {
  return [...documents].sort(
    (a, b) => compareStrings(namespaceOf(a), namespaceOf(b)) || compareStrings(nameOf(a), nameOf(b)),
  );
}

function namespaceOf(document: Fields): string {
  return text(fields(document['metadata'])['namespace']);
}

function nameOf(document: Fields): string {
  return text(fields(document['metadata'])['name']);
}
