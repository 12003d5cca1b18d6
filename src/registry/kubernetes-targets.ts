/** How a Kubernetes registry finds the service ports that a proxy's workload serves (Istio reference 2.10). */
import type { Proxy } from '../model/proxy.js';
import type { Service, ServicePort } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { instancesAt, selectingServices } from './instances.js';
import { entryOfProxy, metadataNamespace, podOfProxy, proxyLabels } from './proxy-workload.js';
import type { RegistryHosts } from './registry-hosts.js';
import { entryPortForKubernetes, portOfWorkload } from './selection.js';
import type { AggregateView, RegistryView, ServiceTarget } from './view.js';

/** A port of a workload by name, as a container or a proxy's metadata gives it. */
interface NamedPort {
  readonly name: string;
  readonly port: number;
  /** Transport: TCP, UDP or SCTP. */
  readonly protocol: string;
}

/**
 * The targets of a proxy of the registry's cluster: of the WorkloadEntry at its first address; else of its pod; else,
 * while the pod is not known, of what its metadata says of it. What is found first decides, even if it has none.
 */
export function kubernetesTargets(
  view: AggregateView,
  hosts: RegistryHosts,
  proxy: Proxy,
): readonly ServiceTarget[] {
  if (proxy.ipAddresses.length === 0) return [];
  const { registry } = hosts;
  const entry = entryOfProxy(view, registry, proxy);
  if (entry !== undefined) return entryTargets(registry, entry);
  const pod = podOfProxy(registry, proxy);
  if (pod === undefined) return metadataTargets(view, registry, proxy);
  const selecting = selectingServices(registry, pod.namespace, pod.labels);
  return selecting.length > 0
    ? selecting.flatMap((service) => portTargets(service, (port) => podPort(pod, port)))
    : addressTargets(hosts, proxy);
}

function entryTargets(registry: RegistryView, entry: Workload): readonly ServiceTarget[] {
  const services = selectingServices(registry, entry.namespace, entry.endpointLabels);
  return services
    .filter(({ resolution }) => resolution === 'ClientSideLB')
    .flatMap((service) =>
      service.ports.flatMap((port) => {
        const found = port.protocol === 'UDP' ? undefined : entryPortForKubernetes(service, port, entry);
        return found === undefined ? [] : [{ service, port, targetPort: found.targetPort }];
      }),
    );
}

/** Targets of the ports that are found: of several with one target port and protocol only the first. */
function portTargets(
  service: Service,
  targetPortOf: (port: ServicePort) => number | undefined,
): readonly ServiceTarget[] {
  const targets: ServiceTarget[] = [];
  for (const port of service.ports) {
    const targetPort = targetPortOf(port);
    if (targetPort === undefined) continue;
    const known = targets.some(
      (target) => target.targetPort === targetPort && target.port.protocol === port.protocol,
    );
    if (!known) targets.push({ service, port, targetPort });
  }
  return targets;
}

function podPort(pod: Workload, port: ServicePort): number | undefined {
  if (typeof port.targetPort !== 'string') return port.targetPort ?? port.port;
  if (pod.containerPorts === undefined) return portOfWorkload(pod, port.targetPort);
  return namedPort(pod.containerPorts, port.targetPort, port);
}

function namedPort(ports: readonly NamedPort[], name: string, port: ServicePort): number | undefined {
  const transport = port.transport ?? (port.protocol === 'UDP' ? 'UDP' : 'TCP');
  return ports.find((candidate) => candidate.name === name && candidate.protocol === transport)?.port;
}

/** Services without a selector have endpoints that someone wrote down: those at the proxy's first address. */
function addressTargets(hosts: RegistryHosts, proxy: Proxy): readonly ServiceTarget[] {
  const [address = ''] = proxy.ipAddresses;
  const namespace = metadataNamespace(proxy);
  return instancesAt(hosts, address).flatMap(({ service, endpoint }) => {
    if (namespace !== '' && service.attributes.namespace !== namespace) return [];
    const port = service.ports.find(({ name }) => name === endpoint.servicePortName);
    return port === undefined ? [] : [{ service, port, targetPort: endpoint.port }];
  });
}

/**
 * The targets by what a proxy's metadata says of its pod. A named target port that its POD_PORTS lack leaves the
 * proxy without any target; without POD_PORTS a named target port is 0, as in Istio.
 */
function metadataTargets(
  view: AggregateView,
  registry: RegistryView,
  proxy: Proxy,
): readonly ServiceTarget[] {
  const podPorts = podPortsOf(proxy);
  const services = selectingServices(registry, proxy.namespace, proxyLabels(view, proxy));
  const lacking = (port: ServicePort): boolean =>
    podPorts.length > 0 &&
    typeof port.targetPort === 'string' &&
    namedPort(podPorts, port.targetPort, port) === undefined;
  if (services.some(({ ports }) => ports.some(lacking))) return [];
  return services.flatMap((service) =>
    portTargets(service, (port) => {
      if (typeof port.targetPort !== 'string') return port.targetPort ?? port.port;
      return namedPort(podPorts, port.targetPort, port) ?? 0;
    }),
  );
}

/** POD_PORTS of a proxy's metadata: a JSON list written as text. One that cannot be read counts as absent. */
function podPortsOf({ metadata }: Proxy): readonly NamedPort[] {
  const text = metadata['POD_PORTS'];
  if (typeof text !== 'string') return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.flatMap(toNamedPort) : [];
}

function toNamedPort(value: unknown): readonly NamedPort[] {
  if (typeof value !== 'object' || value === null) return [];
  const { name, containerPort, protocol } = value as Readonly<Record<string, unknown>>;
  if (typeof containerPort !== 'number') return [];
  return [
    {
      name: typeof name === 'string' ? name : '',
      port: containerPort,
      protocol: typeof protocol === 'string' ? protocol : '',
    },
  ];
}
