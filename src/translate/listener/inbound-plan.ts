/** Which ports of a workload its sidecar has inbound chains for, and who may connect to them (Istio reference 7.5). */
import type { IstioIngressListener, MutualTlsMode } from '../../config/kinds/networking.js';
import type { ConfigObject } from '../../config/object.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { noLabels } from '../../model/labels.js';
import { parseProtocol, type Protocol } from '../../model/protocol.js';
import type { ServiceTarget } from '../../registry/view.js';
import { patternStatName, type StatNameInput } from '../cluster/stat-name.js';
import { inboundClusterName, inboundPassthroughCluster } from '../names.js';
import type { TranslationProblem } from '../translation.js';
import { mainWildcard, unicastAddress, wildcardAddresses } from './bind.js';
import type { ListenerView } from './listener-view.js';
import { reservedPort, type InterceptionPorts } from './reserved-ports.js';

/** A port of the workload. */
export interface InboundPort {
  /** Number of the workload's port. */
  readonly targetPort: number;
  /** Number of the service's port. */
  readonly servicePort: number;
  readonly protocol: Protocol;
  /** The service, or what stands for it: `name.namespace` of the Sidecar. */
  readonly hostname: string;
  /** Under which name TCP is counted. */
  readonly statPrefix: string;
  /** The first counts. */
  readonly binds: readonly string[];
  readonly bindToPort: boolean;
  readonly mode: MutualTlsMode;
  /** The Sidecar that names the port. */
  readonly sidecar?: { readonly name: string; readonly namespace: string };
}

/** A port that no service has, or all of these. */
export interface PassthroughPort {
  /** 0 for all. */
  readonly targetPort: number;
  /** Under which name TCP is counted. */
  readonly statPrefix: string;
  readonly mode: MutualTlsMode;
}

/** What comes to a workload. Plain JSON, so that equal plans can be made one. */
export interface InboundPlan {
  /** By the numbers of the workload's ports. */
  readonly ports: readonly InboundPort[];
  readonly passthrough: readonly PassthroughPort[];
}

/** The plan of a proxy, and what cannot be in it. */
export function inboundPlan(
  context: ProxyContext,
  view: ListenerView,
): { readonly plan: InboundPlan; readonly problems: readonly TranslationProblem[] } {
  const planner = new Planner(context, view);
  const { sidecar } = context.scope;
  if (sidecar !== undefined && sidecar.spec.ingress.length > 0) {
    for (const listener of sidecar.spec.ingress) planner.addIngress(listener, sidecar);
  } else if (view.interceptionMode !== 'NONE') {
    // The workload itself listens on its ports, so without interception its sidecar cannot.
    for (const target of context.serviceTargets) planner.addTarget(target);
  }
  return planner.result();
}

class Planner {
  readonly #context: ProxyContext;
  readonly #view: ListenerView;
  readonly #ports = new Map<number, InboundPort>();
  readonly #problems: TranslationProblem[] = [];

  constructor(context: ProxyContext, view: ListenerView) {
    this.#context = context;
    this.#view = view;
  }

  addTarget({ service, port, targetPort }: ServiceTarget): void {
    const { mesh } = this.#context.snapshot;
    const binds = wildcardAddresses(this.#view.families);
    this.#add(
      {
        targetPort,
        servicePort: port.port,
        protocol: port.protocol,
        hostname: service.hostname,
        statPrefix: this.#statName(inboundClusterName(targetPort), service, port),
        binds,
        bindToPort: false,
        mode: this.#mode(targetPort),
      },
      mesh,
      binds[0] ?? '',
    );
  }

