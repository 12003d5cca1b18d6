/** What the tests of gRPC clients share. */
import { finish, type Piecewise } from '../../../../src/base/piecewise.js';
import { decodeToJson, type JsonObject } from '../../../../src/envoy/json.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import type { Translation } from '../../../../src/translate/translation.js';
import { proxyOf, snapshotOf, type TestInput } from '../../mesh/builders.js';

/** A gRPC client of the namespace `shop` in a mesh. */
export function grpcContext(
  input: TestInput,
  metadata: Readonly<Record<string, unknown>> = {},
): ProxyContext {
  return resolveProxy(snapshotOf(input), proxyOf('shop', { GENERATOR: 'grpc', ...metadata }));
}

/** The resources of a translation by name, as canonical JSON. */
export function made(work: Piecewise<Translation>): Map<string, JsonObject> {
  const { resources } = finish(work);
  return new Map(resources.map(({ name, typeUrl, body }) => [name, decodeToJson(typeUrl, body)]));
}
