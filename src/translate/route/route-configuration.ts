/** Route configurations as resources (Istio reference 7.6, 7.8). */
import type { Piecewise } from '../../base/piecewise.js';
import { compareStrings } from '../../base/compare.js';
import { RouteConfiguration, VirtualHost, type VirtualHostShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue, uint32 } from '../../envoy/well-known.js';
import { bytesField, stringField } from '../../envoy/wire.js';

const nameTag = 0x0a; // RouteConfiguration.name = 1
const virtualHostsTag = 0x12; // RouteConfiguration.virtual_hosts = 2

/** Clusters need not be there yet; a request for a host with a port is one for the host; bodies may be as long as Istio lets them be. */
const settings = RouteConfiguration.encode({
  validateClusters: boolValue(false),
  maxDirectResponseBodySizeBytes: uint32(1024 * 1024),
  ignorePortInHostMatching: true,
});

/** A route configuration with these virtual hosts, encoded a virtual host at a time. */
export function* routeConfiguration(
  name: string,
  virtualHosts: readonly VirtualHostShape[],
): Piecewise<EncodedResource> {
  const parts: Uint8Array[] = [stringField(nameTag, name)];
  for (const host of virtualHosts) {
    parts.push(encodedHost(host));
    yield;
  }
  parts.push(settings);
  return encodedResource(name, RouteConfiguration.typeUrl, Buffer.concat(parts));
}

const encodedHosts = new WeakMap<VirtualHostShape, Buffer>();

/** A virtual host as a field of a route configuration; encoded once, as many configurations may have it. */
function encodedHost(host: VirtualHostShape): Buffer {
  let field = encodedHosts.get(host);
  if (field === undefined) {
    field = bytesField(virtualHostsTag, VirtualHost.encode(host));
    encodedHosts.set(host, field);
  }
  return field;
}

/** What a name that no listener gives is answered with: a client may still drain a listener that is gone. */
export function noRoutes(name: string): EncodedResource {
  const body = RouteConfiguration.encode({ name, validateClusters: boolValue(false) });
  return encodedResource(name, RouteConfiguration.typeUrl, body);
}

/** Virtual hosts by name; those of one name keep their order. */
export function sortedByName(virtualHosts: readonly VirtualHostShape[]): readonly VirtualHostShape[] {
  return [...virtualHosts].sort((a, b) => compareStrings(a.name ?? '', b.name ?? ''));
}
