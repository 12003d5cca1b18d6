/** Whether a service port is reached through tunnels (HBONE), in which metadata needs no exchange. */
import type { Endpoint } from '../../model/endpoint.js';
import type { Service } from '../../model/service.js';
import { takesTunnels } from '../../model/workload-labels.js';
import type { Shard } from '../../registry/view.js';
import { ofPortNumber } from '../endpoint/filters.js';

/** Numbers of ports; the same set as long as the endpoints and the service are the same. */
export type TunnelledPorts = ReadonlySet<number>;

const none: TunnelledPorts = new Set();

/** A list of shards is one service's, so that each has the ports of one service, its newest. */
const known = new WeakMap<readonly Shard[], { readonly service: Service; readonly ports: TunnelledPorts }>();

/** The ports that have endpoints, all of which take tunnels. Found once for each service and its list of shards. */
export function tunnelledPorts(service: Service, shards: readonly Shard[]): TunnelledPorts {
  const last = known.get(shards);
  if (last?.service === service) return last.ports;
  const ports = findTunnelledPorts(service, shards);
  known.set(shards, { service, ports });
  return ports;
}

function findTunnelledPorts({ ports }: Service, shards: readonly Shard[]): TunnelledPorts {
  if (!shards.some(({ endpoints }) => endpoints.some(({ labels }) => takesTunnels(labels)))) return none;
  const endpoints = shards.flatMap((shard) => shard.endpoints);
  return new Set(
    ports.filter((port) => allTakeTunnels(endpoints.filter(ofPortNumber(port)))).map(({ port }) => port),
  );
}

function allTakeTunnels(endpoints: readonly Endpoint[]): boolean {
  return endpoints.length > 0 && endpoints.every(({ labels }) => takesTunnels(labels));
}
