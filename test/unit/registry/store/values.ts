/** Values of registries for tests: complete, with what a test names laid over defaults. */
import type { Endpoint } from '../../../../src/model/endpoint.js';
import type { Proxy } from '../../../../src/model/proxy.js';
import type { Provider, Service, ServiceAttributes } from '../../../../src/model/service.js';
import { serviceResourceName } from '../../../../src/model/service.js';
import type { Workload } from '../../../../src/model/workload.js';
import type { RegistryEvent } from '../../../../src/registry/registry.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import type { AggregateView, RegistryView } from '../../../../src/registry/view.js';

type ServiceParts = Partial<Omit<Service, 'attributes'>> & {
  readonly attributes?: Partial<ServiceAttributes>;
};

/** A Kubernetes Service `<name>.<namespace>.svc.cluster.local` with port 80 `http` to 8080. */
export function kubernetesService(name: string, parts: ServiceParts = {}): Service {
  const namespace = parts.attributes?.namespace ?? 'shop';
  return {
    hostname: `${name}.${namespace}.svc.cluster.local`,
    ports: [{ name: 'http', port: 80, protocol: 'HTTP', targetPort: 8080 }],
    serviceAccounts: [],
    creationTime: 0,
    clusterVIPs: { Kubernetes: ['10.96.0.1'] },
    defaultAddress: '10.96.0.1',
    resolution: 'ClientSideLB',
    meshExternal: false,
    resourceVersion: '',
    sequence: 0,
    ...parts,
    attributes: {
      name,
      namespace,
      provider: 'Kubernetes',
      objectName: name,
      labels: {},
      exportTo: [],
      ...parts.attributes,
    },
    provenance: parts.provenance ?? {
      registry: 'Kubernetes/Kubernetes',
      object: `Service ${namespace}/${name}`,
    },
  };
}

/** The service of a ServiceEntry named `object` for a host, with port 80 `http` to 8080. */
export function entryService(hostname: string, object: string, parts: ServiceParts = {}): Service {
  const namespace = parts.attributes?.namespace ?? 'shop';
  return kubernetesService(hostname, {
    hostname,
    clusterVIPs: {},
    defaultAddress: '0.0.0.0',
    provenance: { registry: 'External/Kubernetes', object: `ServiceEntry ${namespace}/${object}` },
    ...parts,
    attributes: { provider: 'External', objectName: object, ...parts.attributes },
  });
}

/** An endpoint of port `http`. */
export function endpoint(address: string, parts: Partial<Endpoint> = {}): Endpoint {
  return {
    addresses: [address],
    port: 8080,
    servicePortName: 'http',
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'disabled',
    namespace: 'shop',
    workloadName: '',
    health: 'healthy',
    provenance: { registry: 'Kubernetes/Kubernetes' },
    ...parts,
  };
}

/** An endpoint of a ServiceEntry, for port 80 `http`. */
export function entryEndpoint(address: string, parts: Partial<Endpoint> = {}): Endpoint {
  return endpoint(address, { servicePortNumber: 80, health: 'unknown', ...parts });
}

/** A ready pod with the labels it has and those of its cluster. */
export function pod(name: string, address: string, parts: Partial<Workload> = {}): Workload {
  return workload('Pod', name, address, parts);
}

/** A WorkloadEntry with the labels it has and those of its cluster. */
export function workloadEntry(name: string, address: string, parts: Partial<Workload> = {}): Workload {
  return workload('WorkloadEntry', name, address, parts);
}

function workload(kind: Workload['kind'], name: string, address: string, parts: Partial<Workload>): Workload {
  const { namespace = 'shop', cluster = 'Kubernetes', labels = {} } = parts;
  return {
    kind,
    name,
    addresses: address === '' ? [] : [address],
    endpointLabels: { ...labels, 'topology.istio.io/cluster': cluster },
    ports: {},
    serviceAccount: '',
    network: '',
    locality: '',
    weight: 0,
    tlsMode: 'disabled',
    workloadName: name,
    ready: true,
    dnsServiceEntryOnly: false,
    provenance: { registry: `Kubernetes/${cluster}`, object: `${kind} ${namespace}/${name}` },
    ...parts,
    namespace,
    cluster,
    labels,
  };
}

/** A sidecar of cluster Kubernetes in namespace shop, named `<name>.shop`. */
export function sidecar(name: string, address: string, parts: Partial<Proxy> = {}): Proxy {
  const namespace = parts.namespace ?? 'shop';
  return {
    nodeId: `sidecar~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    type: 'sidecar',
    dialect: 'istio',
    ipAddresses: [address],
    name: `${name}.${namespace}`,
    dnsDomain: `${namespace}.svc.cluster.local`,
    clusterId: 'Kubernetes',
    network: '',
    nodeName: '',
    labels: {},
    staticLabels: {},
    locality: { region: '', zone: '', subZone: '' },
    interceptionMode: 'REDIRECT',
    istioVersion: '1.30.0',
    requestedNetworkView: [],
    serviceCluster: '',
    dnsCapture: false,
    dnsAutoAllocate: false,
    sds: false,
    userAgent: 'envoy',
    metadata: { NAMESPACE: namespace },
    ...parts,
    namespace,
  };
}

/** What a registry holds. */
export interface Holdings {
  readonly services?: readonly Service[];
  /** By service. */
  readonly endpoints?: readonly (readonly [Service, readonly Endpoint[]])[];
  readonly workloads?: readonly Workload[];
}

/** The events that tell holdings, without `synced`. */
export function eventsOf({ services = [], endpoints = [], workloads = [] }: Holdings): RegistryEvent[] {
  return [
    ...services.map((service) => serviceEvent(service)),
    ...endpoints.map(([service, list]) => endpointsEvent(service, list)),
    ...workloads.map((item): RegistryEvent => ({ type: 'workload', workload: item })),
  ];
}

/** The event of a service under its resource name. */
export function serviceEvent(service: Service): RegistryEvent {
  return { type: 'service', key: serviceResourceName(service), service };
}

/** The event of a service's endpoints. */
export function endpointsEvent(service: Service, endpoints: readonly Endpoint[]): RegistryEvent {
  const { hostname, attributes } = service;
  return {
    type: 'endpoints',
    key: serviceResourceName(service),
    hostname,
    namespace: attributes.namespace,
    endpoints,
  };
}

/** The view of a registry that has said everything. */
export function viewOf(provider: Provider, cluster: string, holdings: Holdings = {}): RegistryView {
  return storeOf(provider, cluster, holdings).view();
}

/** The store of a registry that has said everything. */
export function storeOf(provider: Provider, cluster: string, holdings: Holdings = {}): RegistryStore {
  const store = new RegistryStore({ provider, cluster });
  for (const event of eventsOf(holdings)) store.apply(event);
  store.apply({ type: 'synced' });
  return store;
}

/** Shards of a host in words: `provider/cluster: address, …`. */
export function shardsInWords(view: AggregateView, key: string): readonly string[] | undefined {
  return view.shards
    .get(key)
    ?.map(
      ({ provider, cluster, endpoints }) =>
        `${provider}/${cluster}: ${endpoints.map(({ addresses }) => addresses[0]).join(', ')}`,
    );
}
