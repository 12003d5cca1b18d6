/** Objects for tests, with Kubernetes' and Istio's defaults for all that a test does not care about. */
import { Observable, Subject } from 'rxjs';
import type {
  EndpointSlice,
  EndpointSliceEndpoint,
  KubernetesService,
  Pod,
} from '../../../src/config/kinds/kubernetes.js';
import type {
  ServiceEntry,
  WorkloadEntry,
  WorkloadEntryObject,
} from '../../../src/config/kinds/networking.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import type {
  AnyObject,
  ConfigObject,
  Kind,
  ObjectEvent,
  ObjectMeta,
  ObjectSource,
} from '../../../src/config/object.js';
import { objectKey, refOf } from '../../../src/config/object.js';
import type { KindSpecs } from '../../../src/config/kinds/index.js';
import type { KubernetesContext } from '../../../src/registry/kubernetes/registry.js';

export type Meta = Partial<ObjectMeta>;

/** `at` is the 1-based line of the object in its file. */
function object<K extends Kind>(
  kind: K,
  name: string,
  spec: KindSpecs[K],
  meta: Meta,
  at = 1,
): ConfigObject<K> {
  const clusterWide = kind === 'Namespace' || kind === 'Node';
  return {
    kind,
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: clusterWide ? '' : 'shop',
      labels: {},
      annotations: {},
      creationTime: 0,
      resourceVersion: '',
      ...meta,
    },
    spec,
    origin: { source: 'test', file: 'input.yaml', line: at },
  };
}

export function namespace(name: string, meta: Meta = {}): ConfigObject<'Namespace'> {
  return object('Namespace', name, {}, meta);
}

export function node(
  name: string,
  meta: Meta = {},
  externalIPs: readonly string[] = [],
): ConfigObject<'Node'> {
  return object('Node', name, { externalIPs }, meta);
}

export function service(
  name: string,
  spec: Partial<KubernetesService> = {},
  meta: Meta = {},
  at?: number,
): ConfigObject<'Service'> {
  const defaults: KubernetesService = {
    type: 'ClusterIP',
    clusterIP: '10.96.0.1',
    clusterIPs: [],
    externalName: '',
    externalIPs: [],
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    publishNotReadyAddresses: false,
    loadBalancerIngress: [],
  };
  return object('Service', name, { ...defaults, ...spec }, meta, at);
}

/** An endpoint of a slice that names a Pod of the namespace `shop`. */
export function podEndpoint(
  address: string,
  podName: string,
  conditions: Partial<EndpointSliceEndpoint> = {},
): EndpointSliceEndpoint {
  return {
    addresses: [address],
    ready: true,
    targetRef: { kind: 'Pod', name: podName, namespace: 'shop' },
    ...conditions,
  };
}

/** A slice of the Service `of`; an empty name for none. */
export function slice(
  name: string,
  of: string,
  endpoints: readonly EndpointSliceEndpoint[],
  spec: Partial<EndpointSlice> = {},
  meta: Meta = {},
): ConfigObject<'EndpointSlice'> {
  const defaults: EndpointSlice = {
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
  const labels: Record<string, string> = of === '' ? {} : { 'kubernetes.io/service-name': of };
  return object('EndpointSlice', name, { ...defaults, ...spec }, { labels, ...meta });
}

export function pod(
  name: string,
  podIP: string,
  spec: Partial<Pod> = {},
  meta: Meta = {},
  at?: number,
): ConfigObject<'Pod'> {
  const defaults: Pod = {
    serviceAccountName: 'default',
    nodeName: '',
    hostname: '',
    subdomain: '',
    hostNetwork: false,
    containers: [],
    initContainers: [],
    phase: 'Running',
    podIP,
    podIPs: podIP === '' ? [] : [podIP],
    ready: true,
  };
  return object('Pod', name, { ...defaults, ...spec }, meta, at);
}

export function inlineEndpoint(address: string, spec: Partial<WorkloadEntry> = {}): WorkloadEntry {
  return {
    address,
    ports: {},
    labels: {},
    network: '',
    locality: '',
    weight: 0,
    serviceAccount: '',
    ...spec,
  };
}

export function workloadEntry(
  name: string,
  address: string,
  spec: Partial<WorkloadEntryObject> = {},
  meta: Meta = {},
): ConfigObject<'WorkloadEntry'> {
  return object('WorkloadEntry', name, { ...inlineEndpoint(address), ...spec }, meta);
}

export function serviceEntry(
  name: string,
  hosts: readonly string[],
  spec: Partial<ServiceEntry> = {},
  meta: Meta = {},
  at?: number,
): ConfigObject<'ServiceEntry'> {
  const defaults: ServiceEntry = {
    hosts,
    addresses: [],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    location: 'MESH_EXTERNAL',
    resolution: 'STATIC',
    endpoints: [],
    exportTo: [],
    subjectAltNames: [],
    statusAddresses: [],
  };
  return object('ServiceEntry', name, { ...defaults, ...spec }, meta, at);
}

/** Settings of a mesh without any of its own; both registries take them. */
export const plainContext: KubernetesContext = {
  domainSuffix: 'cluster.local',
  trustDomain: 'cluster.local',
  networks: noMeshNetworks,
  rootNamespace: 'istio-system',
  discoverySelectors: [],
};

/** A source that holds what a test puts in. */
export class TestSource implements ObjectSource {
  readonly cluster: string;
  readonly name = 'the test source';
  readonly #objects = new Map<string, AnyObject>();
  readonly #changes$ = new Subject<ObjectEvent>();
  #synced = true;

  constructor(objects: readonly AnyObject[] = [], cluster = 'Kubernetes') {
    this.cluster = cluster;
    this.put(...objects);
  }

  /** The object of an `objectKey`. */
  get(key: string): AnyObject | undefined {
    return this.#objects.get(key);
  }

  put(...objects: readonly AnyObject[]): void {
    for (const added of objects) {
      this.#objects.set(objectKey(refOf(added)), added);
      this.#changes$.next({ type: 'upsert', object: added });
    }
  }

  remove(...objects: readonly AnyObject[]): void {
    for (const removed of objects) {
      this.#objects.delete(objectKey(refOf(removed)));
      this.#changes$.next({ type: 'removed', ref: refOf(removed) });
    }
  }

  /** From now on, whoever watches is not told `synced` until `finishLoading`. */
  startLoading(): void {
    this.#synced = false;
  }

  finishLoading(): void {
    this.#synced = true;
    this.#changes$.next({ type: 'synced' });
  }

  fail(message: string): void {
    this.#changes$.next({ type: 'failed', error: new Error(message) });
  }

  get watched(): boolean {
    return this.#changes$.observed;
  }

  watch(): Observable<ObjectEvent> {
    return new Observable((subscriber) => {
      for (const known of this.#objects.values()) subscriber.next({ type: 'upsert', object: known });
      if (this.#synced) subscriber.next({ type: 'synced' });
      subscriber.add(this.#changes$.subscribe(subscriber));
    });
  }
}
