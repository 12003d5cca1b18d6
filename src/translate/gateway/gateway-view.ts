/** What of a router matters for its listeners, and nothing else, so that routers that are alike share them. */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ProxyContext, SidecarScope, Snapshot } from '../../mesh/snapshot.js';
import { noLabels, type Labels } from '../../model/labels.js';
import { clusterView } from '../cluster/cluster-view.js';
import { asEnum, asNumber, asObject } from '../listener/json-values.js';
import { listenerExtras, type ListenerExtras } from '../listener/extras.js';
import { clientCertificateModes, type ClientCertificateMode } from '../listener/http-settings.js';
import { listenerView, type ListenerView } from '../listener/listener-view.js';
import { selectClients } from '../listener/outbound-context.js';
import type { Memo } from '../memo.js';
import { clusterOf, providerClusters, type ProviderCluster } from '../provider-clusters.js';
import { proxyConfigValue } from '../proxy-headers.js';
import { edgeSettings } from './edge-settings.js';
import type { MergedServers } from './merged-servers.js';
import { routerServers } from './router-servers.js';

/** A router as its listeners see it. Plain JSON, so that equal views can be made one. */
export interface RouterView extends ListenerView {
  readonly namespace: string;
  /** Empty where no rule is for clients with certain labels. */
  readonly labels: Labels;
  readonly topology: GatewayTopology;
  /** Whether the platform gives the proxy secrets over a socket. */
  readonly credentialSocket: boolean;
  /** Where secrets come from that have their own server; undefined without one. */
  readonly secretServer?: ProviderCluster | 'unknown';
}

/** `gatewayTopology`: what stands between clients and the gateway. */
export interface GatewayTopology {
  readonly trustedProxies: number;
  readonly clientCertificates: ClientCertificateMode;
  /** Load balancers say first from where a connection comes. */
  readonly proxyProtocol: boolean;
}

/** What a router shares with those that are like it; each part is the same object for equal content. */
export interface GatewayView {
  readonly servers: MergedServers;
  readonly view: RouterView;
  readonly extras: ListenerExtras;
}

/** All that the listeners of a router depend on. */
export interface GatewayContext extends GatewayView {
  readonly mesh: MeshConfig;
  readonly scope: SidecarScope;
  readonly destinationRules: Snapshot['destinationRules'];
  readonly virtualServices: Snapshot['virtualServices'];
  /** Ranges of addresses of the mesh's networks. */
  readonly ranges: readonly string[];
}

/** The view of a router: one object for all that have the same. */
export function gatewayView(context: ProxyContext, memo: Memo): GatewayView {
  const parts: GatewayView = {
    servers: routerServers(context, memo),
    view: memo.intern(routerView(context, memo)),
    extras: listenerExtras(context, 'gateway', memo),
  };
  return memo.group('gateway views').compute('', parts, (view) => view);
}

/** What a view comes to in a snapshot. */
export function gatewayContext({ snapshot, scope }: ProxyContext, view: GatewayView): GatewayContext {
  const { mesh, destinationRules, virtualServices, networks } = snapshot;
  return { ...view, mesh, scope, destinationRules, virtualServices, ranges: networks.ranges };
}

function routerView(context: ProxyContext, memo: Memo): RouterView {
  const { proxy, snapshot, labels } = context;
  const view = listenerView(context);
  const secretServer = secretServerOf(context, memo);
  return {
    ...view,
    http: { ...view.http, connection: edgeSettings(view.http.connection) },
    namespace: proxy.namespace,
    labels: selectClients(snapshot.destinationRules) ? labels : noLabels,
    topology: gatewayTopology(context),
    credentialSocket: clusterView(context).credentialSocket,
    ...(secretServer !== undefined && { secretServer }),
  };
}

/** The first provider counts. */
function secretServerOf({ snapshot }: ProxyContext, memo: Memo): RouterView['secretServer'] {
  const provider = snapshot.mesh.extensionProviders.find(({ sds }) => sds !== undefined)?.sds;
  if (provider === undefined) return undefined;
  return clusterOf(providerClusters(snapshot, memo), provider) ?? 'unknown';
}

function gatewayTopology({ proxy, snapshot }: ProxyContext): GatewayTopology {
  const value = (name: string): unknown => proxyConfigValue(proxy, snapshot.mesh, 'gatewayTopology', name);
  return {
    trustedProxies: asNumber(value('numTrustedProxies')),
    clientCertificates: asEnum(value('forwardClientCertDetails'), clientCertificateModes),
    proxyProtocol: asObject(value('proxyProtocol')) !== undefined,
  };
}
