/** Services and endpoints in the JSON shapes of Istiod's /debug/registryz and /debug/endpointz (Istio reference 1.3, 1.5). */
import type { Endpoint, HealthStatus } from '../model/endpoint.js';
import type { Resolution, Service, TrafficDistribution } from '../model/service.js';
import type { Snapshot } from '../mesh/snapshot.js';

const resolutionNumbers: Readonly<Record<Resolution, number>> = {
  ClientSideLB: 0,
  DNSLB: 1,
  Passthrough: 2,
  DNSRoundRobinLB: 3,
  Alias: 4,
  DynamicDNS: 5,
};

const trafficDistributionNumbers: Readonly<Record<TrafficDistribution, number>> = {
  any: 0,
  'prefer-same-zone': 1,
  'prefer-same-node': 2,
};

/** Numbers as Envoy's; `degraded` has no place among Istio's. */
const healthNumbers: Readonly<Record<HealthStatus, number>> = {
  unknown: 0,
  healthy: 1,
  unhealthy: 2,
  draining: 3,
  terminating: 4,
  degraded: 5,
};

/** One element of /debug/registryz. `provenance` is our own addition. */
export function serviceJson(service: Service): unknown {
  const { attributes } = service;
  return {
    Attributes: {
      ServiceRegistry: attributes.provider,
      Name: attributes.name,
      Namespace: attributes.namespace,
      Labels: attributes.labels,
      ExportTo: Object.fromEntries(attributes.exportTo.map((entry) => [entry, {}])),
      LabelSelectors: attributes.labelSelectors,
      Aliases:
        attributes.aliases?.map(({ hostname, namespace }) => ({
          Hostname: hostname,
          Namespace: namespace,
        })) ?? null,
      ClusterExternalAddresses: attributes.clusterExternalAddresses && {
        Addresses: attributes.clusterExternalAddresses,
      },
      ClusterExternalPorts: attributes.clusterExternalPorts ?? null,
      PassthroughTargetPorts: attributes.passthroughTargetPorts ?? null,
      Type: attributes.type ?? '',
      ExternalName: attributes.externalName ?? '',
      NodeLocal: attributes.nodeLocal ?? false,
      TrafficDistribution: trafficDistributionNumbers[attributes.trafficDistribution ?? 'any'],
      ObjectName: attributes.objectName,
      PublishNotReadyAddresses: attributes.publishNotReadyAddresses ?? false,
    },
    ports: service.ports.map(({ name, port, protocol }) => ({ name, port, protocol })),
    serviceAccounts: service.serviceAccounts.length > 0 ? service.serviceAccounts : undefined,
    creationTime: new Date(service.creationTime * 1000).toISOString(),
    hostname: service.hostname,
    clusterVIPs: { Addresses: service.clusterVIPs },
    defaultAddress: service.defaultAddress,
    autoAllocatedIPv4Address: service.autoAllocatedIPv4,
    autoAllocatedIPv6Address: service.autoAllocatedIPv6,
    Resolution: resolutionNumbers[service.resolution],
    MeshExternal: service.meshExternal,
    ResourceVersion: service.resourceVersion,
    provenance: service.provenance,
  };
}

/** One endpoint of /debug/endpointz. */
function endpointJson(endpoint: Endpoint): unknown {
  return {
    Labels: endpoint.labels,
    Addresses: endpoint.addresses,
    ServicePortName: endpoint.servicePortName,
    LegacyClusterPortKey: endpoint.servicePortNumber ?? 0,
    ServiceAccount: endpoint.serviceAccount,
    Network: endpoint.network,
    Locality: { Label: endpoint.locality, ClusterID: endpoint.cluster },
    EndpointPort: endpoint.port,
    LbWeight: endpoint.weight,
    TLSMode: endpoint.tlsMode,
    Namespace: endpoint.namespace,
    WorkloadName: endpoint.workloadName,
    HostName: endpoint.hostName ?? '',
    SubDomain: endpoint.subDomain ?? '',
    HealthStatus: healthNumbers[endpoint.health],
    NodeName: endpoint.nodeName ?? '',
    provenance: endpoint.provenance,
  };
}

/** /debug/endpointz: shards by host and namespace. */
export function endpointzJson(snapshot: Snapshot): unknown {
  const hosts: Record<string, Record<string, unknown>> = {};
  for (const [key, shards] of snapshot.discovery.shards) {
    const slash = key.indexOf('/');
    const namespace = key.slice(0, slash);
    const hostname = key.slice(slash + 1);
    const accounts = new Set(
      shards.flatMap(({ endpoints }) => endpoints.map(({ serviceAccount }) => serviceAccount)),
    );
    accounts.delete('');
    (hosts[hostname] ??= {})[namespace] = {
      Shards: Object.fromEntries(
        shards.map((shard) => [`${shard.provider}/${shard.cluster}`, shard.endpoints.map(endpointJson)]),
      ),
      ServiceAccounts: Object.fromEntries([...accounts].sort().map((account) => [account, {}])),
    };
  }
  return hosts;
}
