/** The decoder of ServiceEntry. */
import type { ServiceEntry, ServiceEntryPort } from '../../kinds/networking.js';
import { list, message } from '../composites.js';
import { mapped, optional, unlessZero, type Decoder } from '../decoder.js';
import { enumeration, string, uint32 } from '../scalars.js';
import { specAndStatus, workloadSelector } from './common.js';
import { workloadEntry } from './workload-entry.js';

const port = message<ServiceEntryPort>({
  number: uint32,
  protocol: string,
  name: string,
  targetPort: unlessZero(uint32),
});

const spec = message<Omit<ServiceEntry, 'statusAddresses'>>({
  hosts: list(string),
  addresses: list(string),
  ports: list(port),
  location: enumeration({ MESH_EXTERNAL: 0, MESH_INTERNAL: 1 }),
  resolution: enumeration({ NONE: 0, STATIC: 1, DNS: 2, DNS_ROUND_ROBIN: 3, DYNAMIC_DNS: 4 }),
  endpoints: list(workloadEntry),
  workloadSelector: optional(workloadSelector),
  exportTo: list(string),
  subjectAltNames: list(string),
});

const status = message<{ readonly addresses: ServiceEntry['statusAddresses'] }>(
  { addresses: list(message<ServiceEntry['statusAddresses'][number]>({ value: string, host: string })) },
  { ignored: ['conditions', 'validationMessages', 'observedGeneration'] },
);

export const serviceEntry: Decoder<ServiceEntry> = mapped(specAndStatus(spec, status), (document) => ({
  ...document.spec,
  statusAddresses: document.status.addresses,
}));
