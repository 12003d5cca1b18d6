/** Endpoints that never get as far as a cluster: what registries make nothing of (Istio reference 2.5, 3.4 to 3.6, 3.9). */
import type { EndpointSlice } from '../config/kinds/kubernetes.js';
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ConfigObject } from '../config/object.js';
import { objectKey } from '../config/object.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import type { Endpoint } from '../model/endpoint.js';
import { labelsMatch } from '../model/labels.js';
import { isKubernetesService, type Service } from '../model/service.js';
import { workloadKey, type Workload } from '../model/workload.js';
import { servicesOf } from '../registry/instances.js';
import { podOfEndpoint, serviceNameOfSlice } from '../registry/kubernetes/convert-endpoint-slice.js';
import { selectedEndpoints, selectionFault, selectsWorkloads } from '../registry/selection.js';
import type { RegistryView } from '../registry/view.js';
import { clusterView } from '../translate/cluster/cluster-view.js';
import { clusterKind, isDnsKind } from '../translate/cluster/discovery.js';
import { ofPortNumber, portNameFault } from '../translate/endpoint/filters.js';
import { addressText, leftOut } from './endpoints.js';
import type { LeftOutEndpoint, Reason } from './explanation.js';
import { objectSource, objectText, sourceOf } from './source.js';

/** Endpoints of a service, as a proxy sees it, that are in none of its clusters, served or not. */
export function unsentEndpoints(
  state: MeshDirectoryState,
  context: ProxyContext,
  service: Service,
): readonly LeftOutEndpoint[] {
  const { hostname, attributes } = service;
  const shards = context.snapshot.endpoints.shards(hostname, attributes.namespace);
  const known = shards.flatMap(({ endpoints }) => endpoints);
  return [
    ...ofNoPort(context, service, known),
    ...(isKubernetesService(service) ? ofSlices(state, context, service, known) : []),
    ...ofSelection(context, service, known),
    ...ofRegistries(context, service, known),
  ];
}

function ofNoPort(
  context: ProxyContext,
  service: Service,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  const byNumber = isDnsKind(clusterKind(service, clusterView(context).type));
  const isOfPort = (endpoint: Endpoint): boolean =>
    service.ports.some((port) =>
      byNumber ? ofPortNumber(port)(endpoint) : portNameFault(port, endpoint) !== 'other-port',
    );
  return known
    .filter((endpoint) => !isOfPort(endpoint))
    .map((endpoint) => {
      const name = endpoint.servicePortName === '' ? 'without a name' : endpoint.servicePortName;
      const text = `it is of the port ${name}, which the service does not have as the proxy sees it`;
      return leftOut(endpoint, { code: 'no-such-port', text });
    });
}

/** Addresses of EndpointSlices that became no endpoint. */
function ofSlices(
  state: MeshDirectoryState,
  context: ProxyContext,
  service: Service,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  const { namespace, objectName } = service.attributes;
  return [...state.clusters].flatMap(([cluster, objects]) =>
    [...objects.values()].flatMap((object) => {
      if (object.kind !== 'EndpointSlice' || object.metadata.namespace !== namespace) return [];
      if (serviceNameOfSlice(object) !== objectName) return [];
      const ofCluster = known.filter((endpoint) => endpoint.cluster === cluster);
      return ofSlice(state, context, cluster, object, ofCluster);
    }),
  );
}

function ofSlice(
  state: MeshDirectoryState,
  context: ProxyContext,
  cluster: string,
  slice: ConfigObject<'EndpointSlice'>,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  const source = objectSource(slice);
  return slice.spec.endpoints.flatMap((endpoint) =>
    endpoint.addresses.flatMap((address) =>
      slice.spec.ports.flatMap((port) => {
        const same = known.find(
          ({ addresses, servicePortName }) => addresses[0] === address && servicePortName === port.name,
        );
        if (same?.provenance.object === source.object) return [];
        const reason =
          same === undefined
            ? unknownPod(state, context, cluster, endpoint)
            : {
                code: 'duplicate-address' as const,
                text: `${same.provenance.object} (${same.provenance.location}) has the same address and port`,
              };
        return reason === undefined
          ? []
          : [{ address: addressText({ addresses: [address], port: port.port }), source, reason }];
      }),
    ),
  );
}

