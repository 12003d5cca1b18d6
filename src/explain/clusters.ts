/** The clusters of a service: one for each port and subset, how each finds its endpoints, and why there is none (Istio reference 5). */
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ProxyContext } from '../mesh/snapshot.js';
import type { Service, ServicePort } from '../model/service.js';
import { finalKind, targetName, type ClusterTarget } from '../translate/cluster/cluster-target.js';
import { clusterView } from '../translate/cluster/cluster-view.js';
import { passesTlsThrough } from '../translate/cluster/clusters.js';
import { inboundInputs } from '../translate/cluster/inbound-inputs.js';
import { clusterTargets, portFault, type OutboundPortFault } from '../translate/cluster/outbound.js';
import { outboundInput, type OutboundInput } from '../translate/cluster/outbound-input.js';
import { serviceDiscovery } from '../translate/cluster/service-discovery.js';
import { Memo } from '../translate/memo.js';
import { inboundClusterName } from '../translate/names.js';
import { explainEndpoints } from './endpoints.js';
import type { ClusterExplanation, PortExplanation, Reason } from './explanation.js';
import { patchNotes } from './patches.js';
import { explainProtocol } from './protocol.js';
import { explainNotes, explainSettings, originOf } from './settings.js';
import { explainTls } from './tls.js';

/** A port, as far as its clusters go. */
type ClusteredPort = Omit<PortExplanation, 'listeners' | 'routes'>;

/** Explains the clusters of a service's ports, in their order. */
export function explainPorts(
  state: MeshDirectoryState,
  context: ProxyContext,
  service: Service,
  ports: readonly ServicePort[],
): readonly ClusteredPort[] {
  const inputs = outboundInputs(context, service);
  return ports.map((port) => ({
    port: port.port,
    name: port.name,
    protocol: port.protocol,
    protocolBy: explainProtocol(state, service, port),
    ...clustersOf(context, inputs, service, port),
  }));
}

/** The clusters by which a proxy reaches its own workload for a host. */
export function inboundClusters(context: ProxyContext, hostname: string): readonly string[] {
  if (context.proxy.type === 'router') return [];
  const { inputs } = inboundInputs(context, clusterView(context), new Memo());
  return inputs
    .filter(({ services }) => services.some((service) => service.hostname === hostname))
    .map(({ targetPort }) => inboundClusterName(targetPort));
}

/** Gateways that pass TLS through have a second set of clusters for that. */
function outboundInputs(context: ProxyContext, service: Service): readonly OutboundInput[] {
  const memo = new Memo();
  const view = clusterView(context);
  const passesThrough = context.proxy.type === 'router' && passesTlsThrough(context) && !service.meshExternal;
  const modes = passesThrough ? (['default', 'sni-dnat'] as const) : (['default'] as const);
  return modes.map((mode) => outboundInput(context, service, view, mode, memo));
}

function clustersOf(
  context: ProxyContext,
  inputs: readonly OutboundInput[],
  service: Service,
  port: ServicePort,
): Pick<PortExplanation, 'clusters' | 'reason'> {
  const fault = portFault(service, port);
  if (fault !== undefined) return { clusters: [], reason: portReason(fault, service, port) };
  const clusters = inputs.flatMap((input) => {
    const targets = [...clusterTargets(input, port)];
    const made = targets.filter((target) => isMade(target));
    return targets[0] !== undefined && made.includes(targets[0]) ? made : [];
  });
  if (clusters.length > 0) return { clusters: clusters.map((target) => explainCluster(context, target)) };
  const text =
    'Envoy looks the endpoints up in DNS, and such a cluster holds them: there are none for this port';
  return { clusters: [], reason: { code: 'no-endpoints', text } };
}

function isMade(target: ClusterTarget): boolean {
  return target.kind === 'dynamic-forward-proxy' || serviceDiscovery(target) !== undefined;
}

function portReason(fault: OutboundPortFault, service: Service, { protocol }: ServicePort): Reason {
  switch (fault) {
    case 'alias':
      return {
        code: 'alias',
        text: `the service stands for ${service.attributes.externalName ?? 'another one'}: its clusters are those of that host`,
      };
    case 'udp':
      return { code: 'udp', text: 'UDP has no clusters' };
    case 'unnamed-host':
      return {
        code: 'unnamed-host',
        text: `the host is to be looked up when a request names it, which ${protocol} does not`,
      };
  }
}

function explainCluster(context: ProxyContext, target: ClusterTarget): ClusterExplanation {
  const name = targetName(target);
  return {
    name,
    subset: target.subset?.name ?? '',
    kind: finalKind(target),
    kindBy: kindText(target),
    settings: explainSettings(target),
    notes: [...explainNotes(target), ...patchNotes(context, name)],
    tls: explainTls(context, target),
    ...explainEndpoints(context, target),
  };
}

const resolutionTexts: Readonly<Record<Service['resolution'], string>> = {
  ClientSideLB: 'the endpoints are known by address',
  DNSLB: 'the ServiceEntry has resolution DNS',
  DNSRoundRobinLB: 'the ServiceEntry has resolution DNS_ROUND_ROBIN',
  Passthrough: 'the service is headless or a ServiceEntry with resolution NONE',
  DynamicDNS: 'the ServiceEntry has resolution DYNAMIC_DNS',
  Alias: 'the service is an alias',
};

function kindText(target: ClusterTarget): string {
  const { service, view, mode } = target.input;
  if (mode === 'sni-dnat') return 'the gateway passes TLS through to it';
  if (finalKind(target) !== target.kind || target.policy?.loadBalancer?.simple === 'PASSTHROUGH') {
    return `loadBalancer PASSTHROUGH of ${originOf(target, 'loadBalancer')}`;
  }
  if (target.kind === 'logical-dns' && service.attributes.raceFirstTcpConnect === true) {
    return 'the connect-strategy annotation asks for racing connects';
  }
  const text = resolutionTexts[service.resolution];
  return service.resolution === 'Passthrough' && view.type === 'router'
    ? `${text}, and a gateway knows no original destination`
    : text;
}
