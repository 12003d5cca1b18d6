/** The type of WorkloadGroup. */
import type { Labels } from '../../model/labels.js';
import type { WorkloadEntry } from './networking.js';

/** How a workload of the group is asked whether it is ready; its own agent does it. */
export interface ReadinessProbe {
  readonly initialDelaySeconds: number;
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  readonly httpGet?: {
    readonly port: number;
    readonly scheme: string;
    readonly httpHeaders: readonly { readonly name: string }[];
  };
  readonly tcpSocket?: { readonly port: number };
  readonly exec?: { readonly command: readonly string[] };
  readonly grpc?: object;
}

/** A template of WorkloadEntries. */
export interface WorkloadGroup {
  readonly metadata?: { readonly labels: Labels; readonly annotations: Labels };
  readonly template?: WorkloadEntry;
  readonly probe?: ReadinessProbe;
}
