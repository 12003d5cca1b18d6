/** What the services that a proxy imports want to have listened to, by its egress listeners (Istio reference 7.3). */
import type { Piecewise } from '../../base/piecewise.js';
import type { IstioEgressListener, SidecarPort } from '../../config/kinds/networking.js';
import { addressForProxy } from '../../mesh/addresses.js';
import { servesPort } from '../../model/endpoint.js';
import { parseIp } from '../../base/ip.js';
import { isTcp, parseProtocol } from '../../model/protocol.js';
import { isKubernetesService, type Service, type ServicePort } from '../../model/service.js';
import { unixPrefix } from '../../model/unix-address.js';
import type { Memo } from '../memo.js';
import type { TranslationProblem } from '../translation.js';
import { loopbackAddresses } from './bind.js';
import { nowhere } from './outbound-chains.js';
import type { OutboundContext } from './outbound-context.js';
import { OutboundEntries, type ListenRequest, type OutboundEntry } from './outbound-entries.js';
import { reservedPort } from './reserved-ports.js';
import type { ListenerPort } from './tcp-routes.js';

/** The listeners in the making, and what could not be one. */
export interface OutboundRequests {
  readonly entries: ReadonlyMap<string, OutboundEntry>;
  /** First addresses of the endpoints of headless services, each of which has listeners of its own. */
  readonly headless: ReadonlySet<string>;
  readonly problems: readonly TranslationProblem[];
}

/**
 * Gathers them, a service at a time.
 *
 * @param ownAddress no listener is made for endpoints of headless services at this address; undefined for nobody's
 */
export function* outboundEntries(
  context: OutboundContext,
  ownAddress: string | undefined,
  memo: Memo,
): Piecewise<OutboundRequests> {
  const gathering = new Gathering(context, ownAddress, memo);
  for (const [index, egress] of context.scope.egress.entries()) {
    const listener = context.scope.sidecar?.spec.egress[index];
    const { port } = listener ?? {};
    const { virtualServices } = egress;
    const base = { ...listenerBind(listener, context, memo), virtualServices };
    if (port === undefined) gathering.entries.lock();
    for (const service of egress.services) {
      if (port === undefined) gathering.addPorts({ ...base, service });
      else gathering.addOwnPort({ ...base, service }, port);
      yield;
    }
  }
  return gathering.result();
}

type ServiceRequest = Omit<ListenRequest, 'port'>;

class Gathering {
  readonly entries: OutboundEntries;
  readonly #context: OutboundContext;
  readonly #ownAddress: string | undefined;
  readonly #memo: Memo;
  readonly #headless = new Set<string>();
  readonly #problems: TranslationProblem[] = [];

  constructor(context: OutboundContext, ownAddress: string | undefined, memo: Memo) {
    this.entries = new OutboundEntries(context, memo);
    this.#context = context;
    this.#ownAddress = ownAddress;
    this.#memo = memo;
  }

  result(): OutboundRequests {
    const { entries, problems } = this.entries;
    return { entries, headless: this.#headless, problems: [...this.#problems, ...problems] };
  }

  /** A listener of a port of its own is for each service that it imports. */
  addOwnPort(request: ServiceRequest, { number, protocol, name }: SidecarPort): void {
    const port = this.#memo.intern<ListenerPort>({ name, port: number, protocol: parseProtocol(protocol) });
    if (this.#canListen(port, request)) this.entries.add({ ...request, port });
  }

  /** A listener without one is for each port of each service. */
  addPorts(request: ServiceRequest): void {
    const { service, binds } = request;
    for (const port of service.ports) {
      if (!this.#canListen(port, request)) continue;
      if (binds.length === 0 && isHeadless(service, port, this.#context)) this.#addEndpoints(request, port);
      else this.entries.add({ ...request, port });
    }
  }

  #canListen(port: ListenerPort, { binds, bindToPort, service }: ServiceRequest): boolean {
    const place = { bind: binds[0] ?? '', port: port.port, protocol: port.protocol, bindToPort };
    const why = reservedPort(place, this.#context.view, this.#context.mesh);
    if (why === undefined) return true;
    this.#problems.push({
      subject: service.hostname,
      message: `there is no listener for port ${port.port}: ${why}`,
    });
    return false;
  }

  /**
   * Clients connect to the endpoints of a headless service themselves, ready or not, so each address has a listener of
   * its own. Without endpoints there is none; only an entry that cannot have any is listened for on all addresses.
   */
  #addEndpoints(request: ServiceRequest, port: ServicePort): void {
    const { service } = request;
    let found = false;
    const { hostname, attributes } = service;
    for (const { endpoints } of this.#context.endpoints.shards(hostname, attributes.namespace)) {
      for (const endpoint of endpoints) {
        if (!servesPort(endpoint, port)) continue;
        found = true;
        const { addresses } = endpoint;
        const [first] = addresses;
        if (first === undefined || first === this.#ownAddress) continue;
        if (!addresses.every((address) => parseIp(address) !== undefined)) continue;
        this.#headless.add(first);
        this.entries.add({ ...request, port, binds: this.#memo.intern(addresses) });
      }
    }
    if (!found && !isKubernetesService(service) && attributes.labelSelectors === undefined)
      this.entries.add({ ...request, port });
  }
}

/** Whether clients look the endpoints of a port up themselves and connect to them. */
function isHeadless(
  service: Service,
  { protocol }: ServicePort,
  { client }: Pick<OutboundContext, 'client'>,
): boolean {
  return (
    service.resolution === 'Passthrough' &&
    (isTcp(protocol) || protocol === 'UnsupportedProtocol') &&
    addressForProxy(service, client) === '0.0.0.0'
  );
}

/** Without interception, and where a Sidecar asks for it, a listener takes the connections of a real port. */
function listenerBind(
  listener: IstioEgressListener | undefined,
  { view }: OutboundContext,
  memo: Memo,
): Pick<ListenRequest, 'binds' | 'bindToPort'> {
  const bind = listener?.bind ?? '';
  const bindToPort =
    view.interceptionMode === 'NONE' || listener?.captureMode === 'NONE' || bind.startsWith(unixPrefix);
  if (bind !== '') return { binds: memo.intern([bind]), bindToPort };
  return { binds: bindToPort ? loopbackAddresses(view.families) : nowhere, bindToPort };
}
