/** The transport socket of a cluster: TLS, plain text, or a choice of both by endpoint (Istio reference 5.7). */
import type { TrafficPolicy } from '../../config/kinds/traffic-policy.js';
import { packAny } from '../../envoy/any.js';
import { ProxyProtocolVersion } from '../../envoy/enums.js';
import {
  ProxyProtocolUpstreamTransport,
  type ClusterShape,
  type TransportSocketMatchShape,
  type TransportSocketShape,
} from '../../envoy/messages.js';
import type { ServerNameOptions } from './protocol-options.js';
import {
  combinedValidation,
  defaultTlsParameters,
  meshRoots,
  rawBufferSocket,
  tlsSocket,
  workloadCertificate,
} from './tls-context.js';
import { originationContext, serverNameOptions, type OriginationInput } from './tls-origination.js';
import type { TlsDecision } from './tls.js';

/** What the messages of a decision depend on. */
export interface TransportSocketInput extends OriginationInput {
  readonly decision: TlsDecision;
  readonly proxyProtocol: TrafficPolicy['proxyProtocol'];
  readonly metadataExchange: boolean;
  /** Whether TLS can be chosen by endpoint: not where connections go to wherever the client was going. */
  readonly choosesByEndpoint: boolean;
}

/** The sockets of a cluster, and how it names servers. */
export interface TransportSocketFields {
  readonly fields: Pick<ClusterShape, 'transportSocket' | 'transportSocketMatches'>;
  /** Absent unless TLS is spoken, or would be if its settings were complete. */
  readonly tls?: { readonly serverName: ServerNameOptions; readonly sni: string; readonly verifies: boolean };
  /** Why TLS that was asked for is left out, if it is. */
  readonly problem?: string;
}

/** Builds the sockets. */
export function transportSocketFields(input: TransportSocketInput): TransportSocketFields {
  const { decision } = input;
  if (decision.kind === 'mesh') {
    const { sni, verifies } = decision;
    const fields =
      input.choosesByEndpoint && decision.automatic
        ? byEndpoint(input, decision)
        : always(input, meshSocket(input, decision));
    return { fields, tls: { serverName: {}, sni, verifies } };
  }
  if (decision.kind === 'none') return { fields: always(input, undefined) };
  const { settings } = decision;
  const context = originationContext(input, settings);
  if (context.kind === 'omitted') return { fields: always(input, undefined) };
  const { sni = '', insecureSkipVerify = false } = settings;
  const tls = { serverName: serverNameOptions(settings), sni, verifies: !insecureSkipVerify };
  if (context.kind === 'problem') return { fields: always(input, undefined), tls, problem: context.problem };
  return { fields: always(input, tlsSocket(context.common, sni)), tls };
}

type MeshTls = Extract<TlsDecision, { kind: 'mesh' }>;

function always(
  { proxyProtocol }: TransportSocketInput,
  socket: TransportSocketShape | undefined,
): TransportSocketFields['fields'] {
  if (proxyProtocol === undefined) return socket === undefined ? {} : { transportSocket: socket };
  return { transportSocket: withProxyProtocol(proxyProtocol, socket ?? innerRawBuffer) };
}

/** Plain text within another socket; Istio names it otherwise than where it stands alone. */
const innerRawBuffer: TransportSocketShape = { ...rawBufferSocket, name: 'raw_buffer' };

const noMatch = { fields: {} };
const istioMatch = { fields: { tlsMode: { stringValue: 'istio' } } };
const plainMatch: TransportSocketMatchShape = {
  name: 'tlsMode-disabled',
  match: noMatch,
  transportSocket: rawBufferSocket,
};

/** TLS to endpoints that can speak it, plain text to others. */
function byEndpoint(input: TransportSocketInput, decision: MeshTls): TransportSocketFields['fields'] {
  const socket = meshSocket(input, decision);
  const { proxyProtocol } = input;
  if (proxyProtocol === undefined) {
    return {
      transportSocketMatches: [
        { name: 'tlsMode-istio', match: istioMatch, transportSocket: socket },
        plainMatch,
      ],
    };
  }
  return {
    transportSocketMatches: [
      { name: 'tlsMode-istio', match: istioMatch, transportSocket: withProxyProtocol(proxyProtocol, socket) },
      { ...plainMatch, transportSocket: withProxyProtocol(proxyProtocol, rawBufferSocket) },
    ],
  };
}

function withProxyProtocol(
  { version }: NonNullable<TrafficPolicy['proxyProtocol']>,
  transportSocket: TransportSocketShape,
): TransportSocketShape {
  const config = version === 'V2' ? { version: ProxyProtocolVersion.V2 } : {};
  return {
    name: 'envoy.transport_sockets.upstream_proxy_protocol',
    typedConfig: packAny(ProxyProtocolUpstreamTransport, { config, transportSocket }),
  };
}

const meshAlpn = ['istio-peer-exchange', 'istio'];
const meshAlpnHttp2 = ['istio-peer-exchange', 'istio', 'h2'];
const plainAlpn = ['istio'];
const plainAlpnHttp2 = ['istio', 'h2'];

/** Mutual TLS of the mesh, with the workload's own certificate. */
function meshSocket(
  { http2, metadataExchange }: TransportSocketInput,
  { sni, subjectAltNames }: MeshTls,
): TransportSocketShape {
  const [alpn, alpnHttp2] = metadataExchange ? [meshAlpn, meshAlpnHttp2] : [plainAlpn, plainAlpnHttp2];
  return tlsSocket(
    {
      tlsParams: defaultTlsParameters,
      alpnProtocols: http2 ? alpnHttp2 : alpn,
      tlsCertificateSdsSecretConfigs: [workloadCertificate],
      ...combinedValidation(meshRoots, subjectAltNames),
    },
    sni,
  );
}
