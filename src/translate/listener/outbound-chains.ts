/** The filter chains of one port of a service, before listeners are put together of them (Istio reference 7.3). */
import type { ConfigObject } from '../../config/object.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';
import { addressForProxy, extraAddressesForProxy } from '../../mesh/addresses.js';
import { isWildcard } from '../../model/host.js';
import { isHttp, isTcp, type Protocol } from '../../model/protocol.js';
import { isKubernetesService, type Service } from '../../model/service.js';
import { listFields, listOf, type ListFields } from '../list-fields.js';
import type { Memo } from '../memo.js';
import { derivedDomains } from '../route/virtual-host-domains.js';
import { mainWildcard, wildcardAddresses } from './bind.js';
import { anyConnection, plainHttp, type ChainConditions } from './chain-match.js';
import type { OutboundContext } from './outbound-context.js';
import {
  destinationFilters,
  serviceFilters,
  type ListenerPort,
  type TcpContext,
  type TcpDestinations,
} from './tcp-routes.js';
import {
  layer4VirtualServices,
  meshGateways,
  passesTls,
  tcpChains,
  tlsChains,
  virtualServicesOf,
  type TcpChain,
} from './virtual-service-chains.js';

/** A filter chain that speaks HTTP. One object for equal content. */
export interface HttpChain extends ChainConditions {
  readonly kind: 'http';
  /** The name of the routes that are asked for. */
  readonly routeName: string;
  readonly grpcWeb: boolean;
  /** The wildcard host whose hosts are looked up as requests name them; empty for none. */
  readonly lookedUpHost: string;
  /** Clients know that they speak to a proxy, and name whole URLs. */
  readonly explicitProxy: boolean;
}

/** A filter chain of an outbound listener. */
export type OutboundChain = TcpChain | HttpChain;

/** How a listener treats a protocol: `sniffed` is found out by looking; undefined for what has no listener. */
export type ListenerProtocol = 'http' | 'tcp' | 'sniffed';

/** How listeners treat a protocol. */
export function listenerProtocol(protocol: Protocol): ListenerProtocol | undefined {
  if (isHttp(protocol)) return 'http';
  if (isTcp(protocol)) return 'tcp';
  return protocol === 'UDP' ? undefined : 'sniffed';
}

/** Where the listener of a service's port listens; the same object as long as it is the same. */
export interface ServiceBind {
  /** The service's own, or a range of them; empty for none. */
  readonly address: string;
  /** The first counts; none for a service without any address. */
  readonly binds: readonly string[];
  /** Ranges that the service has for an address. */
  readonly destinations: readonly string[];
}

/**
 * Where TCP for a service is listened for: on its addresses; for a range, on all addresses with a condition. An entry
 * without an address is on all addresses of the proxy's families.
 */
export function serviceBind(
  service: Service,
  { view, client }: Pick<OutboundContext, 'view' | 'client'>,
  memo: Memo,
): ServiceBind {
  return memo.group('service binds').compute(service.hostname, { service, view, client }, findBind);
}

interface BindInput extends Pick<OutboundContext, 'view' | 'client'> {
  readonly service: Service;
}

function findBind({ service, view, client }: BindInput): ServiceBind {
  const { ipv4, ipv6 } = view.families;
  const unspecified = !isKubernetesService(service) && ipv6;
  const own = addressForProxy(service, client);
  const address = unspecified && !ipv4 && own === '0.0.0.0' ? '::' : own;
  const others = [
    ...extraAddressesForProxy(service, client),
    ...(unspecified && ipv4 && own === '0.0.0.0' ? ['::'] : []),
  ];
  if (address === '') return { address, binds: [], destinations: nowhere };
  return address.includes('/')
    ? { address, binds: wildcardAddresses(view.families), destinations: [address, ...others] }
    : { address, binds: [address, ...others], destinations: nowhere };
}

/** No range of addresses. */
export const nowhere: readonly string[] = Object.freeze([]);

/** A port of a service on a listener. */
export interface ChainTarget {
  readonly service: Service;
  readonly port: ListenerPort;
  /** Where the listener listens first; empty for nowhere. */
  readonly bind: string;
  readonly destinations: readonly string[];
  /** What the listener imports. */
  readonly virtualServices: readonly ConfigObject<'VirtualService'>[];
}

/** The VirtualServices for the host stand in it by their places. */
interface ChainsInput
  extends
    Omit<OutboundContext, 'scope' | 'destinationRules' | 'endpoints'>,
    ListFields<ConfigObject<'VirtualService'>> {
  readonly service: Service;
  readonly port: ListenerPort;
  readonly rule: MergedDestinationRule | undefined;
  readonly destinations: readonly string[];
  readonly namesServer: boolean;
  /** Only where VirtualServices may lead elsewhere. */
  readonly scope: OutboundContext['scope'] | undefined;
  readonly destinationRules: OutboundContext['destinationRules'] | undefined;
}

const noVirtualServices: readonly ConfigObject<'VirtualService'>[] = [];

