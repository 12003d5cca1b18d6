/**
 * What the objects of one cluster come to. Each object that changes marks the values that it takes part in, and a
 * flush works those out again; everything depends on the objects at hand only, never on the order they came in.
 */
import type { AnyObject, ConfigObject, ObjectRef } from '../../config/object.js';
import { deepEqual } from '../../base/compare.js';
import { noMeshNetworks } from '../../config/mesh-config.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { NetworkGateway } from '../../model/network.js';
import { workloadKey } from '../../model/workload.js';
import { NamespaceTable } from '../objects/namespaces.js';
import { NetworkLookup } from '../objects/network-lookup.js';
import type { ObjectReducer } from '../objects/watch.js';
import type { RegistryEvent } from '../registry.js';
import type { RegistryValues } from '../registry-values.js';
import type { KubernetesContext } from './context.js';
import { concatenateSlices, convertEndpointSlice } from './convert-endpoint-slice.js';
import type { EndpointIdentity } from './convert-pod.js';
import { addressIdentity, convertPod, identityAt, podIdentity } from './convert-pod.js';
import { convertService, isNodePortGateway, serviceHostname } from './convert-service.js';
import { mergeGateways, serviceGateways } from './gateways.js';
import { namespacedKey, PodTable } from './pod-table.js';
import { SliceTable } from './slice-table.js';

type Changes = Generator<RegistryEvent | undefined>;

const noContext: KubernetesContext = {
  domainSuffix: '',
  trustDomain: '',
  networks: noMeshNetworks,
  rootNamespace: '',
  discoverySelectors: [],
};

/** The reducer of the Kubernetes registry. Services, slices and pods are known by `namespace/name`. */
export class KubernetesReducer implements ObjectReducer<KubernetesContext> {
  readonly #cluster: string;
  #context = noContext;
  #networks: NetworkLookup;

  readonly #namespaces = new NamespaceTable();
  readonly #nodes = new Map<string, ConfigObject<'Node'>>();
  readonly #services = new Map<string, ConfigObject<'Service'>>();
  readonly #slices = new SliceTable();
  readonly #pods = new PodTable();

  /** Worked out of the tables above; what is missing is worked out when it is asked for. */
  readonly #identities = new Map<string, EndpointIdentity>();
  readonly #endpoints = new Map<string, readonly Endpoint[]>();
  readonly #gateways = new Map<string, readonly NetworkGateway[]>();

  readonly #changedServices = new Set<string>();
  /** Services, by key, whose endpoints changed. */
  readonly #changedEndpoints = new Set<string>();
  readonly #changedPods = new Set<string>();

  constructor(cluster: string) {
    this.#cluster = cluster;
    this.#networks = new NetworkLookup(noMeshNetworks, cluster, '');
  }

  configure(context: KubernetesContext): void {
    this.#context = context;
    this.#namespaces.select(context.discoverySelectors);
    this.#changeNetworks();
    this.#markAll();
  }

  upsert(object: AnyObject): void {
    const { namespace, name } = object.metadata;
    const key = namespacedKey(namespace, name);
    if (object.kind === 'Pod') this.#setPod(key, object);
    else if (object.kind === 'EndpointSlice') this.#setSlice(key, object);
    else if (object.kind === 'Service') this.#setService(key, object);
    else if (object.kind === 'Node') this.#setNode(name, object);
    else if (object.kind === 'Namespace') this.#setNamespace(name, object);
  }

  remove({ kind, namespace, name }: ObjectRef): void {
    const key = namespacedKey(namespace, name);
    if (kind === 'Pod') this.#setPod(key, undefined);
    else if (kind === 'EndpointSlice') this.#setSlice(key, undefined);
    else if (kind === 'Service') this.#setService(key, undefined);
    else if (kind === 'Node') this.#setNode(name, undefined);
    else if (kind === 'Namespace') this.#setNamespace(name, undefined);
  }

