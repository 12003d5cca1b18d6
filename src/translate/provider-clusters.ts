/** The clusters by which the extension providers of the mesh are reached. */
import type { MeshConfig } from '../config/mesh-config.js';
import type { ProviderService } from '../config/extension-provider.js';
import type { ServiceIndex, Snapshot } from '../mesh/snapshot.js';
import type { Memo } from './memo.js';
import { outboundClusterName } from './names.js';

/** How a provider is reached. */
export interface ProviderCluster {
  readonly hostname: string;
  readonly cluster: string;
}

/** Clusters by `service:port` as providers write them; one whose service is not known, or not which one, is not there. */
export type ProviderClusters = Readonly<Record<string, ProviderCluster>>;

/** The clusters of all providers: plain JSON, one object for equal content. */
export function providerClusters({ mesh, services }: Snapshot, memo: Memo): ProviderClusters {
  const found: Record<string, ProviderCluster> = {};
  for (const provider of servicesOfProviders(mesh)) {
    const cluster = lookUpCluster(services, provider);
    if (cluster !== undefined) found[providerKey(provider)] = cluster;
  }
  return memo.intern(found);
}

/** The cluster of a provider's service. */
export function clusterOf(
  clusters: ProviderClusters,
  provider: ProviderService,
): ProviderCluster | undefined {
  return clusters[providerKey(provider)];
}

function providerKey({ service, port }: ProviderService): string {
  return `${service}:${port}`;
}

function servicesOfProviders({
  extensionProviders,
}: Pick<MeshConfig, 'extensionProviders'>): ProviderService[] {
  return extensionProviders.flatMap((provider) =>
    [
      provider.envoyExtAuthzHttp,
      provider.envoyExtAuthzGrpc,
      provider.zipkin,
      provider.datadog,
      provider.skywalking,
      provider.opentelemetry,
      provider.opentelemetry?.dynatraceSampler?.httpService,
      provider.envoyHttpAls,
      provider.envoyTcpAls,
      provider.envoyOtelAls,
      provider.sds,
    ].filter((service) => service !== undefined),
  );
}

/** `namespace/host`, or a host that a single namespace has. */
function lookUpCluster(
  services: ServiceIndex,
  { service, port }: ProviderService,
): ProviderCluster | undefined {
  const [first = '', second, ...rest] = service.split('/');
  const hostname = second === undefined || rest.length > 0 ? service : second;
  const owners = services.namespacesOf(hostname);
  const found =
    hostname === service ? (owners.size === 1 ? [...owners.values()][0] : undefined) : owners.get(first);
  if (found === undefined) return undefined;
  return { hostname: found.hostname, cluster: outboundClusterName(port, '', found.hostname) };
}
