/** One endpoint of a service port (Istio reference 1.5). */
import type { Labels } from './labels.js';
import type { Provenance, ServicePort } from './service.js';

/**
 * Health of an endpoint; the numbers on the wire are Envoy's. ServiceEntry endpoints are `unknown`; `terminating`
 * is never sent.
 */
export type HealthStatus = 'unknown' | 'healthy' | 'unhealthy' | 'draining' | 'terminating' | 'degraded';

export interface Endpoint {
  /** First is primary; empty for an endpoint that is only reachable through its network's gateway. May be a host name (DNS services) or a path (Unix socket: port 0). */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Name of the service port that it serves. */
  readonly servicePortName: string;
  /** Number of the service port, for ServiceEntry endpoints: clusters with embedded endpoints match by it (Istio reference 4.2). */
  readonly servicePortNumber?: number;
  /** Workload labels, augmented (Istio reference 2.8). */
  readonly labels: Labels;
  /** SPIFFE URI or empty. */
  readonly serviceAccount: string;
  readonly network: string;
  /** `region/zone/subzone` as it was given; may be empty. */
  readonly locality: string;
  readonly cluster: string;
  /** 0 counts as 1. */
  readonly weight: number;
  /** `istio`, `disabled`, or what the label says. */
  readonly tlsMode: string;
  readonly namespace: string;
  readonly workloadName: string;
  readonly hostName?: string;
  readonly subDomain?: string;
  readonly nodeName?: string;
  readonly health: HealthStatus;
  /**
   * Takes traffic only when endpoints of a lower rank are not enough: an Envoy priority, before those of localities. 0
   * when absent.
   */
  readonly rank?: number;
  readonly provenance: Provenance;
}

/** Whether an endpoint is one of a service port's: by the port's number where it has one, else by the port's name. */
export function servesPort(
  { servicePortNumber, servicePortName }: Endpoint,
  { name, port }: ServicePort,
): boolean {
  return servicePortNumber === undefined ? servicePortName === name : servicePortNumber === port;
}
