/** The decoder of WorkloadGroup. */
import type { ReadinessProbe, WorkloadGroup } from '../../kinds/workload-group.js';
import { list, message } from '../composites.js';
import { optional } from '../decoder.js';
import { int32, jsonObject, string, uint32 } from '../scalars.js';
import { labels, specOnly } from './common.js';
import { workloadEntry } from './workload-entry.js';

const probe = message<ReadinessProbe>(
  {
    initialDelaySeconds: int32,
    timeoutSeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    httpGet: optional(
      message<NonNullable<ReadinessProbe['httpGet']>>(
        {
          port: uint32,
          scheme: string,
          httpHeaders: list(message<{ readonly name: string }>({ name: string }, { ignored: ['value'] })),
        },
        { ignored: ['path', 'host'] },
      ),
    ),
    tcpSocket: optional(message<{ readonly port: number }>({ port: uint32 }, { ignored: ['host'] })),
    exec: optional(message<{ readonly command: readonly string[] }>({ command: list(string) })),
    grpc: optional(jsonObject),
  },
  { oneofs: [['httpGet', 'tcpSocket', 'exec', 'grpc']] },
);

export const workloadGroup = specOnly(
  message<WorkloadGroup>({
    metadata: optional(message<NonNullable<WorkloadGroup['metadata']>>({ labels, annotations: labels })),
    template: optional(workloadEntry),
    probe: optional(probe),
  }),
);
