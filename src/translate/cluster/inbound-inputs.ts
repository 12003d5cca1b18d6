/** Which inbound clusters a sidecar has: those of its services, or of its Sidecar's ingress (Istio reference 5.9). */
import type { IstioIngressListener } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import type { MergedDestinationRule, ProxyContext } from '../../mesh/snapshot.js';
import { noLabels } from '../../model/labels.js';
import { parseProtocol } from '../../model/protocol.js';
import type { Service } from '../../model/service.js';
import type { ServiceTarget } from '../../registry/view.js';
import type { Memo } from '../memo.js';
import { inboundClusterName } from '../names.js';
import type { TranslationProblem } from '../translation.js';
import { isIpv6Only, type ClusterView } from './cluster-view.js';
import type { InboundInput } from './inbound.js';
import { ingressEndpoint, loopbackAddress, type InboundEndpoint } from './ingress-endpoint.js';

type ServiceIdentity = Pick<Service, 'hostname' | 'attributes'>;

/** Inputs of inbound clusters, and listeners of which none can be made. */
export interface InboundInputs {
  readonly inputs: readonly InboundInput[];
  readonly problems: readonly TranslationProblem[];
}

/** Gathers what each inbound cluster depends on. */
export function inboundInputs(context: ProxyContext, view: ClusterView, memo: Memo): InboundInputs {
  const { sidecar } = context.scope;
  if (sidecar !== undefined && sidecar.spec.ingress.length > 0)
    return ofIngress(context, sidecar, view, memo);
  if (context.proxy.interceptionMode === 'NONE') return { inputs: [], problems: [] };
  return { inputs: ofServices(context, view, memo), problems: [] };
}

/** One cluster for each port of the workload; the first service that uses it decides how it is spoken to. */
function ofServices(context: ProxyContext, view: ClusterView, memo: Memo): readonly InboundInput[] {
  const { mesh } = context.snapshot;
  const sidecar = context.scope.sidecar?.spec;
  const localhost = mesh.inboundTrafficPolicy === 'LOCALHOST';
  return [...byTargetPort(context.serviceTargets)].map(([targetPort, [first, ...others]]) => {
    const { service, port } = first;
    const sharing = [first, ...others].filter((other) => other.port.port === port.port);
    const endpoint: InboundEndpoint = localhost
      ? { kind: 'address', address: loopbackAddress(isIpv6Only(view.families)), port: targetPort }
      : { kind: 'original' };
    return {
      mesh,
      view,
      service,
      portName: port.name,
      servicePort: port.port,
      protocol: port.protocol,
      targetPort,
      external: service.meshExternal,
      services: sameList(uniqueHosts(sharing.map((target) => target.service)), memo),
      rule: inboundRule(context, service.hostname),
      sidecarPool: sidecar?.inboundConnectionPool,
      endpoint: memo.intern(endpoint),
    };
  });
}

/** The rule for what a service receives: that of the service as the proxy's scope sees it, if it does. */
function inboundRule(
  { scope, snapshot, proxy }: ProxyContext,
  hostname: string,
): MergedDestinationRule | undefined {
  const seen = scope.service(hostname);
  return seen === undefined ? undefined : snapshot.destinationRules.forInbound(seen, proxy.namespace);
}

function byTargetPort(targets: readonly ServiceTarget[]): Map<number, [ServiceTarget, ...ServiceTarget[]]> {
  const ports = new Map<number, [ServiceTarget, ...ServiceTarget[]]>();
  for (const target of targets) {
    const others = ports.get(target.targetPort);
    if (others === undefined) ports.set(target.targetPort, [target]);
    else others.push(target);
  }
  return ports;
}

function uniqueHosts(services: readonly Service[]): readonly Service[] {
  const seen = new Set<string>();
  return services.filter(({ hostname }) => !seen.has(hostname) && seen.add(hostname));
}

/** The same list for the same services, so that it can be a field of an input. */
function sameList(services: readonly Service[], memo: Memo): readonly Service[] {
  const key = services.map(({ hostname }) => hostname).join(' ');
  const byIndex: Readonly<Record<string, Service>> = Object.fromEntries(services.entries());
  return memo.group('lists of services').compute(key, byIndex, (input) => Object.values(input));
}

function ofIngress(
  context: ProxyContext,
  sidecar: ConfigObject<'Sidecar'>,
  view: ClusterView,
  memo: Memo,
): InboundInputs {
  const { proxy } = context;
  const inputs: InboundInput[] = [];
  const problems: TranslationProblem[] = [];
  for (const listener of sidecar.spec.ingress) {
    const endpoint = ingressEndpoint(listener.defaultEndpoint, proxy.ipAddresses);
    if (endpoint === undefined) {
      const message = `the listener has no cluster: its defaultEndpoint "${listener.defaultEndpoint}" is not host:port or unix://path`;
      problems.push({ subject: inboundClusterName(listener.port.number), message });
    } else {
      inputs.push(ingressInput(context, sidecar, listener, { view, endpoint: memo.intern(endpoint) }, memo));
    }
  }
  return { inputs, problems };
}

function ingressInput(
  context: ProxyContext,
  sidecar: ConfigObject<'Sidecar'>,
  { port, connectionPool }: IstioIngressListener,
  resolved: Pick<InboundInput, 'view' | 'endpoint'>,
  memo: Memo,
): InboundInput {
  const { mesh } = context.snapshot;
  const service = context.serviceTargets.find(({ targetPort }) => targetPort === port.number)?.service;
  const standIn = service ?? standInService(sidecar, memo);
  return {
    ...resolved,
    mesh,
    service: standIn,
    portName: port.name,
    servicePort: port.number,
    protocol: parseProtocol(port.protocol),
    targetPort: port.number,
    external: service?.meshExternal === true,
    services: sameList(service === undefined ? [] : [service], memo),
    rule: inboundRule(context, standIn.hostname),
    sidecarPool: connectionPool ?? sidecar.spec.inboundConnectionPool,
  };
}

/** What stands for the service of a port that no service has: the Sidecar itself, as `name.namespace`. */
function standInService({ metadata }: ConfigObject<'Sidecar'>, memo: Memo): ServiceIdentity {
  const hostname = `${metadata.name}.${metadata.namespace}`;
  return memo.intern({
    hostname,
    attributes: {
      name: hostname,
      namespace: metadata.namespace,
      provider: 'External',
      objectName: metadata.name,
      labels: noLabels,
      exportTo: [],
    },
  });
}