  addIngress({ port, bind, captureMode }: IstioIngressListener, sidecar: ConfigObject<'Sidecar'>): void {
    const { proxy } = this.#context;
    const { name, namespace } = sidecar.metadata;
    const hostname = `${name}.${namespace}`;
    const unicast = unicastAddress(proxy.ipAddresses);
    const own = unicast === undefined ? wildcardAddresses(this.#view.families) : [unicast];
    const servicePort = { name: port.name, port: port.number };
    const clusterName = inboundClusterName(port.number);
    this.#add(
      {
        targetPort: port.number,
        servicePort: port.number,
        protocol: parseProtocol(port.protocol),
        hostname,
        statPrefix: this.#statName(clusterName, standInService(hostname, namespace), servicePort),
        binds: bind === '' ? own : [bind],
        bindToPort:
          captureMode === 'NONE' || (captureMode === 'DEFAULT' && proxy.interceptionMode === 'NONE'),
        mode: this.#mode(port.number),
        sidecar: { name, namespace },
      },
      undefined,
      bind,
    );
  }

  result(): { readonly plan: InboundPlan; readonly problems: readonly TranslationProblem[] } {
    const ports = [...this.#ports.values()].sort((a, b) => a.targetPort - b.targetPort);
    return { plan: { ports, passthrough: this.#passthrough() }, problems: this.#problems };
  }

  /** The first one for a port counts: the oldest service. */
  #add(port: InboundPort, reserved: InterceptionPorts | undefined, bind: string): void {
    const { targetPort, protocol, bindToPort, hostname } = port;
    const why = reservedPort({ bind, port: targetPort, protocol, bindToPort }, this.#view, reserved);
    const first = this.#ports.get(targetPort);
    if (why !== undefined) this.#refuse(hostname, targetPort, why);
    else if (first === undefined) this.#ports.set(targetPort, port);
    else if (first.protocol !== protocol && first.hostname !== hostname)
      this.#refuse(hostname, targetPort, `${first.hostname} has it as ${first.protocol}`);
  }

  #refuse(subject: string, port: number, why: string): void {
    this.#problems.push({ subject, message: `its port ${port} of the workload has no listener: ${why}` });
  }

  #mode(port: number): MutualTlsMode {
    const { snapshot, proxy, labels } = this.#context;
    return snapshot.peerAuthentications.workloadMode(proxy.namespace, labels, port);
  }

  /** All other ports, and each of them that has a mode of its own. */
  #passthrough(): readonly PassthroughPort[] {
    const { scope, snapshot, serviceTargets, proxy, labels } = this.#context;
    const ingress = scope.sidecar?.spec.ingress ?? [];
    const known = new Set(
      ingress.length > 0
        ? ingress.map(({ port }) => port.number)
        : serviceTargets.map(({ targetPort }) => targetPort),
    );
    const own = snapshot.peerAuthentications.workloadPorts(proxy.namespace, labels);
    const statPrefix = this.#statName(inboundPassthroughCluster, standInService('', ''), {
      name: 'virtualInbound',
      port: 0,
    });
    return [0, ...own.filter((port) => !known.has(port))].map((targetPort) => ({
      targetPort,
      statPrefix,
      mode: this.#mode(targetPort),
    }));
  }

  /** By the mesh's pattern, if it has one. Istio leaves the word for the workload's port as it is here. */
  #statName(clusterName: string, service: StatNameInput['service'], port: StatNameInput['port']): string {
    const pattern = this.#context.snapshot.mesh.inboundClusterStatName;
    if (pattern === '') return clusterName;
    const kept = '%TARGET_PORT%';
    return pattern
      .split(kept)
      .map((part) => patternStatName(part, { service, port, subset: '', targetPort: 0 }))
      .join(kept);
  }
}

/** What stands for the service of a port that no service has. */
function standInService(hostname: string, namespace: string): StatNameInput['service'] {
  const attributes = { name: hostname, namespace, provider: 'External', objectName: hostname };
  return { hostname, attributes: { ...attributes, labels: noLabels, exportTo: [] } };
}

/** The wildcard that names chains of a proxy's own ports. */
export function inboundBind(view: ListenerView, { binds }: InboundPort): string {
  return binds[0] ?? mainWildcard(view.families);
}
