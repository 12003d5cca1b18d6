/** Inputs of snapshots for tests, with defaults for all that a test does not care about. */
import { defaultMeshConfig } from '../../../src/config/decode/mesh-config.js';
import type { KindSpecs } from '../../../src/config/kinds/index.js';
import type {
  Gateway,
  IstioEgressListener,
  PeerAuthentication,
  Sidecar,
} from '../../../src/config/kinds/networking.js';
import type { EnvoyFilter } from '../../../src/config/kinds/envoy-filter.js';
import type { AuthorizationPolicy, RequestAuthentication } from '../../../src/config/kinds/security.js';
import type { Telemetry } from '../../../src/config/kinds/telemetry.js';
import type { DestinationRule } from '../../../src/config/kinds/traffic-policy.js';
import type { VirtualService } from '../../../src/config/kinds/virtual-service.js';
import { noMeshNetworks, type MeshConfig } from '../../../src/config/mesh-config.js';
import type { ConfigObject, Kind, ObjectMeta } from '../../../src/config/object.js';
import { buildSnapshot, type SnapshotInput } from '../../../src/mesh/build-snapshot.js';
import { noMeshObjects, type MeshObjects } from '../../../src/mesh/mesh-objects.js';
import { proxyFromNode } from '../../../src/mesh/node.js';
import type { Snapshot } from '../../../src/mesh/snapshot.js';
import type { Endpoint } from '../../../src/model/endpoint.js';
import type { Proxy } from '../../../src/model/proxy.js';
import { serviceKey, type Service, type ServiceAttributes } from '../../../src/model/service.js';
import type { AggregateView, Shard } from '../../../src/registry/view.js';

type Changes<T> = Partial<T>;

/** A service and its attributes in one; ports by number alone are HTTP. */
export interface ServiceChanges
  extends Changes<Omit<Service, 'attributes' | 'ports'>>, Changes<Omit<ServiceAttributes, 'namespace'>> {
  readonly ports?: readonly (number | Service['ports'][number])[];
}

/** A Kubernetes Service, as `name.namespace`. */
export function kubernetesService(name: string, changes: ServiceChanges = {}): Service {
  const [short = '', namespace = ''] = name.split('.');
  const vip = { Kubernetes: ['10.96.0.1'] };
  const kubernetes = {
    provider: 'Kubernetes',
    name: short,
    objectName: short,
    clusterVIPs: vip,
    defaultAddress: '10.96.0.1',
  };
  return service(`${name}.svc.cluster.local`, namespace, { ...kubernetes, ...changes });
}

/** A service of a ServiceEntry. */
export function entryService(hostname: string, namespace: string, changes: ServiceChanges = {}): Service {
  return service(hostname, namespace, {
    provider: 'External',
    name: hostname,
    objectName: 'entry',
    ...changes,
  });
}

function service(hostname: string, namespace: string, changes: ServiceChanges): Service {
  const { ports = [80], serviceAccounts, creationTime, clusterVIPs, defaultAddress, ...others } = changes;
  const {
    autoAllocatedIPv4,
    autoAllocatedIPv6,
    resolution,
    meshExternal,
    resourceVersion,
    sequence,
    ...rest
  } = others;
  const { hostname: _, provenance, ...attributes } = rest;
  return {
    hostname,
    ports: ports.map((port) =>
      typeof port === 'number' ? { name: `http-${port}`, port, protocol: 'HTTP' } : port,
    ),
    serviceAccounts: serviceAccounts ?? [],
    creationTime: creationTime ?? 0,
    clusterVIPs: clusterVIPs ?? {},
    defaultAddress: defaultAddress ?? '0.0.0.0',
    ...(autoAllocatedIPv4 !== undefined && { autoAllocatedIPv4 }),
    ...(autoAllocatedIPv6 !== undefined && { autoAllocatedIPv6 }),
    resolution: resolution ?? 'ClientSideLB',
    meshExternal: meshExternal ?? false,
    resourceVersion: resourceVersion ?? '',
    sequence: sequence ?? 0,
    attributes: {
      name: hostname,
      namespace,
      provider: 'External',
      objectName: hostname,
      labels: {},
      exportTo: [],
      ...attributes,
    },
    provenance: provenance ?? { registry: 'test' },
  };
}

/** An endpoint with this address. */
export function endpoint(address: string, changes: Changes<Endpoint> = {}): Endpoint {
  return {
    addresses: [address],
    port: 8080,
    servicePortName: 'http-80',
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    cluster: 'Kubernetes',
    weight: 0,
    tlsMode: 'istio',
    namespace: 'shop',
    workloadName: '',
    health: 'healthy',
    provenance: { registry: 'test' },
    ...changes,
  };
}

/** One shard of a service. */
export function shard(endpoints: readonly Endpoint[], cluster = 'Kubernetes'): Shard {
  return { provider: 'Kubernetes', cluster, endpoints };
}

/** What registries say. Shards are by service. */
export function discoveryOf(
  services: readonly Service[],
  shards: readonly (readonly [Service, readonly Shard[]])[] = [],
  changes: Changes<AggregateView> = {},
): AggregateView {
  return {
    registries: [],
    synced: true,
    services,
    shards: new Map(
      shards.map(([{ hostname, attributes }, list]) => [serviceKey(hostname, attributes.namespace), list]),
    ),
    workloads: { byAddress: () => [], pod: () => undefined },
    gateways: [],
    ...changes,
  };
}

