/** Listeners of gRPC servers, by the address that they listen on. */
import { splitHostPort } from '../../base/host-port.js';
import type { ConfigObject } from '../../config/object.js';
import { packAny, type PackedAny } from '../../envoy/any.js';
import {
  DownstreamTlsContext,
  HttpConnectionManager,
  Listener,
  type FilterChainShape,
  type TransportSocketShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue } from '../../envoy/well-known.js';
import { extraAddressesForProxy } from '../../mesh/addresses.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { ServiceTarget } from '../../registry/view.js';
import { providedTlsContext } from '../cluster/grpc.js';
import type { Memo } from '../memo.js';
import { anyPath } from '../route/route-match.js';
import { grpcAuthorizationFilters } from '../security/grpc-authorization.js';
import { policyWorkload } from '../security/listener-policies.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { additionalAddresses, socketAddress } from './addresses.js';
import { serverListenerPrefix } from './listener-names.js';
import { routerFilter } from './outbound-listeners.js';

/** A workload with this label is reached by mutual TLS wherever it is allowed. */
const tlsModeLabel = 'security.istio.io/tlsMode';

interface InboundListenerInput {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly mutualTls: boolean;
  /** Those for the server's workload. */
  readonly policies: readonly ConfigObject<'AuthorizationPolicy'>[];
  /** One array for equal content. */
  readonly moreAddresses: readonly string[];
}

/** The listeners of a server. One whose port no service leads to is a problem and has none. */
export function inboundListeners(context: ProxyContext, memo: Memo, names: readonly string[]): Translation {
  const listeners = memo.group('grpc server listeners');
  const targets = new Map(context.serviceTargets.map((target) => [target.targetPort, target]));
  const resources: EncodedResource[] = [];
  const problems: TranslationProblem[] = [];
  for (const name of names) {
    const input = inboundInput(context, memo, name, targets);
    if (typeof input === 'string') problems.push({ subject: name, message: input });
    else resources.push(listeners.compute(name, input, encodeInboundListener));
  }
  return { resources, problems };
}

/** What the listener of a name is made of, or why there is none. */
function inboundInput(
  context: ProxyContext,
  memo: Memo,
  name: string,
  targets: ReadonlyMap<number, ServiceTarget>,
): InboundListenerInput | string {
  const { proxy, labels, snapshot } = context;
  const address = splitHostPort(name.slice(serverListenerPrefix.length));
  if (address === undefined || !/^\d+$/.test(address.port))
    return 'a gRPC server asks for a listener whose name does not end with host:port';
  const port = Number(address.port);
  const target = targets.get(port);
  if (target === undefined)
    return `the gRPC server is not told how to listen: no service leads to port ${port} of its workload`;
  const mode = snapshot.peerAuthentications.workloadMode(proxy.namespace, labels, port);
  return {
    name,
    host: address.host,
    port,
    mutualTls: mode === 'STRICT' || (mode === 'PERMISSIVE' && labels[tlsModeLabel] === 'istio'),
    policies: snapshot.authorizationPolicies.forWorkload(policyWorkload(context)),
    moreAddresses: memo.intern(extraAddressesForProxy(target.service, proxy)),
  };
}

function encodeInboundListener(input: InboundListenerInput): EncodedResource {
  const { name, host, port, mutualTls, policies, moreAddresses } = input;
  const manager = connectionManager(policies);
  const body = Listener.encode({
    name,
    address: socketAddress(host, port),
    ...additionalAddresses(moreAddresses, port),
    filterChains: [
      mutualTls
        ? { ...filterChain('mtls', manager), transportSocket: mutualTlsSocket }
        : filterChain('plaintext', manager),
    ],
  });
  return encodedResource(name, Listener.typeUrl, body);
}

/** gRPC cannot tell TLS from plain text within one listener, so it is either. */
function filterChain(security: 'mtls' | 'plaintext', typedConfig: PackedAny): FilterChainShape {
  return { name: `inbound-${security}`, filters: [{ name: `inbound-hcm${security}`, typedConfig }] };
}

/** Every call that policies let through is the server's own to answer. */
function connectionManager(policies: InboundListenerInput['policies']): PackedAny {
  return packAny(HttpConnectionManager, {
    routeConfig: {
      name: 'inbound',
      virtualHosts: [{ domains: ['*'], routes: [{ match: anyPath, nonForwardingAction: {} }] }],
    },
    httpFilters: [...grpcAuthorizationFilters(policies), routerFilter],
  });
}

const mutualTlsSocket: TransportSocketShape = {
  name: 'envoy.transport_sockets.tls',
  typedConfig: packAny(DownstreamTlsContext, {
    commonTlsContext: providedTlsContext([]),
    requireClientCertificate: boolValue(true),
  }),
};