function unknownPod(
  state: MeshDirectoryState,
  { snapshot }: ProxyContext,
  cluster: string,
  endpoint: EndpointSlice['endpoints'][number],
): Reason | undefined {
  const pod = podOfEndpoint(endpoint);
  if (pod === undefined) return undefined;
  const registry = snapshot.discovery.registries.find(
    (view) => view.provider === 'Kubernetes' && view.cluster === cluster,
  );
  const { namespace, name } = pod;
  if (registry?.workloads.has(workloadKey({ kind: 'Pod', namespace, name })) === true) return undefined;
  const object = state.clusters.get(cluster)?.get(objectKey({ kind: 'Pod', namespace, name }));
  const text =
    object?.kind === 'Pod' && object.spec.phase === 'Failed'
      ? `its Pod has failed: ${objectText(object)}`
      : `its Pod ${namespace}/${name} is not known, so neither its account nor whether it speaks mutual TLS`;
  return { code: 'pod-missing', text };
}

/** Workloads that services of the host select by their labels, but cannot use. */
function ofSelection(
  context: ProxyContext,
  service: Service,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  const { registries } = context.snapshot.discovery;
  return registries.flatMap((registry) =>
    servicesOfHost(registry, service)
      .filter(selectsWorkloads)
      .flatMap((selecting) =>
        registries
          .flatMap(({ workloads }) => [...workloads.values()])
          .filter((workload) => isSelected(selecting, workload))
          .flatMap((workload) => ofWorkload(selecting, registry.cluster, workload, known)),
      ),
  );
}

function servicesOfHost(registry: RegistryView, { hostname, attributes }: Service): readonly Service[] {
  return servicesOf(registry, hostname).filter(
    (service) => service.attributes.namespace === attributes.namespace,
  );
}

/** Whether a service's labels are for a workload; Pods of Kubernetes Services are in EndpointSlices instead. */
function isSelected(service: Service, { kind, namespace, endpointLabels }: Workload): boolean {
  return (
    namespace === service.attributes.namespace &&
    labelsMatch(service.attributes.labelSelectors ?? {}, endpointLabels) &&
    !(kind === 'Pod' && isKubernetesService(service))
  );
}

function ofWorkload(
  service: Service,
  cluster: string,
  workload: Workload,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  const reason = unusable(service, cluster, workload);
  const common = {
    workload: `${workload.namespace}/${workload.name}`,
    source: sourceOf(workload.provenance),
  };
  if (reason !== undefined) return [{ address: workload.addresses[0] ?? '', ...common, reason }];
  const made = selectedEndpoints(service, cluster, [workload]);
  const unserved = service.ports.filter(
    ({ name }) => !made.some((endpoint) => endpoint.servicePortName === name),
  );
  const dropped = made.filter((endpoint) => !known.some((each) => sameEndpoint(each, endpoint)));
  return [
    ...unserved.map(({ name, targetPort }) => ({
      address: workload.addresses[0] ?? '',
      ...common,
      reason: {
        code: 'no-target-port' as const,
        text: `the port ${name} of the Service goes to the port ${targetPort}, which the WorkloadEntry does not have`,
      },
    })),
    ...dropped.map((endpoint) => leftOut(endpoint, onePerPort)),
  ];
}

const onePerPort: Reason = {
  code: 'one-per-port',
  text: 'with DNS_ROUND_ROBIN a cluster holds one endpoint for each port, and another one comes first',
};

function unusable(service: Service, cluster: string, workload: Workload): Reason | undefined {
  switch (selectionFault(service, cluster, workload)) {
    case 'host-name':
      return {
        code: 'host-name',
        text: 'its address is a host name or a path, which only ServiceEntries with resolution DNS can use',
      };
    case 'not-for-kubernetes':
      return {
        code: 'other-cluster',
        text: `a Kubernetes Service selects WorkloadEntries of its own cluster ${cluster} only; it is in ${workload.cluster}`,
      };
    case undefined:
      break;
  }
  if (workload.ready) return undefined;
  return workload.kind === 'Pod'
    ? { code: 'pod-not-ready', text: 'its Pod is not ready, and a ServiceEntry selects ready Pods only' }
    : {
        code: 'workload-unhealthy',
        text: 'it is health checked (proxy.istio.io/health-checks-enabled), and its status does not say that it is healthy',
      };
}

/** Endpoints that a registry has and that are in no shard. */
function ofRegistries(
  { snapshot }: ProxyContext,
  service: Service,
  known: readonly Endpoint[],
): readonly LeftOutEndpoint[] {
  return snapshot.discovery.registries.flatMap(({ endpoints }) =>
    [...endpoints.values()]
      .filter(
        ({ hostname, namespace }) =>
          hostname === service.hostname && namespace === service.attributes.namespace,
      )
      .flatMap((owned) => owned.endpoints.filter((endpoint) => !known.includes(endpoint)))
      .map((endpoint) => leftOut(endpoint, onePerPort)),
  );
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.addresses[0] === b.addresses[0] && a.port === b.port && a.servicePortName === b.servicePortName;
}
