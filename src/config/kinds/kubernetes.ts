/** The fields of Kubernetes objects that Pilotlight reads. */
import type { Labels } from '../../model/labels.js';
import type { CaKey, SecretKey } from '../credential-keys.js';

/** A Secret: certificates, keys and CAs in base64. Never to be shown. */
export interface Secret {
  readonly data: Readonly<Partial<Record<SecretKey, string>>>;
}

/** A ConfigMap: CAs as text. */
export interface ConfigMap {
  readonly data: Readonly<Partial<Record<CaKey, string>>>;
}

export interface KubernetesServicePort {
  /** Empty when the port has no name. */
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

export interface KubernetesService {
  readonly type: string;
  readonly clusterIP: string;
  readonly clusterIPs: readonly string[];
  readonly externalName: string;
  readonly externalIPs: readonly string[];
  readonly ports: readonly KubernetesServicePort[];
  /** Absent when the service has no selector. */
  readonly selector?: Labels;
  readonly internalTrafficPolicy?: string;
  readonly trafficDistribution?: string;
  readonly publishNotReadyAddresses: boolean;
  readonly loadBalancerIngress: readonly { readonly ip?: string; readonly hostname?: string }[];
}

export interface EndpointSliceEndpoint {
  readonly addresses: readonly string[];
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind: string; readonly name: string; readonly namespace: string };
}

export interface EndpointSlice {
  readonly addressType: string;
  readonly endpoints: readonly EndpointSliceEndpoint[];
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
    readonly appProtocol?: string;
  }[];
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface Pod {
  readonly serviceAccountName: string;
  readonly nodeName: string;
  readonly hostname: string;
  readonly subdomain: string;
  readonly hostNetwork: boolean;
  readonly containers: readonly { readonly name: string; readonly ports: readonly ContainerPort[] }[];
  readonly initContainers: readonly {
    readonly name: string;
    readonly restartPolicy?: string;
    readonly ports: readonly ContainerPort[];
  }[];
  readonly phase: string;
  readonly podIP: string;
  readonly podIPs: readonly string[];
  /** The Ready condition is True. */
  readonly ready: boolean;
}

/** Nodes matter by their labels and their external addresses. */
export interface Node {
  readonly externalIPs: readonly string[];
}

/** Namespaces matter by their labels and annotations only. */
export type Namespace = Readonly<Record<string, never>>;
