/** Whether a service port is reached through tunnels (HBONE), in which metadata needs no exchange. */
import type { Endpoint } from '../../model/endpoint.js';
import type { Service } from '../../model/service.js';
import { takesTunnels } from '../../model/workload-labels.js';
import type { Shard } from '../../registry/view.js';
import { ofPortNumber } from '../endpoint/filters.js';

/** Numbers of ports; the same set as long as the endpoints and the service are the same. */
export type TunnelledPorts = ReadonlySet<number>;

const none: TunnelledPorts = new Set();

const known = new WeakMap<readonly Shard[], WeakMap<Service, TunnelledPorts>>();

/** The ports that have endpoints, all of which take tunnels. Found once for each service and its list of shards. */
export function tunnelledPorts(service: Service, shards: readonly Shard[]): TunnelledPorts {
  let byService = known.get(shards);
  if (byService === undefined) {
    byService = new WeakMap();
    known.set(shards, byService);
  }
  let ports = byService.get(service);
  if (ports === undefined) {
    ports = findTunnelledPorts(service, shards);
    byService.set(service, ports);
  }
  return ports;
}

function findTunnelledPorts({ ports }: Service, shards: readonly Shard[]): TunnelledPorts {
  const endpoints = shards.flatMap((shard) => shard.endpoints);
  if (!endpoints.some(({ labels }) => takesTunnels(labels))) return none;
  return new Set(
    ports.filter((port) => allTakeTunnels(endpoints.filter(ofPortNumber(port)))).map(({ port }) => port),
  );
}

function allTakeTunnels(endpoints: readonly Endpoint[]): boolean {
  return endpoints.length > 0 && endpoints.every(({ labels }) => takesTunnels(labels));
}
