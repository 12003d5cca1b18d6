/** What proxies share is what each of them would be given alone: over every golden mesh, and proxies of many kinds. */
import { of } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { connectDirectory } from '../../../src/mesh/connect-directory.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import { proxyFromNode, type NodeDescription } from '../../../src/mesh/node.js';
import { resolveProxy } from '../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import { PilotSource } from '../../../src/pilot-source.js';
import { resourceSet } from '../../../src/serving/resource-sets.js';
import { translateClusters } from '../../../src/translate/cluster/clusters.js';
import { translateEndpoints } from '../../../src/translate/endpoint/endpoints.js';
import { Memo } from '../../../src/translate/memo.js';
import { changeNames, noNames } from '../../../src/xds/names.js';
import type { ResourceSet } from '../../../src/xds/source.js';
import { Node } from '../../../src/envoy/messages.js';
import { fromJson, type JsonObject } from '../../../src/envoy/json.js';
import { goldenCases } from '../../golden/cases.js';

const cases = goldenCases();

describe('proxies that share answers', () => {
  test.each(cases)('$name', async ({ directory }) => {
    const state = await readMeshDirectory(directory);
    const mesh = new MeshState();
    const connection = connectDirectory(mesh, of(state), { autoAllocate: 'status' });
    const snapshot = mesh.snapshot();
    connection.unsubscribe();
    const source = new PilotSource(() => undefined);
    source.update(snapshot);
    for (const node of state.proxies.flatMap(variations)) {
      const client = source.attach(fromJson(Node, nodeJson(node)));
      if (client.proxy.dialect === 'grpc') continue;
      const everything = { wildcard: true, names: noNames, placeholders: true };
      const clusters = finish(client.resources(typeUrls.cds, everything));
      expect(summary(clusters)).toEqual(summary(clustersAlone(snapshot, node)));
      const names = changeNames(noNames, [...clusters.resources.map(({ name }) => name), 'unknown'], []);
      const assignments = finish(
        client.resources(typeUrls.eds, { wildcard: false, names, placeholders: true }),
      );
      expect(summary(assignments)).toEqual(summary(assignmentsAlone(snapshot, node, names)));
    }
  });
});

function nodeJson({ id, metadata, locality }: NodeDescription): JsonObject {
  const { region = '', zone = '', subZone = '', sub_zone = subZone } = locality ?? {};
  return {
    id,
    metadata: JSON.parse(JSON.stringify(metadata ?? {})) as JsonObject,
    locality: { region, zone, sub_zone },
  };
}

/** The proxy itself, and proxies that differ from it in one thing that may matter. */
function variations(node: NodeDescription): NodeDescription[] {
  const metadata = node.metadata ?? {};
  const labels = { ...(metadata['LABELS'] as Record<string, string> | undefined) };
  const withMetadata = (more: Record<string, unknown>): NodeDescription => ({
    ...node,
    metadata: { ...metadata, ...more },
  });
  return [
    node,
    { ...node, locality: { region: 'other-region', zone: 'other-zone' } },
    withMetadata({ NETWORK: 'network-2' }),
    withMetadata({ CLUSTER_ID: 'other' }),
    withMetadata({ NODE_NAME: 'other-node' }),
    withMetadata({ LABELS: { ...labels, app: 'other', version: 'v9', env: 'x' } }),
    withMetadata({ LABELS: {} }),
    withMetadata({ REQUESTED_NETWORK_VIEW: 'network-1' }),
    withMetadata({ DISABLE_HBONE_SEND: 'true' }),
    withMetadata({ INSTANCE_IPS: '2001:db8::7' }),
    withMetadata({ ISTIO_VERSION: undefined }),
    { ...node, id: node.id.replace(/^sidecar~/, 'router~') },
  ];
}

function clustersAlone(snapshot: Snapshot, node: NodeDescription): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateClusters(context, new Memo())).resources);
}

function assignmentsAlone(snapshot: Snapshot, node: NodeDescription, names: Iterable<string>): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateEndpoints(context, names, new Memo())).resources);
}

function summary({ version, resources }: ResourceSet): unknown {
  return { version, resources: resources.map((resource) => `${resource.name} ${resource.version}`) };
}
