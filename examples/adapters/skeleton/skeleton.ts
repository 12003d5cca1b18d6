/**
 * An adapter for skeleton: at first one that reads a JSON file. Put the reading of your registry in the place of
 * `readRegistry`, and say in `mapping` what its values mean; the test beside this file says whether it is right.
 *
 *     [{ "service": "web", "id": "web-1", "address": "10.0.0.1", "port": 8080, "healthy": true }]
 */
import { readFile } from 'node:fs/promises';
import {
  defineAdapter,
  durationSchema,
  type InstanceRecord,
  parseDuration,
  periodic,
  type ServiceRecord,
  snapshotOf,
} from 'pilotlight/adapter';

/** What a person writes under `settings:`. */
interface Settings {
  readonly file: string;
  readonly every: string;
}

export const adapter = defineAdapter<Settings>({
  type: 'skeleton',
  summary: 'skeleton, from a JSON file',
  settings: {
    type: 'object',
    additionalProperties: false,
    required: ['file'],
    properties: { file: { type: 'string' }, every: { ...durationSchema, default: '1s' } },
  },
  fromText: (file) => ({ file }),
  mapping: { host: '{service}.skeleton', protocol: { from: ['meta.protocol'], default: 'http' } },
  open: ({ file, every }, context) =>
    periodic(
      // What this throws is a failed read: what was read before stays in force. Never return an empty list instead.
      { read: async () => snapshotOf(await readRegistry(file)) },
      { every: parseDuration(every), backoff: { first: 100 } },
      context,
    ),
});

/** One entry of the file. */
interface Entry extends Pick<InstanceRecord, 'id' | 'address' | 'weight' | 'metadata'> {
  readonly service: string;
  readonly port: number;
  readonly healthy: boolean;
}

async function readRegistry(file: string): Promise<readonly ServiceRecord[]> {
  const entries = JSON.parse(await readFile(file, 'utf8')) as readonly Entry[];
  const services = new Map<string, InstanceRecord[]>();
  for (const { service, port, healthy, ...instance } of entries) {
    const instances = services.get(service) ?? [];
    instances.push({ ...instance, ports: [{ port }], health: healthy ? 'healthy' : 'unhealthy' });
    services.set(service, instances);
  }
  return [...services].map(([service, instances]) => ({ service, instances }));
}
