/** Names of services without an address of their own: they stand for the addresses of endpoints (Istio reference 9.4). */
import { parseIp } from '../../base/ip.js';
import type { AddressClient } from '../../mesh/addresses.js';
import { servesPort, type Endpoint } from '../../model/endpoint.js';
import type { Service } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';

/** What of a proxy decides about names. Plain JSON, so that proxies that are alike share name tables. */
export interface NameClient extends AddressClient {
  readonly network: string;
}

/** The name of one or several workloads of a service. */
export interface WorkloadName {
  readonly host: string;
  /** Without the domain of the service. */
  readonly shortName: string;
  readonly addresses: readonly string[];
}

/** What a service without an address has names for. */
export interface HeadlessNames {
  /** Of the service: the addresses of all endpoints of its first port that the proxy reaches. */
  readonly addresses: readonly string[];
  /** Of workloads that have a host name; of those of one name, the ones in the proxy's own cluster if there are any. */
  readonly workloads: readonly WorkloadName[];
}

/** The names of a service's endpoints. Those on other networks have none, as nothing would lead a connection there. */
export function headlessNames(service: Service, shards: readonly Shard[], client: NameClient): HeadlessNames {
  const endpoints = endpointsOf(service, shards).filter(({ network }) => fits(network, client.network));
  const own = endpoints.filter(({ cluster }) => fits(cluster, client.clusterId));
  const others = endpoints.filter((endpoint) => !own.includes(endpoint));
  const names = new Map([...workloadNames(service, others), ...workloadNames(service, own)]);
  return { addresses: endpoints.flatMap(({ addresses }) => addresses), workloads: [...names.values()] };
}

/** Endpoints of the first port that take requests and have nothing but addresses. */
function endpointsOf(service: Service, shards: readonly Shard[]): readonly Endpoint[] {
  const [port] = service.ports;
  if (port === undefined) return [];
  const takesRequests = ({ health }: Endpoint): boolean =>
    service.attributes.publishNotReadyAddresses === true || health === 'healthy';
  return shards
    .flatMap(({ endpoints }) => endpoints)
    .filter(
      (endpoint) =>
        servesPort(endpoint, port) &&
        takesRequests(endpoint) &&
        endpoint.addresses.every((address) => parseIp(address) !== undefined),
    );
}

/** By host: `<host name>.<subdomain>` in the domain of the service, as in Kubernetes' own DNS. */
function workloadNames(
  { hostname }: Service,
  endpoints: readonly Endpoint[],
): ReadonlyMap<string, WorkloadName> {
  const names = new Map<string, WorkloadName>();
  const dot = hostname.indexOf('.');
  if (dot < 0) return names;
  for (const { hostName = '', subDomain = '', addresses } of endpoints) {
    if (subDomain === '') continue;
    const shortName = `${hostName}.${subDomain}`;
    const host = shortName + hostname.slice(dot);
    names.set(host, { host, shortName, addresses: [...(names.get(host)?.addresses ?? []), ...addresses] });
  }
  return names;
}

/** Whether two networks or clusters are the same, or one is not known. */
function fits(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}
