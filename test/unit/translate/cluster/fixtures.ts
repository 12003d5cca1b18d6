/** What the tests of clusters share: proxies in small meshes, and their clusters as JSON. */
import { finish } from '../../../../src/base/piecewise.js';
import { decodeToJson, type JsonObject } from '../../../../src/envoy/json.js';
import type { EncodedResource } from '../../../../src/envoy/resource.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import type { Proxy } from '../../../../src/model/proxy.js';
import { translateClusters } from '../../../../src/translate/cluster/clusters.js';
import { Memo } from '../../../../src/translate/memo.js';
import { proxyOf, snapshotOf, type TestInput } from '../../mesh/builders.js';

/** A proxy of the namespace `shop` in a mesh. */
export function contextOf(
  input: TestInput,
  metadata: Readonly<Record<string, unknown>> = {},
  type: Proxy['type'] = 'sidecar',
): ProxyContext {
  return resolveProxy(snapshotOf(input), proxyOf('shop', metadata, type));
}

/** The clusters of a proxy by name, in their order, as canonical JSON. */
export function clustersOf(context: ProxyContext, names?: ReadonlySet<string>): Map<string, JsonObject> {
  const { resources } = finish(translateClusters(context, new Memo(), names));
  return new Map(resources.map((resource) => [resource.name, clusterJson(resource)]));
}

/** One cluster of a proxy; an empty object if it has none of that name. */
export function clusterOf(context: ProxyContext, name: string): JsonObject {
  return clustersOf(context).get(name) ?? {};
}

/** A cluster as canonical JSON. */
export function clusterJson({ typeUrl, body }: EncodedResource): JsonObject {
  return decodeToJson(typeUrl, body);
}

/** Under which name a cluster has its HTTP options. */
export const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
