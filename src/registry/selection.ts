/**
 * Endpoints that services have by selecting workloads: ServiceEntries with a workload selector (Istio reference 3.4,
 * 3.5) and Kubernetes Services that select WorkloadEntries (3.6).
 */
import type { Endpoint } from '../model/endpoint.js';
import type { Labels } from '../model/labels.js';
import { labelsMatch } from '../model/labels.js';
import type { Service, ServicePort } from '../model/service.js';
import { isKubernetesService } from '../model/service.js';
import { unixPath, unixPrefix } from '../model/unix-address.js';
import type { Workload } from '../model/workload.js';

/** Whether a service has endpoints by selection at all. An empty selector selects everything, but nothing in Kubernetes. */
export function selectsWorkloads(service: Service): boolean {
  const { labelSelectors } = service.attributes;
  if (labelSelectors === undefined) return false;
  if (!isKubernetesService(service)) return true;
  return service.resolution === 'ClientSideLB' && !service.meshExternal && !isEmpty(labelSelectors);
}

/**
 * The endpoints of what a service selects among the ready workloads of its own namespace, which are given in the
 * order in which they are to count. A ServiceEntry takes Pods and WorkloadEntries of every cluster; a Kubernetes
 * Service takes WorkloadEntries of its own cluster only.
 * @param cluster of the service's registry.
 */
export function selectedEndpoints(
  service: Service,
  cluster: string,
  workloads: readonly Workload[],
): readonly Endpoint[] {
  const { labelSelectors } = service.attributes;
  if (labelSelectors === undefined || !selectsWorkloads(service)) return [];
  const selected = workloads.filter(
    (workload) =>
      selectionFault(service, cluster, workload) === undefined &&
      labelsMatch(labelSelectors, workload.endpointLabels),
  );
  const endpointsOf = (workload: Workload): EndpointByPort => endpointsByPort(service, workload);
  if (!isKubernetesService(service))
    return selected.flatMap((workload) => endpointsOf(workload).filter(isDefined));
  return service.ports.flatMap((_, port) =>
    selected.map((workload) => endpointsOf(workload)[port]).filter(isDefined),
  );
}

/**
 * Why a service cannot use a workload, whatever its labels are: a Kubernetes Service selects its endpoints among the
 * WorkloadEntries of its own cluster only, and an address that is a host name is for services that are looked up in DNS.
 */
export type SelectionFault = 'not-for-kubernetes' | 'host-name';

/** Why a service cannot use a workload; undefined if it can. */
export function selectionFault(
  service: Service,
  cluster: string,
  workload: Workload,
): SelectionFault | undefined {
  const hostName = workload.dnsServiceEntryOnly && !isDnsService(service) ? 'host-name' : undefined;
  if (!isKubernetesService(service)) return hostName;
  return isEntryForKubernetes(workload, cluster) ? undefined : (hostName ?? 'not-for-kubernetes');
}

/** Whether a workload is one that Kubernetes Services of a cluster may select (Istio reference 3.6). */
export function isEntryForKubernetes(workload: Workload, cluster: string): boolean {
  return (
    workload.kind === 'WorkloadEntry' &&
    workload.cluster === cluster &&
    !workload.dnsServiceEntryOnly &&
    !isEmpty(workload.endpointLabels)
  );
}

/**
 * The port of a WorkloadEntry that serves a port of a Kubernetes Service, with that port as Istio finds it: the
 * first of the same number, whatever its protocol. Undefined when the Service names a port that the entry lacks
 * (Istio reference 3.6).
 */
export function entryPortForKubernetes(
  service: Service,
  wanted: ServicePort,
  workload: Workload,
): { readonly port: ServicePort; readonly targetPort: number } | undefined {
  const port = service.ports.find((candidate) => candidate.port === wanted.port) ?? wanted;
  const declared =
    service.ports.find(({ name, port: number }) => name === port.name || number === port.port) ?? port;
  const { targetPort } = declared;
  if (typeof targetPort === 'string') {
    const named = portOfWorkload(workload, targetPort);
    return named === undefined ? undefined : { port, targetPort: named };
  }
  return { port, targetPort: portOfWorkload(workload, declared.name) ?? targetPort ?? port.port };
}

/** One endpoint for each port of a service, by the port's place; undefined where a workload does not serve it. */
type EndpointByPort = readonly (Endpoint | undefined)[];

const known = new WeakMap<Service, WeakMap<Workload, EndpointByPort>>();

/** The same objects for the same service and workload, so that a selection that did not change can be told. */
function endpointsByPort(service: Service, workload: Workload): EndpointByPort {
  let ofService = known.get(service);
  if (ofService === undefined) {
    ofService = new WeakMap();
    known.set(service, ofService);
  }
  let endpoints = ofService.get(workload);
  if (endpoints === undefined) {
    endpoints = service.ports.map((port) =>
      isKubernetesService(service)
        ? kubernetesEndpoint(service, port, workload)
        : serviceEntryEndpoint(port, workload),
    );
    ofService.set(workload, endpoints);
  }
  return endpoints;
}

function kubernetesEndpoint(service: Service, wanted: ServicePort, workload: Workload): Endpoint | undefined {
  const found = entryPortForKubernetes(service, wanted, workload);
  if (found === undefined) return undefined;
  return { ...workloadEndpoint(workload), port: found.targetPort, servicePortName: found.port.name };
}

function serviceEntryEndpoint({ name, port, targetPort }: ServicePort, workload: Workload): Endpoint {
  const [address = ''] = workload.addresses;
  const isUnix = address.startsWith(unixPrefix);
  const numbered = typeof targetPort === 'number' ? targetPort : port;
  return {
    ...workloadEndpoint(workload),
    ...(isUnix ? { addresses: [unixPath(address)] } : {}),
    port: isUnix ? 0 : (portOfWorkload(workload, name) ?? numbered),
    servicePortName: name,
    servicePortNumber: port,
  };
}

/** What all endpoints of a workload have in common. A Pod is reached by its first address only, as it is without Istio's dual stack. */
function workloadEndpoint(workload: Workload): Omit<Endpoint, 'port' | 'servicePortName'> {
  const [address = ''] = workload.addresses;
  return {
    addresses: address === '' ? [] : [address],
    labels: workload.endpointLabels,
    serviceAccount: workload.serviceAccount,
    network: workload.network,
    locality: workload.locality,
    cluster: workload.cluster,
    weight: workload.weight,
    tlsMode: workload.tlsMode,
    namespace: workload.namespace,
    workloadName: workload.workloadName,
    ...(workload.hostName === undefined ? {} : { hostName: workload.hostName }),
    ...(workload.subDomain === undefined ? {} : { subDomain: workload.subDomain }),
    ...(workload.nodeName === undefined ? {} : { nodeName: workload.nodeName }),
    health: workload.kind === 'Pod' ? 'healthy' : 'unknown',
    provenance: workload.provenance,
  };
}

/** The number of a workload's named port; 0 counts as absent. */
export function portOfWorkload({ ports }: Workload, name: string): number | undefined {
  return Object.hasOwn(ports, name) ? ports[name] || undefined : undefined;
}

function isDnsService({ resolution }: Service): boolean {
  return resolution === 'DNSLB' || resolution === 'DNSRoundRobinLB';
}

function isEmpty(labels: Labels): boolean {
  return Object.keys(labels).length === 0;
}

function isDefined<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
