/** By what a request is hashed to an endpoint, as DestinationRules say (Istio reference 7.6, 7.7). */
import type { ConsistentHashLb, PortTrafficPolicy } from '../../config/kinds/traffic-policy.js';
import type { Destination } from '../../config/kinds/virtual-service.js';
import type { RouteActionShape } from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';

type HashPolicyShape = NonNullable<RouteActionShape['hashPolicy']>[number];

/** The hash policies of a route: one, or none where the settings name nothing to hash by. */
export function hashPolicies(settings: ConsistentHashLb | undefined): readonly HashPolicyShape[] {
  const { httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName } = settings ?? {};
  if (httpHeaderName !== undefined) return [{ header: { headerName: httpHeaderName } }];
  if (httpCookie !== undefined) {
    const { name, ttl, path = '', attributes = [] } = httpCookie;
    return [{ cookie: { name, path, attributes, ...(ttl !== undefined && { ttl: duration(ttl) }) } }];
  }
  if (useSourceIp !== undefined) return [{ connectionProperties: { sourceIp: useSourceIp } }];
  return httpQueryParameterName === undefined ? [] : [{ queryParameter: { name: httpQueryParameterName } }];
}

/** The settings for requests to a service's port that no VirtualService is for. Those of the port win if it has any. */
export function serviceHash(
  rule: MergedDestinationRule | undefined,
  port: number,
): ConsistentHashLb | undefined {
  const policy = rule?.trafficPolicy;
  return portHash(policy?.portLevelSettings, port) ?? policy?.loadBalancer?.consistentHash;
}

/** The settings for requests that a VirtualService sends to a destination: a port counts only if it is named. */
export function destinationHash(
  rule: MergedDestinationRule | undefined,
  { subset: name = '', port }: Destination,
): ConsistentHashLb | undefined {
  const subset = rule?.subsets.find((candidate) => candidate.name === name)?.trafficPolicy;
  const whole = rule?.trafficPolicy;
  return (
    portHash(subset?.portLevelSettings, port?.number) ??
    subset?.loadBalancer?.consistentHash ??
    portHash(whole?.portLevelSettings, port?.number) ??
    whole?.loadBalancer?.consistentHash
  );
}

function portHash(
  settings: readonly PortTrafficPolicy[] | undefined,
  port: number | undefined,
): ConsistentHashLb | undefined {
  if (port === undefined) return undefined;
  return settings?.find((candidate) => (candidate.port ?? 0) === port)?.loadBalancer?.consistentHash;
}
