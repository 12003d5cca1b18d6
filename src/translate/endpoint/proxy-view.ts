/**
 * What of a proxy can matter for the endpoints of one cluster (Istio reference 6.9), and nothing else, so that most
 * proxies share one view of most clusters and with it the encoded answer.
 */
import type { Labels } from '../../model/labels.js';
import type { IpFamilies } from '../../model/proxy.js';
import type { Service } from '../../model/service.js';
import type { NetworkIndex, ProxyContext } from '../../mesh/snapshot.js';
import { templateHashLabels } from './filters.js';
import type { ProxyPlace } from './locality-lb/apply.js';
import { priorityLabelName } from './locality-lb/failover-priority.js';
import type { LocalityLbAction } from './locality-lb/settings.js';
import { networksMatter, type EndpointUse } from './networks.js';

/** A proxy as the endpoints of one cluster see it. What does not matter to them is absent. */
export interface ProxyView extends ProxyPlace {
  /** Cluster id, for services that only have endpoints of the proxy's cluster. */
  readonly cluster?: string;
  /** Node, for services that only have endpoints of the proxy's node. */
  readonly nodeName?: string;
  /** Networks whose endpoints it wants to see, when it does not want all. */
  readonly networkView?: readonly string[];
  /** How it stands to gateways between networks, when there are any. */
  readonly gateways?: GatewayClient;
  /** It cannot use tunnels. */
  readonly withoutTunnels?: true;
  /**
   * Clusters that hold their endpoints have none without an address. Istio's do (an entry that is reached through its
   * network alone, where there is no gateway to it), and Envoy refuses these and all others with them.
   */
  readonly withAddressOnly?: true;
  /** Whose siblings are asked for: only for `local_cluster`. */
  readonly self?: SelfView;
}

/** A proxy as a client of gateways between networks (Istio reference 6.7). */
export interface GatewayClient {
  readonly network: string;
  readonly families: IpFamilies;
  /** Sidecars cannot use gateways that only speak HBONE. */
  readonly sidecar: boolean;
}

/** What makes a workload a sibling of the proxy's own (Istio reference 6.2). */
export interface SelfView {
  readonly workloadName: string;
  readonly region: string;
  /** Values of the labels that tell one generation of a workload from another. */
  readonly templateHashes: readonly string[];
}

/** What can matter of the service and the mesh. */
export interface ViewOf {
  readonly service: Service;
  readonly clusterLocal: boolean;
  readonly networks: NetworkIndex;
  readonly use: EndpointUse;
  readonly action: LocalityLbAction | undefined;
  /** Whether the proxy asks for its own siblings. */
  readonly self: boolean;
}

/** The view of a cluster to which nothing of the proxy matters. */
export const anyProxy: ProxyView = Object.freeze({});

/** The view that a proxy has of a cluster's endpoints. */
export function proxyView(context: ProxyContext, of: ViewOf): ProxyView {
  const { proxy } = context;
  const nodeLocal = of.service.attributes.nodeLocal === true;
  const ownCluster = of.clusterLocal || nodeLocal;
  const hasNetworkView = proxy.requestedNetworkView.length > 0;
  const behindGateways = networksMatter(of.networks, of.use);
  const withoutTunnels = proxy.dialect === 'grpc' || trueTexts.has(proxy.metadata['DISABLE_HBONE_SEND']);
  const withAddressOnly = proxy.dialect === 'plain' && of.use === 'dns';
  const isPlaced = of.action !== undefined || of.self;
  if (!ownCluster && !hasNetworkView && !behindGateways && !withoutTunnels && !withAddressOnly && !isPlaced)
    return anyProxy;
  return {
    ...(ownCluster && { cluster: proxy.clusterId }),
    ...(nodeLocal && { nodeName: proxy.nodeName }),
    ...(hasNetworkView && { networkView: proxy.requestedNetworkView }),
    ...(behindGateways && { gateways: gatewayClient(context) }),
    ...(withoutTunnels && { withoutTunnels }),
    ...(withAddressOnly && { withAddressOnly }),
    ...placeFor(context, of.action),
    ...(of.self && { self: selfView(context) }),
  };
}

const trueTexts: ReadonlySet<unknown> = new Set([true, '1', 't', 'T', 'true', 'TRUE', 'True']);

function gatewayClient({ proxy, families }: ProxyContext): GatewayClient {
  return { network: proxy.network, families, sidecar: proxy.type === 'sidecar' };
}

function placeFor({ locality, labels }: ProxyContext, action: LocalityLbAction | undefined): ProxyPlace {
  if (action === undefined) return {};
  if (action.kind === 'distribute') return { locality };
  const ranked = action.labels.length > 0 && Object.keys(labels).length > 0;
  return {
    ...(action.regions !== undefined && { locality }),
    ...(ranked && { labels: pickLabels(labels, action.labels) }),
  };
}

/** The labels that `failoverPriority` names. */
function pickLabels(labels: Labels, failoverPriority: readonly string[]): Labels {
  const picked: Record<string, string> = {};
  for (const name of failoverPriority.map(priorityLabelName)) {
    if (Object.hasOwn(labels, name)) picked[name] = labels[name] ?? '';
  }
  return picked;
}

function selfView({ proxy, labels, locality }: ProxyContext): SelfView {
  const workloadName = proxy.metadata['WORKLOAD_NAME'];
  return {
    workloadName: typeof workloadName === 'string' ? workloadName : '',
    region: locality.region,
    templateHashes: templateHashLabels.map((name) => labels[name] ?? ''),
  };
}

/** A view as text: equal for equal views, and empty for that of any proxy. */
export function viewKey(view: ProxyView): string {
  for (const _ in view) return JSON.stringify(view);
  return '';
}
