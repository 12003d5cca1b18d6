/** Whether a service port is reached through tunnels (HBONE), in which metadata needs no exchange. */
import type { Endpoint } from '../../model/endpoint.js';
import type { Service } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';
import { ofPortNumber } from '../endpoint/filters.js';

const tunnelLabel = 'networking.istio.io/tunnel';

/** Numbers of ports; the same set as long as the endpoints and the service are the same. */
export type TunnelledPorts = ReadonlySet<number>;

const none: TunnelledPorts = new Set();

const known = new WeakMap<readonly Shard[], { readonly service: Service; readonly ports: TunnelledPorts }>();

/** The ports that have endpoints, all of which take tunnels. Found once for each list of shards. */
export function tunnelledPorts(service: Service, shards: readonly Shard[]): TunnelledPorts {
  const found = known.get(shards);
  if (found?.service === service) return found.ports;
  const ports = findTunnelledPorts(service, shards);
  known.set(shards, { service, ports });
  return ports;
}

function findTunnelledPorts({ ports }: Service, shards: readonly Shard[]): TunnelledPorts {
  const endpoints = shards.flatMap((shard) => shard.endpoints);
  if (!endpoints.some(takesTunnels)) return none;
  return new Set(
    ports.filter((port) => allTakeTunnels(endpoints.filter(ofPortNumber(port)))).map(({ port }) => port),
  );
}

function allTakeTunnels(endpoints: readonly Endpoint[]): boolean {
  return endpoints.length > 0 && endpoints.every(takesTunnels);
}

function takesTunnels({ labels }: Endpoint): boolean {
  const text = labels[tunnelLabel];
  return text !== undefined && text.split(',').includes('http');
}
