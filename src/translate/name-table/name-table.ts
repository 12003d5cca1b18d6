/** NDS: the hosts that a proxy's agent answers DNS queries for, with their addresses (Istio reference 9.4). */
import { parseIp } from '../../base/ip.js';
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import { NameTable, type NameTableShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { sortedMap } from '../../envoy/well-known.js';
import { addressesOfFamilies, allAddressesForProxy } from '../../mesh/addresses.js';
import type { ProxyContext, SidecarScope } from '../../mesh/snapshot.js';
import { isKubernetesService, type Service } from '../../model/service.js';
import type { Shard } from '../../registry/view.js';
import { listFields, listOf } from '../list-fields.js';
import type { Memo } from '../memo.js';
import type { Translation } from '../translation.js';
import { headlessNames, type NameClient } from './headless.js';

type NameInfo = NonNullable<NameTableShape['table']>[string];

/** The address of a service that has none. */
const unspecified = '0.0.0.0';
/** Hosts that services of several clusters have in common; their short names stay those of the cluster's own. */
const clusterSetSuffix = '.clusterset.local';

/** The name table of a proxy: a single resource, which has no name. */
export function* translateNameTable(context: ProxyContext, memo: Memo): Piecewise<Translation> {
  const { scope, snapshot } = context;
  const client = memo.intern(nameClient(context));
  const shards = headlessServices(scope, client).map(({ hostname, attributes }) =>
    snapshot.endpoints.shards(hostname, attributes.namespace),
  );
  const work = memo
    .group('name tables')
    .compute(
      `${scope.namespace} ${client.clusterId}`,
      { ...listFields(shards), scope, client },
      (made) => new SharedWork(encodeTable(made.scope, made.client, listOf(made))),
    );
  return { resources: [yield* work.result()], problems: [] };
}

/** A proxy as its name table sees it; all that the table depends on besides the proxy's scope and the mesh. */
export function nameClient({ proxy, families }: ProxyContext): NameClient {
  return {
    clusterId: proxy.clusterId,
    network: proxy.network,
    type: proxy.type,
    dnsCapture: proxy.dnsCapture,
    ipAddresses: addressesOfFamilies(families),
  };
}

/** The services whose names stand for endpoints, in a fixed order. */
function headlessServices({ egress }: SidecarScope, client: NameClient): readonly Service[] {
  return egress.flatMap(({ services }) => services.filter((service) => isHeadless(service, client)));
}

function isHeadless(service: Service, client: NameClient): boolean {
  return service.resolution === 'Passthrough' && allAddressesForProxy(service, client).includes(unspecified);
}

/** @param shards the endpoints of the headless services, in their order. */
function* encodeTable(
  { egress }: SidecarScope,
  client: NameClient,
  shards: readonly (readonly Shard[])[],
): Piecewise<EncodedResource> {
  const table = new Map<string, NameInfo>();
  const endpoints = shards.values();
  for (const service of egress.flatMap(({ services }) => services)) {
    if (isHeadless(service, client)) addHeadless(table, service, endpoints.next().value ?? [], client);
    else addService(table, service, ownAddresses(service, client));
    yield;
  }
  return encodedResource('', NameTable.typeUrl, NameTable.encode({ table: sortedMap(table) }));
}

/** Addresses, without ranges of them. */
function ownAddresses(service: Service, client: NameClient): readonly string[] {
  return allAddressesForProxy(service, client).filter(
    (address) => address !== unspecified && parseIp(address) !== undefined,
  );
}

function addHeadless(
  table: Map<string, NameInfo>,
  service: Service,
  shards: readonly Shard[],
  client: NameClient,
): void {
  const { addresses, workloads } = headlessNames(service, shards, client);
  const { provider: registry, namespace } = service.attributes;
  for (const { host, shortName: shortname, addresses: ips } of workloads) {
    table.set(host, { ips, registry, namespace, shortname });
  }
  addService(table, service, addresses);
}

/** A Kubernetes service takes the place of others of its host; those of other registries share it. */
function addService(table: Map<string, NameInfo>, service: Service, ips: readonly string[]): void {
  if (ips.length === 0) return;
  const { hostname } = service;
  const before = table.get(hostname);
  if (before === undefined || (isKubernetesService(service) && before.registry !== 'Kubernetes'))
    table.set(hostname, nameInfo(service, ips));
  else if (before.registry !== 'Kubernetes')
    table.set(hostname, { ...before, ips: [...(before.ips ?? []), ...ips] });
}

/** The agent makes the short forms of a Kubernetes service's name by itself. */
function nameInfo(service: Service, ips: readonly string[]): NameInfo {
  const { provider: registry, namespace, name: shortname } = service.attributes;
  return isKubernetesService(service) && !service.hostname.endsWith(clusterSetSuffix)
    ? { ips, registry, namespace, shortname }
    : { ips, registry };
}
