/** What proxies share is what each of them would be given alone: over every golden mesh, and proxies of many kinds. */
import { of } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { resourceName, type Answer } from '../../../src/compare/resources.js';
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
import { translateListeners } from '../../../src/translate/listener/listeners.js';
import { Memo } from '../../../src/translate/memo.js';
import { translateNameTable } from '../../../src/translate/name-table/name-table.js';
import { translateRoutes } from '../../../src/translate/route/routes.js';
import { changeNames, noNames } from '../../../src/xds/names.js';
import type { ResourceSet } from '../../../src/xds/source.js';
import { Node } from '../../../src/envoy/messages.js';
import { fromJson, type JsonObject } from '../../../src/envoy/json.js';
import { goldenCases } from '../../golden/cases.js';

const cases = goldenCases();

describe('proxies that share answers', () => {
  test.each(cases)('$name', async ({ directory, expected }) => {
    const routes = changeNames(noNames, [...unusualRoutes, ...recordedRoutes(expected)], []);
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
      const routed = finish(
        client.resources(typeUrls.rds, { wildcard: false, names: routes, placeholders: true }),
      );
      expect(summary(routed)).toEqual(summary(routesAlone(snapshot, node, routes)));
      const hosts = finish(client.resources(typeUrls.nds, everything));
      expect(summary(hosts)).toEqual(summary(namesAlone(snapshot, node)));
      const listeners = finish(client.resources(typeUrls.lds, everything));
      expect(summary(listeners)).toEqual(summary(listenersAlone(snapshot, node)));
    }
  });
});

const unusualRoutes = ['80', '8080', 'http_proxy', 'http.80', 'nothing'];

function recordedRoutes(expected: ReadonlyMap<string, Answer>): readonly string[] {
  return [...new Set([...expected.values()].flatMap((answer) => (answer['rds'] ?? []).map(resourceName)))];
}

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
    withMetadata({ INTERCEPTION_MODE: 'TPROXY' }),
    withMetadata({ INTERCEPTION_MODE: 'NONE' }),
    withMetadata({ IDLE_TIMEOUT: '7s' }),
    withMetadata({ MESH_ID: 'other' }),
    withMetadata({ UNPRIVILEGED_POD: 'true', ENVOY_STATUS_PORT: 80 }),
    withMetadata({ DNS_CAPTURE: 'true' }),
    { ...node, id: node.id.replace(/~[^~]*$/, '~elsewhere.svc.cluster.local') },
    { ...node, id: node.id.replace(/^sidecar~/, 'router~') },
    { ...node, id: node.id.replace(/[^~]*$/, 'example.com') },
    withMetadata({ DNS_CAPTURE: 'true' }),
    withMetadata({ PROXY_CONFIG: { proxyHeaders: { attemptCount: { disabled: true } } } }),
  ];
}

function clustersAlone(snapshot: Snapshot, node: NodeDescription): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateClusters(context, new Memo())).resources);
}

function listenersAlone(snapshot: Snapshot, node: NodeDescription): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateListeners(context, new Memo())).resources);
}

function assignmentsAlone(snapshot: Snapshot, node: NodeDescription, names: Iterable<string>): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateEndpoints(context, names, new Memo())).resources);
}

function routesAlone(snapshot: Snapshot, node: NodeDescription, names: ReadonlySet<string>): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateRoutes(context, new Memo(), names)).resources);
}

function namesAlone(snapshot: Snapshot, node: NodeDescription): ResourceSet {
  const context = resolveProxy(snapshot, proxyFromNode(node));
  return resourceSet(finish(translateNameTable(context, new Memo())).resources);
}

function summary({ version, resources }: ResourceSet): unknown {
  return { version, resources: resources.map((resource) => `${resource.name} ${resource.version}`) };
}
