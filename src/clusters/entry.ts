/** A remote cluster as the settings file lists it, under `clusters:`. */
import { resolve } from 'node:path';
import { PilotError } from '../base/errors.js';
import { contextOfFiles } from '../kubernetes/kubeconfig-files.js';
import type { JsonSchema } from '../settings/setting.js';
import type { RemoteCluster } from './remote-clusters.js';

/** One cluster of the settings. */
export interface ClusterEntry {
  /** The cluster's id. */
  readonly name: string;
  /** Path of a kubeconfig; what kubectl would use when absent. */
  readonly kubeconfig?: string;
  /** The current one when absent. */
  readonly context?: string;
}

/** The schema of `clusters:`. */
export const clustersSchema: JsonSchema = {
  type: 'array',
  description: 'Remote Kubernetes clusters to read; docs/kubernetes.md. Changes count while the server runs.',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$',
        description: 'The id of the cluster.',
      },
      kubeconfig: {
        type: 'string',
        minLength: 1,
        description: 'Its kubeconfig; KUBECONFIG or ~/.kube/config unless given.',
      },
      context: {
        type: 'string',
        minLength: 1,
        description: 'A context of the kubeconfig; the current one unless given.',
      },
    },
  },
};

/**
 * Clusters of the settings file. They fit the schema already.
 *
 * @param folder that relative paths are relative to.
 * @throws PilotError USAGE for two of one name.
 */
export function clusterEntries(value: unknown, folder: string): readonly ClusterEntry[] {
  const entries = Array.isArray(value) ? (value as readonly ClusterEntry[]) : [];
  const names = new Set<string>();
  for (const [index, { name }] of entries.entries()) {
    if (names.has(name))
      throw new PilotError('USAGE', `clusters[${index}].name: there is a cluster ${name} already`);
    names.add(name);
  }
  return entries.map(({ kubeconfig, ...entry }) => ({
    ...entry,
    ...(kubeconfig !== undefined && { kubeconfig: resolve(folder, kubeconfig) }),
  }));
}

/** An entry as a cluster to read. */
export function entryCluster({ name, kubeconfig, context }: ClusterEntry): RemoteCluster {
  return {
    id: name,
    origin: 'the settings',
    version: JSON.stringify([kubeconfig, context]),
    read: contextOfFiles(kubeconfig, context),
  };
}
