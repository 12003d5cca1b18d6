/**
 * Outbound listeners in the making: what services want of an address and port, put together or refused where they
 * differ (Istio reference 7.3).
 */
import type { Protocol } from '../../model/protocol.js';
import { isHttp, isTcp } from '../../model/protocol.js';
import type { Service } from '../../model/service.js';
import type { Memo } from '../memo.js';
import type { TranslationProblem } from '../translation.js';
import { listenerName, mainWildcard, wildcardAddresses } from './bind.js';
import { sameConditions } from './chain-match.js';
import {
  listenerProtocol,
  nowhere,
  outboundHttpChain,
  outboundTcpChains,
  serviceBind,
  type ChainTarget,
  type OutboundChain,
} from './outbound-chains.js';
import type { OutboundContext } from './outbound-context.js';
import type { ListenerPort } from './tcp-routes.js';

/** An address and port, and the chains that are on it. */
export interface OutboundEntry {
  readonly port: number;
  /** The first counts. One list for equal content. */
  readonly binds: readonly string[];
  readonly bindToPort: boolean;
  readonly chains: readonly OutboundChain[];
}

interface EntryState extends OutboundEntry {
  protocol: Protocol;
  chains: readonly OutboundChain[];
  /** Hosts that have a chain or routes there. */
  readonly hosts: Set<string>;
  /** Of a listener that a Sidecar names: what is for all ports adds nothing to it. */
  locked: boolean;
}

/** What a service wants to have listened to. */
export interface ListenRequest {
  readonly service: Service;
  readonly port: ListenerPort;
  /** Empty where the service's own addresses count. One list for equal content. */
  readonly binds: readonly string[];
  readonly bindToPort: boolean;
  readonly virtualServices: ChainTarget['virtualServices'];
}

/** The listeners of one group of proxies. */
export class OutboundEntries {
  readonly #context: OutboundContext;
  readonly #memo: Memo;
  readonly #entries = new Map<string, EntryState>();
  readonly #problems: TranslationProblem[] = [];

  constructor(context: OutboundContext, memo: Memo) {
    this.#context = context;
    this.#memo = memo;
  }

  get entries(): ReadonlyMap<string, OutboundEntry> {
    return this.#entries;
  }

  get problems(): readonly TranslationProblem[] {
    return this.#problems;
  }

  /** From now on nothing is added to what there is already. */
  lock(): void {
    for (const entry of this.#entries.values()) entry.locked = true;
  }

  /** Adds what a service wants on a port. */
  add(request: ListenRequest): void {
    const { service, port } = request;
    const kind = listenerProtocol(port.protocol);
    if (service.resolution === 'Alias' || kind === undefined) return;
    if (kind === 'http') this.#addHttp(request);
    else this.#addTcp(request, kind);
  }

  #addHttp(request: ListenRequest): void {
    const { port, service } = request;
    const { families } = this.#context.view;
    const binds = request.binds.length > 0 ? request.binds : wildcardAddresses(families);
    const [bind = ''] = binds;
    const name = listenerName(bind, port.port);
    const current = this.#entries.get(name);
    if (current?.locked === true) return;
    const target = { service, port, bind };
    if (port.protocol === 'HTTP_PROXY') {
      const chain = outboundHttpChain(target, this.#context, 'all', this.#memo);
      this.#set(name, request, binds, port.protocol, [chain]);
      return;
    }
    // All services with HTTP on a port share its listener: their routes tell them apart.
    if (current !== undefined && !isTcp(current.protocol)) return;
    const sharesWildcard = bind === mainWildcard(families);
    const match = sharesWildcard ? 'plain-http' : 'all';
    const chains = [outboundHttpChain(target, this.#context, match, this.#memo)];
    if (current !== undefined) this.#merge(name, current, chains, request, 'UnsupportedProtocol');
    else this.#set(name, request, binds, sharesWildcard ? 'UnsupportedProtocol' : port.protocol, chains);
  }

  #addTcp(request: ListenRequest, kind: 'tcp' | 'sniffed'): void {
    const { port, service, virtualServices } = request;
    const { binds, destinations } =
      request.binds.length > 0
        ? { binds: request.binds, destinations: nowhere }
        : serviceBind(service, this.#context, this.#memo);
    const [bind = ''] = binds;
    const name = listenerName(bind, port.port);
    const current = this.#entries.get(name);
    if (current?.locked === true) return;
    const wasSniffed = current !== undefined && !isHttp(current.protocol) && !isTcp(current.protocol);
    if (kind === 'sniffed' && wasSniffed) return;
    const target: ChainTarget = { service, port, bind, destinations, virtualServices };
    const chains: readonly OutboundChain[] = outboundTcpChains(target, this.#context, this.#memo);
    const all =
      kind === 'tcp'
        ? chains
        : [...chains, outboundHttpChain(target, this.#context, 'plain-http', this.#memo)];
    if (current === undefined || (kind === 'sniffed' && isHttp(current.protocol))) {
      if (current === undefined || this.#mayShare(name, current, port, service))
        this.#set(name, request, binds, port.protocol, all);
      return;
    }
    const mixes = kind === 'sniffed' || isHttp(current.protocol);
    this.#merge(name, current, all, request, mixes ? 'UnsupportedProtocol' : current.protocol);
  }

  #set(
    name: string,
    { port, bindToPort, service }: ListenRequest,
    binds: readonly string[],
    protocol: Protocol,
    chains: readonly OutboundChain[],
  ): void {
    const hosts = new Set([service.hostname]);
    this.#entries.set(name, { port: port.port, binds, bindToPort, protocol, chains, hosts, locked: false });
  }

  /** Adds the chains that are for other connections than those that are there. */
  #merge(
    name: string,
    current: EntryState,
    chains: readonly OutboundChain[],
    { port, service }: ListenRequest,
    protocol: Protocol,
  ): void {
    if (!this.#mayShare(name, current, port, service)) return;
    const merged = [...current.chains];
    for (const chain of chains) {
      if (merged.every((known) => !sameConditions(known, chain))) merged.push(chain);
      else if (!current.hosts.has(service.hostname))
        this.#refuse(name, service, port, 'another service takes the same connections');
    }
    current.hosts.add(service.hostname);
    current.chains = merged;
    current.protocol = protocol;
  }

  /** Where servers speak first, nothing can be found out by looking. */
  #mayShare(name: string, current: EntryState, port: ListenerPort, service: Service): boolean {
    const alone = serverFirst.has(port.protocol) || serverFirst.has(current.protocol);
    if (!alone || port.protocol === current.protocol) return true;
    this.#refuse(name, service, port, `${port.protocol} and ${current.protocol} cannot share a listener`);
    return false;
  }

  #refuse(name: string, { hostname }: Service, { port }: ListenerPort, why: string): void {
    this.#problems.push({
      subject: name,
      message: `port ${port} of ${hostname} is left out of the listener: ${why}`,
    });
  }
}

const serverFirst: ReadonlySet<Protocol> = new Set(['Mongo', 'MySQL']);
