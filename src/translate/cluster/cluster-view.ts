/** What of a proxy can matter for its clusters, and nothing else, so that proxies that are alike share clusters. */
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { IpFamilies } from '../../model/proxy.js';
import { hasMetadataExchange } from './dialect.js';
import { preservesHeaderCase } from './proxy-config.js';

/** Certificates that a proxy has in files, as its metadata says (a legacy of Istio's). */
export interface FileCertificates {
  readonly chain: string;
  readonly key: string;
  readonly root: string;
}

/** A proxy as its clusters see it. Plain JSON, so that equal views can be made one. */
export interface ClusterView {
  /** A router sees all services and passes nothing through; every other proxy is like a sidecar. */
  readonly type: 'sidecar' | 'router';
  /** Whether workloads tell each other who they are: needs Istio's build of Envoy. */
  readonly metadataExchange: boolean;
  /** Whether mutual TLS is chosen where no rule says anything about TLS. */
  readonly autoMtls: boolean;
  readonly families: IpFamilies;
  readonly preserveHeaderCase: boolean;
  readonly fileCertificates?: FileCertificates;
  /** Whether the platform gives the proxy secrets over a socket. */
  readonly credentialSocket: boolean;
  /** Whether the platform serves the proxy the secrets that are in files, in the agent's place. */
  readonly fileServer: boolean;
}

/** The view that a proxy has of clusters. */
export function clusterView({ proxy, snapshot, families, autoMtls }: ProxyContext): ClusterView {
  const fileCertificates = fileCertificatesOf(proxy.metadata);
  return {
    type: proxy.type === 'router' ? 'router' : 'sidecar',
    metadataExchange: hasMetadataExchange(proxy),
    autoMtls,
    families: { ipv4: families.ipv4, ipv6: families.ipv6 },
    preserveHeaderCase: preservesHeaderCase(proxy, snapshot.mesh),
    ...(fileCertificates !== undefined && { fileCertificates }),
    credentialSocket: proxy.metadata['credential'] === 'true',
    fileServer: proxy.metadata['file-credential'] === 'true',
  };
}

/** Whether a proxy has IPv6 addresses only; one that has none at all counts as IPv4. */
export function isIpv6Only({ ipv4, ipv6 }: IpFamilies): boolean {
  return ipv6 && !ipv4;
}

/** Files are used as soon as a chain is named. */
function fileCertificatesOf(metadata: Readonly<Record<string, unknown>>): FileCertificates | undefined {
  const chain = textOf(metadata['TLS_CLIENT_CERT_CHAIN']);
  if (chain === '') return undefined;
  return { chain, key: textOf(metadata['TLS_CLIENT_KEY']), root: textOf(metadata['TLS_CLIENT_ROOT_CERT']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