/** An object as `namespace/name`, of an age in seconds. */
export function object<K extends Kind>(
  kind: K,
  key: string,
  spec: KindSpecs[K],
  meta: Changes<ObjectMeta> = {},
): ConfigObject<K> {
  const [namespace = '', name = ''] = key.split('/');
  return {
    kind,
    apiVersion: 'networking.istio.io/v1',
    metadata: { name, namespace, labels: {}, annotations: {}, creationTime: 0, resourceVersion: '', ...meta },
    spec,
    origin: { source: 'test' },
  };
}

/** A DestinationRule; it was made at `time`. */
export function destinationRule(
  key: string,
  spec: Changes<DestinationRule>,
  time = 0,
): ConfigObject<'DestinationRule'> {
  return object(
    'DestinationRule',
    key,
    { host: '', subsets: [], exportTo: [], ...spec },
    { creationTime: time },
  );
}

/** A VirtualService; it was made at `time`. */
export function virtualService(
  key: string,
  spec: Changes<VirtualService>,
  time = 0,
): ConfigObject<'VirtualService'> {
  const empty: VirtualService = { hosts: [], gateways: [], http: [], tls: [], tcp: [], exportTo: [] };
  return object('VirtualService', key, { ...empty, ...spec }, { creationTime: time });
}

/** A Sidecar whose egress listeners are lists of hosts or whole. */
export function sidecar(
  key: string,
  egress: readonly (readonly string[] | Changes<IstioEgressListener>)[],
  spec: Changes<Sidecar> = {},
  time = 0,
): ConfigObject<'Sidecar'> {
  const listeners = egress.map((listener): IstioEgressListener => ({
    bind: '',
    captureMode: 'DEFAULT',
    hosts: [],
    ...(isHosts(listener) ? { hosts: listener } : listener),
  }));
  return object('Sidecar', key, { ingress: [], egress: listeners, ...spec }, { creationTime: time });
}

function isHosts(listener: readonly string[] | Changes<IstioEgressListener>): listener is readonly string[] {
  return Array.isArray(listener);
}

/** A PeerAuthentication; it was made at `time`. */
export function peerAuthentication(
  key: string,
  spec: Changes<PeerAuthentication>,
  time = 0,
): ConfigObject<'PeerAuthentication'> {
  return object('PeerAuthentication', key, { portLevelMtls: {}, ...spec }, { creationTime: time });
}

/** A Gateway without servers. */
export function gateway(key: string, selector: Gateway['selector'], time = 0): ConfigObject<'Gateway'> {
  return object('Gateway', key, { servers: [], selector }, { creationTime: time });
}

/** A Namespace with labels. */
export function namespace(
  name: string,
  labels: Readonly<Record<string, string>> = {},
): ConfigObject<'Namespace'> {
  return object('Namespace', `/${name}`, {}, { labels });
}

/** Istio's default mesh configuration with changes. */
export function meshConfig(changes: Changes<MeshConfig> = {}): MeshConfig {
  return { ...defaultMeshConfig(), ...changes };
}

/** What a test says of a snapshot's input; the rest is empty or default. */
export interface TestInput {
  readonly services?: readonly Service[];
  readonly discovery?: AggregateView;
  readonly mesh?: Changes<MeshConfig>;
  readonly objects?: Changes<MeshObjects>;
  readonly changes?: Changes<SnapshotInput>;
}

/** A snapshot's input. */
export function snapshotInput({ services, discovery, mesh, objects, changes }: TestInput): SnapshotInput {
  return {
    mesh: meshConfig(mesh),
    networks: noMeshNetworks,
    discovery: discovery ?? discoveryOf(services ?? []),
    objects: { ...noMeshObjects, ...objects },
    version: 'test',
    ...changes,
  };
}

/** A snapshot. */
export function snapshotOf(input: TestInput, previous?: Snapshot): Snapshot {
  return buildSnapshot(snapshotInput(input), previous);
}

/** A proxy of a namespace. */
export function proxyOf(
  namespaceName: string,
  metadata: Readonly<Record<string, unknown>> = {},
  type: Proxy['type'] = 'sidecar',
): Proxy {
  return proxyFromNode({
    id: `${type}~10.0.0.1~web.${namespaceName}~${namespaceName}.svc.cluster.local`,
    metadata: { NAMESPACE: namespaceName, CLUSTER_ID: 'Kubernetes', ISTIO_VERSION: '1.31.0', ...metadata },
  });
}

/** An AuthorizationPolicy that allows nothing; it was made at `time`. */
export function authorizationPolicy(
  key: string,
  spec: Changes<AuthorizationPolicy> = {},
  time = 0,
): ConfigObject<'AuthorizationPolicy'> {
  return object(
    'AuthorizationPolicy',
    key,
    { targetRefs: [], rules: [], action: 'ALLOW', ...spec },
    { creationTime: time },
  );
}

/** A RequestAuthentication; it was made at `time`. */
export function requestAuthentication(
  key: string,
  spec: Changes<RequestAuthentication> = {},
  time = 0,
): ConfigObject<'RequestAuthentication'> {
  return object(
    'RequestAuthentication',
    key,
    { targetRefs: [], jwtRules: [], ...spec },
    { creationTime: time },
  );
}

/** A Telemetry; it was made at `time`. */
export function telemetry(key: string, spec: Changes<Telemetry> = {}, time = 0): ConfigObject<'Telemetry'> {
  return object(
    'Telemetry',
    key,
    { targetRefs: [], tracing: [], metrics: [], accessLogging: [], ...spec },
    { creationTime: time },
  );
}

/** An EnvoyFilter; it was made at `time`. */
export function envoyFilter(
  key: string,
  spec: Changes<EnvoyFilter> = {},
  time = 0,
): ConfigObject<'EnvoyFilter'> {
  return object(
    'EnvoyFilter',
    key,
    { targetRefs: [], configPatches: [], priority: 0, ...spec },
    { creationTime: time },
  );
}
