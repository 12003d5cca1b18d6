/** A workload that services of any registry may select: a Pod or a WorkloadEntry (Istio reference 3.3, 2.9). */
import type { Labels } from './labels.js';
import type { Provenance } from './service.js';

export interface Workload {
  readonly kind: 'Pod' | 'WorkloadEntry';
  readonly name: string;
  readonly namespace: string;
  /** Cluster of the registry that it comes from. */
  readonly cluster: string;
  /** First is primary; may be empty, a host name or `unix://…` for a WorkloadEntry. */
  readonly addresses: readonly string[];
  /** Labels as selectors see them (a WorkloadEntry's spec.labels with metadata.labels over them). */
  readonly labels: Labels;
  /** Labels as endpoints carry them, augmented (Istio reference 2.8). */
  readonly endpointLabels: Labels;
  /**
   * Ports by name. Pod: TCP ports of its containers. WorkloadEntry: `ports`.
   */
  readonly ports: Readonly<Record<string, number>>;
  /** Container ports with their protocol, for named target ports of Services (Pod only). */
  readonly containerPorts?: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
  }[];
  /** SPIFFE URI or empty. */
  readonly serviceAccount: string;
  readonly network: string;
  readonly locality: string;
  readonly weight: number;
  readonly tlsMode: string;
  readonly workloadName: string;
  readonly nodeName?: string;
  readonly hostName?: string;
  readonly subDomain?: string;
  /** Pod: ready. WorkloadEntry: healthy by its own health check. Only ready workloads are selected. */
  readonly ready: boolean;
  /** The address is a Unix path or a host name, so only DNS-type ServiceEntries can use it. */
  readonly dnsServiceEntryOnly: boolean;
  readonly provenance: Provenance;
}

/** Identity of a workload in its registry. */
export function workloadKey(workload: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return `${workload.kind}/${workload.namespace}/${workload.name}`;
}
