/** The types of ServiceEntry, WorkloadEntry, Sidecar, Gateway and PeerAuthentication. */
import type { Labels } from '../../model/labels.js';
import type { ClientTlsSettings, ConnectionPoolSettings } from './traffic-policy.js';

export interface ServiceEntryPort {
  readonly number: number;
  readonly protocol: string;
  readonly name: string;
  readonly targetPort?: number;
}

export interface WorkloadEntry {
  readonly address: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Labels;
  readonly network: string;
  readonly locality: string;
  readonly weight: number;
  readonly serviceAccount: string;
}

/** A WorkloadEntry object: its spec, and what its health check says. */
export interface WorkloadEntryObject extends WorkloadEntry {
  /** The status condition `Healthy`: true, false, or absent. */
  readonly healthy?: boolean;
}

export type ServiceEntryLocation = 'MESH_EXTERNAL' | 'MESH_INTERNAL';
export type ServiceEntryResolution = 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';

export interface ServiceEntry {
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly ServiceEntryPort[];
  readonly location: ServiceEntryLocation;
  readonly resolution: ServiceEntryResolution;
  readonly endpoints: readonly WorkloadEntry[];
  readonly workloadSelector?: { readonly labels: Labels };
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
  /** `status.addresses`: allocated addresses. */
  readonly statusAddresses: readonly { readonly value: string; readonly host: string }[];
}

export interface OutboundTrafficPolicy {
  readonly mode: 'REGISTRY_ONLY' | 'ALLOW_ANY' | 'ALLOW_ANY_DYNAMIC_DNS';
  readonly egressProxy?: { readonly host: string; readonly subset?: string; readonly port?: number };
  /** TLS towards hosts that are resolved on the way (ALLOW_ANY_DYNAMIC_DNS); MeshConfig only. */
  readonly tls?: ClientTlsSettings;
}

export type CaptureMode = 'DEFAULT' | 'IPTABLES' | 'NONE';

export interface SidecarPort {
  readonly number: number;
  readonly protocol: string;
  readonly name: string;
  /** Refused in Sidecars, where it has no effect. */
  readonly targetPort?: number;
}

export interface IstioIngressListener {
  readonly port: SidecarPort;
  readonly bind: string;
  readonly captureMode: CaptureMode;
  readonly defaultEndpoint: string;
  readonly connectionPool?: ConnectionPoolSettings;
  /** TLS settings of the listener. */
  readonly tls?: GatewayTls;
}

export interface IstioEgressListener {
  readonly port?: SidecarPort;
  readonly bind: string;
  readonly captureMode: CaptureMode;
  readonly hosts: readonly string[];
}

export interface Sidecar {
  readonly workloadSelector?: { readonly labels: Labels };
  readonly ingress: readonly IstioIngressListener[];
  readonly egress: readonly IstioEgressListener[];
  readonly inboundConnectionPool?: ConnectionPoolSettings;
  readonly outboundTrafficPolicy?: OutboundTrafficPolicy;
}

export interface GatewayServer {
  readonly port: {
    readonly number: number;
    readonly protocol: string;
    readonly name: string;
    readonly targetPort?: number;
  };
  readonly bind: string;
  readonly hosts: readonly string[];
  readonly tls?: GatewayTls;
  readonly defaultEndpoint: string;
  readonly name: string;
}

export interface GatewayTls {
  readonly httpsRedirect?: boolean;
  readonly mode:
    'PASSTHROUGH' | 'SIMPLE' | 'MUTUAL' | 'AUTO_PASSTHROUGH' | 'ISTIO_MUTUAL' | 'OPTIONAL_MUTUAL';
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  /** Where the CA for clients' certificates is, in the place of `<credential>-cacert`. */
  readonly caCertCredentialName?: string;
  /** Certificates of clients are asked for and not checked. */
  readonly insecureSkipVerify?: boolean;
  readonly tlsCertificates?: readonly {
    readonly serverCertificate?: string;
    readonly privateKey?: string;
    readonly caCertificates?: string;
  }[];
  readonly subjectAltNames?: readonly string[];
  readonly verifyCertificateSpki?: readonly string[];
  readonly verifyCertificateHash?: readonly string[];
  readonly minProtocolVersion?: string;
  readonly maxProtocolVersion?: string;
  readonly cipherSuites?: readonly string[];
}

export interface Gateway {
  readonly servers: readonly GatewayServer[];
  readonly selector: Labels;
}

export type MutualTlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export interface PeerAuthentication {
  readonly selector?: { readonly matchLabels: Labels };
  /** Absent counts as UNSET. */
  readonly mtls?: { readonly mode: MutualTlsMode };
  readonly portLevelMtls: Readonly<Record<number, { readonly mode: MutualTlsMode }>>;
}
