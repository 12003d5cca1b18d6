/** Which connections the inbound chains of a port are for, by mutual TLS and protocol (Istio reference 7.5). */
import type { MutualTlsMode } from '../../config/kinds/networking.js';
import { plainHttpProtocols, type ChainConditions } from './chain-match.js';
import type { ListenerProtocol } from './outbound-chains.js';

/** A chain of a port. */
export interface InboundChain extends Pick<ChainConditions, 'applicationProtocols' | 'transportProtocol'> {
  readonly kind: 'http' | 'tcp';
  /** Mutual TLS ends here. */
  readonly tls: boolean;
}

/** What clients of the mesh say that they speak within TLS. */
export const meshProtocols = [
  'istio',
  'istio-peer-exchange',
  'istio-http/1.0',
  'istio-http/1.1',
  'istio-h2',
] as const;
/** The same where they found HTTP. */
const meshHttpProtocols = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2'] as const;
/** The same where they found something else. */
const meshTcpProtocols = ['istio-peer-exchange', 'istio'] as const;

type Kind = InboundChain['kind'];

function mutualTls(kind: Kind, applicationProtocols: readonly string[] = []): InboundChain {
  return { kind, tls: true, transportProtocol: 'tls', applicationProtocols };
}

function plainText(kind: Kind, applicationProtocols: readonly string[] = []): InboundChain {
  return { kind, tls: false, transportProtocol: 'raw_buffer', applicationProtocols };
}

/** TLS that is not the mesh's, and is the workload's to end. */
const workloadTls: InboundChain = {
  kind: 'tcp',
  tls: false,
  transportProtocol: 'tls',
  applicationProtocols: [],
};

type Chains = Readonly<Record<ListenerProtocol, readonly InboundChain[]>>;

const permissive: Chains = {
  http: [mutualTls('http', meshProtocols), plainText('http')],
  tcp: [mutualTls('tcp', meshProtocols), workloadTls, plainText('tcp')],
  sniffed: [
    mutualTls('http', meshHttpProtocols),
    plainText('http', plainHttpProtocols),
    mutualTls('tcp', meshTcpProtocols),
    plainText('tcp'),
    workloadTls,
  ],
};

const strict: Chains = {
  http: [mutualTls('http')],
  tcp: [mutualTls('tcp')],
  sniffed: [mutualTls('http', meshHttpProtocols), mutualTls('tcp')],
};

const disabled: Chains = {
  http: [plainText('http')],
  tcp: [plainText('tcp')],
  sniffed: [plainText('http', plainHttpProtocols), plainText('tcp')],
};

/** The chains of a port. What has no listener elsewhere is taken for TCP. */
export function inboundChains(
  mode: MutualTlsMode,
  protocol: ListenerProtocol | undefined,
): readonly InboundChain[] {
  const chains = mode === 'STRICT' ? strict : mode === 'PERMISSIVE' ? permissive : disabled;
  return chains[protocol ?? 'tcp'];
}
