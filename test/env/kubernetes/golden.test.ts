/**
 * The same objects give the same configuration, whether they come from a directory or from an API server: recorded
 * cases are applied to real API servers, one for each of their clusters.
 */
import { join } from 'node:path';
import { map, filter, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describedNode } from '../../../src/cli/proxies.js';
import { compareResources } from '../../../src/compare/resources.js';
import { formatDifferences } from '../../../src/compare/report.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import {
  primaryClusterId,
  type ClusterObjects,
  type MeshDirectoryState,
} from '../../../src/config/mesh-directory/state.js';
import { objectKey, refOf, type ObjectEvent, type ObjectSource } from '../../../src/config/object.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import { OfflineSource, snapshotOf } from '../../../src/offline.js';
import { createKubernetesRegistry } from '../../../src/registry/kubernetes/registry.js';
import { createServiceEntryRegistry } from '../../../src/registry/service-entry/registry.js';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { goldenCases } from '../../golden/cases.js';
import { applyDocument, readDocuments, removeDocuments } from './documents.js';
import { Follower } from './fixture.js';

/** The area `rules` has objects that an API server does not take. */
const cases = goldenCases().filter(({ name }) => !name.startsWith('rules/'));

/** API servers by cluster id. */
const servers = new Map<string, Kubernetes>();

beforeAll(async () => {
  for (const cluster of [primaryClusterId, 'west']) {
    const kubernetes = await Kubernetes.start();
    servers.set(cluster, kubernetes);
    await kubernetes.installCrds();
  }
});

afterAll(async () => {
  for (const kubernetes of servers.values()) await kubernetes.stop();
});

describe('a cluster gives what a directory gives', () => {
  test.each(cases)('$name', async ({ directory }) => {
    const state = await readMeshDirectory(directory);
    const applied: [Kubernetes, KubernetesObject[]][] = [];
    try {
      const sources: ObjectSource[] = [];
      const unexpected: string[] = [];
      for (const [cluster, objects] of state.clusters) {
        const kubernetes = serverOf(cluster);
        const file = cluster === primaryClusterId ? 'input.yaml' : `cluster-${cluster}.yaml`;
        const documents = await readDocuments(join(directory, file));
        const done: KubernetesObject[] = [];
        applied.push([kubernetes, done]);
        for (const document of documents) {
          done.push(document);
          await applyDocument(kubernetes, document);
        }
        const { source } = await Follower.synced(kubernetes);
        sources.push(asOfDirectory(source, cluster, objects, unexpected));
      }
      const live = snapshotFrom(state, sources);
      expect(unexpected).toEqual([]);
      const fromDirectory = new OfflineSource(snapshotOf(state));
      const fromServer = new OfflineSource(live);
      const differences = state.proxies.map((proxy) => {
        const node = describedNode(proxy);
        const [left, right] = [fromServer.answer(node).answer, fromDirectory.answer(node).answer];
        const types = [...new Set([...Object.keys(left), ...Object.keys(right)])];
        const found = types.flatMap((type) => compareResources(type, left[type] ?? [], right[type] ?? []));
        return formatDifferences(found, { left: 'API server', right: 'directory' });
      });
      expect(differences.join('')).toBe('');
    } finally {
      for (const [kubernetes, documents] of applied) await removeDocuments(kubernetes, documents);
    }
  });
});

function serverOf(cluster: string): Kubernetes {
  const kubernetes = servers.get(cluster);
  if (kubernetes === undefined) throw new Error(`there is no API server for cluster ${cluster}`);
  return kubernetes;
}

/**
 * What a source says, with the one thing that an API server does not take from those who write: when an object was
 * made. Without the namespaces that had to be there and the server's own Service; of other objects that the directory
 * does not have, the keys are put into `unexpected`.
 */
function asOfDirectory(
  source: ObjectSource,
  cluster: string,
  objects: ClusterObjects,
  unexpected: string[],
): ObjectSource {
  const watch = (): Observable<ObjectEvent> =>
    source.watch().pipe(
      filter((event) => {
        if (event.type !== 'upsert') return true;
        const { kind, metadata } = event.object;
        const key = objectKey(refOf(event.object));
        if (objects.has(key)) return true;
        if (kind !== 'Namespace' && (kind !== 'Service' || metadata.name !== 'kubernetes'))
          unexpected.push(key);
        return false;
      }),
      map((event) => {
        if (event.type !== 'upsert') return event;
        const written = objects.get(objectKey(refOf(event.object)));
        const creationTime = written?.metadata.creationTime ?? event.object.metadata.creationTime;
        const metadata = { ...event.object.metadata, creationTime };
        return { ...event, object: { ...event.object, metadata } };
      }),
    );
  return { cluster, name: source.name, watch };
}

/** The snapshot of live sources, under the mesh configuration of a directory. */
function snapshotFrom(
  { mesh: config, networks }: MeshDirectoryState,
  sources: readonly ObjectSource[],
): Snapshot {
  const mesh = new MeshState();
  const { domainSuffix, trustDomain, rootNamespace, discoverySelectors } = config;
  const context = { domainSuffix, trustDomain, rootNamespace, discoverySelectors, networks };
  mesh.setMesh(config, networks);
  for (const source of sources) {
    const workloadEntriesOnly = source.cluster !== primaryClusterId;
    mesh.setRegistry(createKubernetesRegistry(source, context));
    mesh.setRegistry(
      createServiceEntryRegistry(source, { ...context, autoAllocate: 'status', workloadEntriesOnly }),
    );
    if (!workloadEntriesOnly) mesh.addObjects(source);
  }
  expect(mesh.synced).toBe(true);
  const snapshot = mesh.snapshot();
  mesh.dispose();
  return snapshot;
}
