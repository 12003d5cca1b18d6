/** Hosts of which only the endpoints in the client's own cluster count (Istio reference 4.8). */
import type { MeshConfig } from '../config/mesh-config.js';
import { isWildcard } from '../model/host.js';
import { HostMap } from './host-map.js';

/** What of the mesh configuration decides it. */
export type ClusterLocalSettings = Pick<MeshConfig, 'serviceSettings' | 'defaultConfig' | 'domainSuffix'>;

const hostsOf = new WeakMap<ClusterLocalSettings, HostMap<boolean>>();

/** Whether a host is cluster-local: the most specific setting decides, and without one it is not. */
export function isClusterLocal(mesh: ClusterLocalSettings, hostname: string): boolean {
  let hosts = hostsOf.get(mesh);
  if (hosts === undefined) {
    hosts = clusterLocalHosts(mesh);
    hostsOf.set(mesh, hosts);
  }
  return hosts.match(hostname) ?? false;
}

function clusterLocalHosts(mesh: ClusterLocalSettings): HostMap<boolean> {
  const settings = new HostMap<boolean>();
  for (const { clusterLocal, hosts } of mesh.serviceSettings)
    for (const host of hosts) settings.set(host, clusterLocal);
  const notLocal = mesh.serviceSettings
    .filter(({ clusterLocal }) => !clusterLocal)
    .flatMap(({ hosts }) => hosts);
  for (const host of defaultHosts(mesh)) {
    if (!notLocal.some((setting) => overrides(setting, host))) settings.set(host, true);
  }
  return settings;
}

function defaultHosts({ defaultConfig, domainSuffix }: ClusterLocalSettings): readonly string[] {
  const discovery = discoveryHost(defaultConfig['discoveryAddress'] ?? 'istiod.istio-system.svc:15012');
  return [
    `*.kube-system.svc.${domainSuffix}`,
    `kubernetes.default.svc.${domainSuffix}`,
    ...(discovery === undefined
      ? []
      : [discovery.endsWith(domainSuffix) ? discovery : `${discovery}.${domainSuffix}`]),
  ];
}

/** The host of `host:port`. */
function discoveryHost(address: unknown): string | undefined {
  if (typeof address !== 'string') return undefined;
  const match = /^(?:\[([^\]]*)\]|([^:]*)):\d+$/.exec(address);
  return match?.[1] ?? match?.[2];
}

/** Whether a setting takes a default back: the same host, or one that a default wildcard covers. */
function overrides(setting: string, byDefault: string): boolean {
  return setting === byDefault || (isWildcard(byDefault) && setting.endsWith(byDefault.slice(1)));
}
