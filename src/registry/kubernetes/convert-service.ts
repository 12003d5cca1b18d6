/** Kubernetes Services as services of the model (Istio reference 2.1). */
import type { KubernetesService, KubernetesServicePort } from '../../config/kinds/kubernetes.js';
import type { ConfigObject } from '../../config/object.js';
import type { Labels } from '../../model/labels.js';
import { kubernetesPortProtocol } from '../../model/protocol.js';
import type { Resolution, Service, ServiceAttributes, ServicePort } from '../../model/service.js';
import { spiffeUri } from '../../model/spiffe.js';
import { provenanceOf } from '../objects/provenance.js';
import { trafficDistribution } from '../objects/traffic-distribution.js';

/** Annotation that marks a NodePort Service as a network gateway and selects the nodes that it is reached by. */
export const nodeSelectorAnnotation = 'traffic.istio.io/nodeSelector';

const exportToAnnotation = 'networking.istio.io/exportTo';
const canonicalAccountsAnnotation = 'alpha.istio.io/canonical-serviceaccounts';
const kubernetesAccountsAnnotation = 'alpha.istio.io/kubernetes-serviceaccounts';

/** What a Service's conversion depends on beside the object. */
export interface ServiceSettings {
  readonly cluster: string;
  readonly domainSuffix: string;
  readonly trustDomain: string;
  /** Annotations of the Service's namespace. */
  readonly namespaceAnnotations: Labels;
}

/** `<name>.<namespace>.svc.<domain suffix>`. */
export function serviceHostname(name: string, namespace: string, domainSuffix: string): string {
  return `${name}.${namespace}.svc.${domainSuffix}`;
}

/** Converts a Service. */
export function convertService(object: ConfigObject<'Service'>, settings: ServiceSettings): Service {
  const { metadata, spec } = object;
  const addresses = serviceAddresses(spec);
  return {
    hostname: serviceHostname(metadata.name, metadata.namespace, settings.domainSuffix),
    ports: spec.ports.map(convertPort),
    serviceAccounts: serviceAccounts(object, settings.trustDomain),
    creationTime: metadata.creationTime,
    clusterVIPs: { [settings.cluster]: addresses },
    defaultAddress: addresses[0],
    resolution: serviceResolution(spec),
    meshExternal: externalName(spec) !== undefined,
    resourceVersion: metadata.resourceVersion,
    sequence: 0,
    attributes: serviceAttributes(object, settings),
    provenance: provenanceOf(`Kubernetes/${settings.cluster}`, object),
  };
}

function convertPort(port: KubernetesServicePort): ServicePort {
  const { name, port: number, targetPort } = port;
  return {
    name,
    port: number,
    protocol: kubernetesPortProtocol(number, name, port.protocol, port.appProtocol),
    // Kubernetes writes 0 and the empty name for a target port that was not given.
    ...(targetPort === undefined || targetPort === 0 || targetPort === '' ? {} : { targetPort }),
    ...(port.protocol === 'SCTP' ? { transport: port.protocol } : {}),
  };
}

function serviceAddresses(spec: KubernetesService): readonly [string, ...string[]] {
  if (spec.clusterIP === '' || spec.clusterIP === 'None') return ['0.0.0.0'];
  const [first, second, ...rest] = spec.clusterIPs;
  return first === undefined || second === undefined ? [spec.clusterIP] : [first, second, ...rest];
}

function externalName(spec: KubernetesService): string | undefined {
  return spec.type === 'ExternalName' && spec.externalName !== '' ? spec.externalName : undefined;
}

function serviceResolution(spec: KubernetesService): Resolution {
  if (spec.clusterIP === 'None') return 'Passthrough';
  return externalName(spec) === undefined ? 'ClientSideLB' : 'Alias';
}

/** Accounts are taken as they stand between the commas, blanks included, as Istio takes them. */
function serviceAccounts({ metadata }: ConfigObject<'Service'>, trustDomain: string): readonly string[] {
  const canonical = commaList(metadata.annotations[canonicalAccountsAnnotation]);
  const kubernetes = commaList(metadata.annotations[kubernetesAccountsAnnotation]);
  return [...canonical, ...kubernetes.map((account) => spiffeUri(trustDomain, metadata.namespace, account))];
}

function commaList(annotation: string | undefined): readonly string[] {
  return annotation === undefined || annotation === '' ? [] : annotation.split(',');
}

function serviceAttributes(object: ConfigObject<'Service'>, settings: ServiceSettings): ServiceAttributes {
  const { metadata, spec } = object;
  const external = externalName(spec);
  const distribution = trafficDistribution(
    spec.trafficDistribution,
    metadata.annotations,
    settings.namespaceAnnotations,
  );
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    provider: 'Kubernetes',
    objectName: metadata.name,
    labels: metadata.labels,
    exportTo: [...new Set(commaList(metadata.annotations[exportToAnnotation]).map((entry) => entry.trim()))],
    ...(spec.selector === undefined ? {} : { labelSelectors: spec.selector }),
    ...externalReachability(object, settings.cluster),
    ...(spec.type === '' ? {} : { type: spec.type }),
    ...(external === undefined ? {} : { externalName: external }),
    ...(spec.internalTrafficPolicy === 'Local' ? { nodeLocal: true } : {}),
    ...(distribution === 'any' ? {} : { trafficDistribution: distribution }),
    ...(spec.publishNotReadyAddresses ? { publishNotReadyAddresses: true } : {}),
  };
}

type ExternalReachability = Pick<ServiceAttributes, 'clusterExternalAddresses' | 'clusterExternalPorts'>;

function externalReachability(object: ConfigObject<'Service'>, cluster: string): ExternalReachability {
  const addresses = externalAddresses(object.spec);
  return {
    ...(addresses.length === 0 ? {} : { clusterExternalAddresses: { [cluster]: addresses } }),
    ...(isNodePortGateway(object) ? { clusterExternalPorts: { [cluster]: nodePorts(object.spec) } } : {}),
  };
}

function externalAddresses(spec: KubernetesService): readonly string[] {
  const ingress = spec.type === 'LoadBalancer' ? spec.loadBalancerIngress : [];
  const balanced = ingress
    .map(({ ip, hostname }) => ip || hostname || '')
    .filter((address) => address !== '');
  return [...balanced, ...spec.externalIPs];
}

/** Whether a Service is a network gateway that is reached by the ports of nodes. */
export function isNodePortGateway({ metadata, spec }: ConfigObject<'Service'>): boolean {
  return spec.type === 'NodePort' && metadata.annotations[nodeSelectorAnnotation] !== undefined;
}

function nodePorts(spec: KubernetesService): Readonly<Record<number, number>> {
  return Object.fromEntries(spec.ports.map((port) => [port.port, port.nodePort ?? 0]));
}