/** The chains for TCP; the same objects for what is the same. */
export function outboundTcpChains(
  target: ChainTarget,
  context: OutboundContext,
  memo: Memo,
): readonly TcpChain[] {
  const { service, port } = target;
  const { view, client, extras, mesh, scope, destinationRules } = context;
  const layer4 = layer4VirtualServices(target.virtualServices);
  const own = layer4.length === 0 ? noVirtualServices : virtualServicesOf(service.hostname, layer4);
  const led = own.length > 0;
  const input: ChainsInput = {
    view,
    client,
    extras,
    mesh,
    service,
    port,
    rule: destinationRules.forOutbound(service, client.namespace, client.labels),
    destinations: target.destinations,
    namesServer: passesTls(port) && namesServer(target, context, memo),
    ...listFields(own),
    scope: led ? scope : undefined,
    destinationRules: led ? destinationRules : undefined,
  };
  return memo.group('outbound tcp chains').compute(`${service.hostname} ${port.port}`, input, buildTcpChains);
}

/** Whether nothing but the name in TLS tells connections to a service from those to others. */
function namesServer(
  { service, bind, destinations }: ChainTarget,
  context: Pick<OutboundContext, 'view' | 'client'>,
  memo: Memo,
): boolean {
  const { address } = serviceBind(service, context, memo);
  const wildcard = mainWildcard(context.view.families);
  return (
    destinations.length > 0 ||
    address === '' ||
    address.includes('/') ||
    (address === wildcard && bind === wildcard) ||
    isLookedUp(service)
  );
}

/** Whether hosts of a service are only known when clients name them. */
function isLookedUp({ resolution, hostname }: Service): boolean {
  return resolution === 'DynamicDNS' && isWildcard(hostname);
}

function buildTcpChains(input: ChainsInput): readonly TcpChain[] {
  const { service, port, destinations, client } = input;
  const virtualServices = listOf(input);
  const context: TcpContext = {
    mesh: input.mesh,
    families: input.view.families,
    idleTimeout: input.view.http.idleTimeout,
    extras: input.extras,
  };
  const lookup = destinationsOf(input);
  const settings = {
    port,
    destinations,
    gateways: meshGateways,
    labels: client.labels,
    namespace: client.namespace,
    filters: (
      routes: Parameters<typeof destinationFilters>[0],
      metadata: Parameters<typeof destinationFilters>[2],
    ) => destinationFilters(routes, port, metadata, lookup, context),
  };
  const whole = (): TcpChain => ({
    ...anyConnection,
    kind: 'tcp',
    destinations,
    serverNames: input.namesServer ? serverNames(service, client.dnsDomain) : [],
    filters: serviceFilters(input, context),
  });
  if (passesTls(port)) {
    const chains = tlsChains(virtualServices, settings);
    return chains.length > 0 ? chains : [whole()];
  }
  const { chains, complete } = tcpChains(virtualServices, settings);
  return complete ? chains : [...chains, whole()];
}

function destinationsOf({ scope, destinationRules, client }: ChainsInput): TcpDestinations {
  return {
    service: (hostname) => scope?.service(hostname),
    rule: (service) => destinationRules?.forOutbound(service, client.namespace, client.labels),
  };
}

/** The names by which TLS clients may ask for a service: its own, and those that stand for it. */
function serverNames({ hostname, attributes }: Service, dnsDomain: string): readonly string[] {
  const aliases = (attributes.aliases ?? []).flatMap((alias) => [
    alias.hostname,
    ...derivedDomains(alias.hostname, undefined, dnsDomain),
  ]);
  return [hostname, ...aliases];
}

/** The chain for HTTP; the same object for what is the same. A chain for some connections only leaves room for others. */
export function outboundHttpChain(
  { service, port, bind }: Pick<ChainTarget, 'service' | 'port' | 'bind'>,
  { view }: Pick<OutboundContext, 'view'>,
  match: 'all' | 'plain-http',
  memo: Memo,
): HttpChain {
  const sniffsOwn = listenerProtocol(port.protocol) === 'sniffed' && bind !== mainWildcard(view.families);
  const ofPort = sniffsOwn ? `${service.hostname}:${port.port}` : String(port.port);
  const routeName = port.port === 0 ? bind : ofPort;
  const grpcWeb = port.protocol === 'GRPC-Web';
  const lookedUpHost = isLookedUp(service) ? service.hostname : '';
  return memo
    .group('outbound http chains')
    .compute(routeName, { routeName, grpcWeb, lookedUpHost, match }, buildHttpChain);
}

interface HttpChainInput extends Pick<HttpChain, 'routeName' | 'grpcWeb' | 'lookedUpHost'> {
  readonly match: 'all' | 'plain-http';
}

function buildHttpChain({ match, ...fields }: HttpChainInput): HttpChain {
  const conditions = match === 'all' ? anyConnection : plainHttp;
  return { ...conditions, kind: 'http', ...fields, explicitProxy: false };
}
