/** For whom, and from which listener, a proxy's routes are made (Istio reference 7.6). */
import type { ConfigObject } from '../../config/object.js';
import { addressesOfFamilies } from '../../mesh/addresses.js';
import type { DestinationRuleIndex, EgressScope, ProxyContext, SidecarScope } from '../../mesh/snapshot.js';
import type { Labels } from '../../model/labels.js';
import { noLabels } from '../../model/labels.js';
import { parseProtocol } from '../../model/protocol.js';
import { proxyHeader } from '../proxy-headers.js';
import type { RouteClient } from './virtual-hosts.js';

/** A listener that imports something. */
export interface EgressListener {
  readonly egress: EgressScope;
  /** Port of the services that it is for; 0 for all. */
  readonly listenerPort: number;
}

/**
 * The egress listener that requests to a port come to: the one of that port, or the one of all ports, whichever comes
 * first. One that is an HTTP proxy is for services of any port.
 *
 * @param socket with port 0 the Unix domain socket on which the listener has to be
 */
export function egressListener(
  { egress, sidecar }: SidecarScope,
  port: number,
  socket?: string,
): EgressListener | undefined {
  const index = egress.findIndex(
    (listener, at) =>
      listener.port === undefined ||
      (listener.port === port && (port !== 0 || sidecar?.spec.egress[at]?.bind === socket)),
  );
  const found = egress[index];
  if (found === undefined) return undefined;
  const protocol = sidecar?.spec.egress[index]?.port?.protocol;
  const isProxy = protocol !== undefined && parseProtocol(protocol) === 'HTTP_PROXY';
  return { egress: found, listenerPort: isProxy ? 0 : port };
}

/**
 * A proxy as its routes see it: plain JSON, so that proxies that are alike share routes.
 *
 * @param virtualServices lists of what its routes are made of; each the same array as long as nothing of it changed.
 */
export function routeClient(
  context: ProxyContext,
  virtualServices: readonly (readonly ConfigObject<'VirtualService'>[])[],
): RouteClient {
  const { proxy, snapshot, families } = context;
  return {
    proxyless: proxy.dialect === 'grpc',
    namespace: proxy.namespace,
    labels: labelsThatMatter(context, virtualServices),
    dnsDomain: proxy.dnsDomain,
    clusterId: proxy.clusterId,
    ipAddresses: addressesOfFamilies(families),
    dnsCapture: proxy.dnsCapture,
    type: proxy.type,
    countsAttempts: proxyHeader(proxy, snapshot.mesh, 'attemptCount', 'disabled') !== true,
    appendForwardedHost: proxyHeader(proxy, snapshot.mesh, 'xForwardedHost', 'enabled') === true,
  };
}

function labelsThatMatter(
  { snapshot, labels }: ProxyContext,
  virtualServices: readonly (readonly ConfigObject<'VirtualService'>[])[],
): Labels {
  return virtualServices.some(matchesSources) || selectsClients(snapshot.destinationRules)
    ? labels
    : noLabels;
}

/** Whether any route is for clients with certain labels. */
const matchesSources = remembered((virtualServices: readonly ConfigObject<'VirtualService'>[]) =>
  virtualServices.some(({ spec }) =>
    spec.http.some(({ match = [] }) =>
      match.some(({ sourceLabels = {} }) => Object.keys(sourceLabels).length > 0),
    ),
  ),
);

/** Whether any rule is for clients with certain labels. */
const selectsClients = remembered((rules: DestinationRuleIndex) =>
  rules.all.some(({ spec }) => spec.workloadSelector !== undefined),
);

/** The function with what it said of an object kept as long as the object. */
function remembered<Subject extends object>(
  ask: (subject: Subject) => boolean,
): (subject: Subject) => boolean {
  const known = new WeakMap<Subject, boolean>();
  return (subject) => {
    let answer = known.get(subject);
    if (answer === undefined) known.set(subject, (answer = ask(subject)));
    return answer;
  };
}
