/** What of a proxy can matter for its listeners, and nothing else, so that proxies that are alike share listeners. */
import type { OutboundTrafficPolicy } from '../../config/kinds/networking.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { InterceptionMode, IpFamilies } from '../../model/proxy.js';
import type { FileCertificates } from '../cluster/cluster-view.js';
import { hasMetadataExchange } from '../cluster/dialect.js';
import { hostLookup, type HostLookup } from '../cluster/host-lookup.js';
import { httpSettings, type HttpSettings } from './http-settings.js';
import { asFlag, asNumber, asText } from './json-values.js';

/** A proxy as its listeners see it. Plain JSON, so that equal views can be made one. */
export interface ListenerView {
  readonly families: IpFamilies;
  readonly interceptionMode: InterceptionMode;
  /** Whether Envoy is Istio's build, whose filters exchange metadata and choose the ALPN. */
  readonly istioFilters: boolean;
  readonly http: HttpSettings;
  /** What becomes of connections to what no service is known for. */
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
  /** How hosts are looked up that no service is known for. */
  readonly hostLookup: HostLookup;
  /** Connections are spread evenly over the threads of the proxy. */
  readonly exactBalance: { readonly inbound: boolean; readonly outbound: boolean };
  /** Ports of the agent's own listeners. Istio takes those that the metadata do not tell for 0, which then is taken. */
  readonly agentPorts: readonly number[];
  /** The proxy may not listen on ports below 1024. */
  readonly unprivileged: boolean;
  /** Port of the HTTP proxy, in place of the mesh's; undefined where the metadata says nothing. */
  readonly httpProxyPort?: number;
  /** Certificates that the proxy has in files (a legacy of Istio's). */
  readonly serverFiles: FileCertificates;
  /** Whether a server of the platform's gives the proxy the secrets that are in files. */
  readonly fileServer: boolean;
}

const agentPortNames = ['ENVOY_STATUS_PORT', 'ENVOY_PROMETHEUS_PORT'] as const;
const securePortNames = ['ENVOY_SECURE_METRICS_PORT', 'ENVOY_SECURE_MERGED_METRICS_PORT'] as const;

/** The view that a proxy has of listeners. */
export function listenerView(context: ProxyContext): ListenerView {
  const { proxy, families, scope } = context;
  const { metadata } = proxy;
  const httpProxyPort = asText(metadata['HTTP_PROXY_PORT']);
  return {
    families: { ipv4: families.ipv4, ipv6: families.ipv6 },
    interceptionMode: proxy.interceptionMode,
    istioFilters: hasMetadataExchange(proxy),
    http: httpSettings(context),
    outboundTrafficPolicy: scope.outboundTrafficPolicy,
    hostLookup: hostLookup(proxy),
    exactBalance: {
      inbound: asFlag(metadata['INBOUND_LISTENER_EXACT_BALANCE']),
      outbound: asFlag(metadata['OUTBOUND_LISTENER_EXACT_BALANCE']),
    },
    agentPorts: [
      ...agentPortNames.map((name) => asNumber(metadata[name])),
      ...securePortNames.map((name) => asNumber(metadata[name])).filter((port) => port !== 0),
    ],
    unprivileged: asFlag(metadata['UNPRIVILEGED_POD']),
    ...(/^-?\d+$/.test(httpProxyPort) && { httpProxyPort: Number(httpProxyPort) }),
    serverFiles: {
      chain: asText(metadata['TLS_SERVER_CERT_CHAIN']),
      key: asText(metadata['TLS_SERVER_KEY']),
      root: asText(metadata['TLS_SERVER_ROOT_CERT']),
    },
    fileServer: metadata['file-credential'] === 'true',
  };
}