  *flush(values: RegistryValues): Changes {
    const services = takeAll(this.#changedServices);
    const endpoints = takeAll(this.#changedEndpoints);
    const pods = takeAll(this.#changedPods);
    for (const key of services) yield this.#flushService(key, values);
    for (const key of endpoints) yield this.#flushEndpoints(key, values);
    for (const key of pods) yield this.#flushPod(key, values);
    if (services.length > 0) yield values.setGateways(mergeGateways(this.#gateways.values()));
  }

  #setNamespace(name: string, object: ConfigObject<'Namespace'> | undefined): void {
    const before = this.#namespaces.facts(name);
    this.#namespaces.set(name, object);
    const after = this.#namespaces.facts(name);
    if (before.network !== after.network && name === this.#context.rootNamespace) {
      this.#changeNetworks();
      this.#markAll();
    } else if (before.selected !== after.selected) {
      this.#markNamespace(name);
    } else if (before.trafficDistribution !== after.trafficDistribution) {
      this.#markServicesOf(name);
    }
  }

  #setNode(name: string, object: ConfigObject<'Node'> | undefined): void {
    const before = this.#nodes.get(name);
    if (object === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, object);
    if (deepEqual(nodeFacts(before), nodeFacts(object))) return;
    for (const pod of this.#pods.onNode(name)) this.#markPod(pod);
    for (const [key, service] of this.#services)
      if (isNodePortGateway(service)) this.#changedServices.add(key);
  }

  #setService(key: string, object: ConfigObject<'Service'> | undefined): void {
    if (object === undefined) this.#services.delete(key);
    else this.#services.set(key, object);
    this.#changedServices.add(key);
    // Health depends on the service; and slices that outlive it are told anew, since endpoints go with their service.
    for (const slice of this.#slices.ofService(key)) this.#markSlice(slice);
  }

  #setSlice(key: string, object: ConfigObject<'EndpointSlice'> | undefined): void {
    this.#markSlice(key);
    this.#slices.set(key, object);
    this.#markSlice(key);
  }

  #setPod(key: string, object: ConfigObject<'Pod'> | undefined): void {
    this.#markPod(key);
    this.#pods.set(key, object);
    this.#markPod(key);
  }

  #changeNetworks(): void {
    const { networks, rootNamespace } = this.#context;
    this.#networks = new NetworkLookup(networks, this.#cluster, this.#namespaces.network(rootNamespace));
  }

  #markAll(): void {
    for (const key of this.#services.keys()) this.#changedServices.add(key);
    for (const key of this.#slices.keys()) this.#markSlice(key);
    for (const key of this.#pods.keys()) this.#markPod(key);
  }

  #markNamespace(namespace: string): void {
    this.#markServicesOf(namespace);
    const prefix = namespacedKey(namespace, '');
    for (const key of this.#slices.keys()) if (key.startsWith(prefix)) this.#markSlice(key);
    for (const key of this.#pods.keys()) if (key.startsWith(prefix)) this.#markPod(key);
  }

  #markServicesOf(namespace: string): void {
    const prefix = namespacedKey(namespace, '');
    for (const key of this.#services.keys()) if (key.startsWith(prefix)) this.#changedServices.add(key);
  }

  #markSlice(key: string): void {
    this.#endpoints.delete(key);
    const service = this.#slices.serviceOf(key);
    if (service !== undefined) this.#changedEndpoints.add(service);
  }

  /** Marks a pod and the slices that lead to it, by its name or by its address. */
  #markPod(key: string): void {
    this.#identities.delete(key);
    this.#changedPods.add(key);
    for (const slice of this.#slices.namingPod(key)) this.#markSlice(slice);
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    for (const slice of this.#slices.atAddress(pod.metadata.namespace, pod.spec.podIP))
      this.#markSlice(slice);
  }

  #flushService(key: string, values: RegistryValues): RegistryEvent | undefined {
    const object = this.#services.get(key);
    if (object === undefined || !this.#namespaces.selected(object.metadata.namespace)) {
      this.#gateways.delete(key);
      return values.removeService(key);
    }
    const { domainSuffix, trustDomain, networks } = this.#context;
    const cluster = this.#cluster;
    const namespaceAnnotations = this.#namespaces.annotations(object.metadata.namespace);
    const service = convertService(object, { cluster, domainSuffix, trustDomain, namespaceAnnotations });
    const gateways = serviceGateways(object, service, {
      cluster,
      networks,
      nodes: () => this.#nodes.values(),
    });
    if (gateways.length === 0) this.#gateways.delete(key);
    else this.#gateways.set(key, gateways);
    return values.setService(key, service);
  }

  #flushEndpoints(key: string, values: RegistryValues): RegistryEvent | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const slices = this.#namespaces.selected(namespace) ? this.#slices.ofService(key) : [];
    if (slices.length === 0) return values.removeEndpoints(key);
    return values.setEndpoints(key, {
      hostname: serviceHostname(name, namespace, this.#context.domainSuffix),
      namespace,
      endpoints: concatenateSlices(slices.map((slice) => this.#endpointsOf(slice, key))),
    });
  }

  #endpointsOf(slice: string, service: string): readonly Endpoint[] {
    const known = this.#endpoints.get(slice);
    const object = this.#slices.get(slice);
    if (known !== undefined || object === undefined) return known ?? [];
    const endpoints = convertEndpointSlice(object, {
      cluster: this.#cluster,
      serviceLabels: this.#services.get(service)?.metadata.labels,
      identityOfPod: (namespace, name, address) => {
        const identity = this.#identityOfPod(namespacedKey(namespace, name));
        return identity && identityAt(identity, address, this.#networks);
      },
      identityOfAddress: (address) => this.#identityOfAddress(object.metadata.namespace, address),
    });
    this.#endpoints.set(slice, endpoints);
    return endpoints;
  }

  #identityOfPod(key: string): EndpointIdentity | undefined {
    const known = this.#identities.get(key);
    const pod = this.#pods.get(key);
    if (known !== undefined || pod === undefined || !this.#namespaces.selected(pod.metadata.namespace))
      return known;
    const identity = podIdentity(pod, {
      cluster: this.#cluster,
      trustDomain: this.#context.trustDomain,
      networks: this.#networks,
      nodeLabels: this.#nodes.get(pod.spec.nodeName)?.metadata.labels,
    });
    this.#identities.set(key, identity);
    return identity;
  }

  #identityOfAddress(namespace: string, address: string): EndpointIdentity {
    const pod = this.#pods.atAddress(namespace, address);
    const known = pod && this.#identityOfPod(namespacedKey(namespace, pod.metadata.name));
    return known ?? addressIdentity(address, { cluster: this.#cluster, networks: this.#networks });
  }

  #flushPod(key: string, values: RegistryValues): RegistryEvent | undefined {
    const pod = this.#pods.get(key);
    const identity = this.#identityOfPod(key);
    if (pod !== undefined && identity !== undefined)
      return values.setWorkload(convertPod(pod, identity, this.#cluster));
    const [namespace = '', name = ''] = key.split('/');
    return values.removeWorkload(workloadKey({ kind: 'Pod', namespace, name }));
  }
}

function takeAll(keys: Set<string>): readonly string[] {
  const all = [...keys];
  keys.clear();
  return all;
}

function nodeFacts(node: ConfigObject<'Node'> | undefined): unknown {
  return node && { labels: node.metadata.labels, externalIPs: node.spec.externalIPs };
}
