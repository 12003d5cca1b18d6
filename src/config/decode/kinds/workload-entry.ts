/** The decoder of WorkloadEntry, as an object and as an endpoint of a ServiceEntry. */
import type { WorkloadEntry, WorkloadEntryObject } from '../../kinds/networking.js';
import { list, map, message } from '../composites.js';
import { mapped, type Decoder } from '../decoder.js';
import { string, uint32 } from '../scalars.js';
import { labels, specAndStatus } from './common.js';

export const workloadEntry = message<WorkloadEntry>({
  address: string,
  ports: map(uint32),
  labels,
  network: string,
  locality: string,
  weight: uint32,
  serviceAccount: string,
});

interface Condition {
  readonly type: string;
  readonly status: string;
}

const condition = message<Condition>(
  { type: string, status: string },
  { ignored: ['lastProbeTime', 'lastTransitionTime', 'reason', 'message', 'observedGeneration'] },
);

const status = message<{ readonly conditions: readonly Condition[] }>(
  { conditions: list(condition) },
  { ignored: ['validationMessages', 'observedGeneration'] },
);

export const workloadEntryObject: Decoder<WorkloadEntryObject> = mapped(
  specAndStatus(workloadEntry, status),
  ({ spec, status: { conditions } }) => {
    const health = conditions.find(({ type }) => type === 'Healthy');
    return health === undefined ? spec : { ...spec, healthy: health.status === 'True' };
  },
);
