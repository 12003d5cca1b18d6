/**
 * A sample adapter, which docs/adapters.md explains: an inventory that answers `GET /services` with one JSON document.
 *
 *     { "services": [{ "name": "web", "instances": [
 *         { "id": "web-1", "address": "10.0.0.1", "port": 8080, "state": "up", "weight": 1, "metadata": {} } ] }] }
 *
 * A service that the inventory itself could not ask has an `error` in the place of `instances`.
 */
import {
  type ConnectionSettings,
  connectionProperties,
  defineAdapter,
  durationSchema,
  failed,
  type InstanceHealth,
  type InstanceRecord,
  jsonClient,
  parseDuration,
  periodic,
  serversFromText,
  type ServiceReading,
  type ServiceRecord,
  snapshot,
} from 'pilotlight/adapter';

interface InventorySettings extends ConnectionSettings {
  /** How often the inventory is read. */
  readonly every: string;
}

export const adapter = defineAdapter<InventorySettings>({
  type: 'inventory',
  summary: 'an inventory that is read as one JSON document over HTTP',
  settings: {
    type: 'object',
    additionalProperties: false,
    required: ['servers'],
    properties: { ...connectionProperties, every: { ...durationSchema, default: '5s' } },
  },
  fromText: serversFromText,
  mapping: {
    host: '{service}.inventory',
    protocol: { from: ['meta.protocol'], default: 'http' },
    version: { from: ['meta.version'] },
    locality: { region: { from: ['meta.region'] }, zone: { from: ['meta.zone'] } },
  },
  open: (settings, context) => {
    const client = jsonClient(settings, context);
    return periodic(
      { read: async (signal) => snapshot(readServices((await client.read('/services', { signal })).body)) },
      { every: parseDuration(settings.every) },
      context,
    );
  },
});

/** What each state of the inventory means. A state that is not known takes no traffic. */
const healths: Readonly<Record<string, InstanceHealth>> = {
  up: 'healthy',
  warning: 'degraded',
  maintenance: 'draining',
  down: 'unhealthy',
};

/** @throws Error when the document is none: that is a failed read, never an empty one. */
function readServices(document: unknown): readonly ServiceReading[] {
  return list(field(document, 'services'), 'services').map((entry): ServiceReading => {
    const service = text(field(entry, 'name'), 'name');
    const error = field(entry, 'error');
    if (error !== undefined) return { service, ...failed(new Error(text(error, 'error'))) };
    try {
      return { service, ...snapshot(readService(service, entry)) };
    } catch (reason) {
      return { service, ...failed(reason) };
    }
  });
}

function readService(service: string, entry: unknown): ServiceRecord {
  return { service, instances: list(field(entry, 'instances'), 'instances').map(readInstance) };
}

function readInstance(entry: unknown): InstanceRecord {
  const weight = field(entry, 'weight');
  const metadata = Object.entries(field(entry, 'metadata') ?? {});
  return {
    id: text(field(entry, 'id'), 'id'),
    address: text(field(entry, 'address'), 'address'),
    ports: [{ port: Number(field(entry, 'port')) }],
    health: healths[text(field(entry, 'state'), 'state')] ?? 'unhealthy',
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    metadata: Object.fromEntries(metadata.map(([key, value]) => [key, String(value)])),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}
