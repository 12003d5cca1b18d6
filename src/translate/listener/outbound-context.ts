/** What the outbound listeners of proxies depend on: all that are alike in it have the same ones. */
import type { MeshConfig } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { ProxyContext, SidecarScope, Snapshot } from '../../mesh/snapshot.js';
import { addressesOfFamilies, type AddressClient } from '../../mesh/addresses.js';
import { noLabels, type Labels } from '../../model/labels.js';
import type { Memo } from '../memo.js';
import { listenerExtras, type ListenerExtras } from './extras.js';
import { listenerView, type ListenerView } from './listener-view.js';
import { layer4VirtualServices } from './virtual-service-chains.js';

/** Who connects: plain JSON, so that equal ones can be made one. */
export interface OutboundClient extends AddressClient {
  readonly namespace: string;
  /** Empty where no rule is for clients with certain labels. */
  readonly labels: Labels;
  readonly dnsDomain: string;
}

/** What a proxy shares with those that are like it; each part is the same object for equal content. */
export interface OutboundView {
  readonly view: ListenerView;
  readonly client: OutboundClient;
  readonly extras: ListenerExtras;
}

/** All that outbound listeners depend on. */
export interface OutboundContext extends OutboundView {
  readonly mesh: MeshConfig;
  readonly scope: SidecarScope;
  readonly destinationRules: Snapshot['destinationRules'];
  readonly endpoints: Snapshot['endpoints'];
}

/** The view that a proxy has of outbound listeners: one object for all proxies that have the same. */
export function outboundView(context: ProxyContext, memo: Memo): OutboundView {
  const parts: OutboundView = {
    view: memo.intern(listenerView(context)),
    client: memo.intern(outboundClient(context)),
    extras: listenerExtras(context, 'sidecar-outbound', memo),
  };
  return memo.group('outbound views').compute('', parts, (view) => view);
}

/** What a view comes to in a snapshot. */
export function outboundContext(context: ProxyContext, view: OutboundView): OutboundContext {
  const { scope, snapshot } = context;
  const { mesh, destinationRules, endpoints } = snapshot;
  return { ...view, mesh, scope, destinationRules, endpoints };
}

function outboundClient(context: ProxyContext): OutboundClient {
  const { proxy, families } = context;
  return {
    namespace: proxy.namespace,
    labels: labelsMatter(context) ? context.labels : noLabels,
    dnsDomain: proxy.dnsDomain,
    clusterId: proxy.clusterId,
    ipAddresses: addressesOfFamilies(families),
    dnsCapture: proxy.dnsCapture,
    type: proxy.type,
  };
}

function labelsMatter({ scope, snapshot }: ProxyContext): boolean {
  return (
    scope.egress.some(({ virtualServices }) => matchSources(layer4VirtualServices(virtualServices))) ||
    selectClients(snapshot.destinationRules)
  );
}

function matchSources(virtualServices: readonly ConfigObject<'VirtualService'>[]): boolean {
  return virtualServices.some(({ spec }) =>
    [...spec.tcp.flatMap(({ match = [] }) => match), ...spec.tls.flatMap(({ match }) => match)].some(
      ({ sourceLabels = {} }) => Object.keys(sourceLabels).length > 0,
    ),
  );
}

const selecting = new WeakMap<Snapshot['destinationRules'], boolean>();

/** Whether any rule is for clients with certain labels. */
export function selectClients(rules: Snapshot['destinationRules']): boolean {
  let selects = selecting.get(rules);
  if (selects === undefined) {
    selects = rules.all.some(({ spec }) => spec.workloadSelector !== undefined);
    selecting.set(rules, selects);
  }
  return selects;
}
