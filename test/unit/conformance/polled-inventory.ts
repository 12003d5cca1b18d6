/** An adapter that long-polls the inventory of the examples, and the driver that tests are run with. */
import { InventoryServer } from '../../../examples/adapters/inventory-server.js';
import {
  connectionProperties,
  type ConnectionSettings,
  defineAdapter,
  type InstanceHealth,
  jsonClient,
  type JsonClient,
  longPolling,
  type Polled,
  type PollPosition,
  registryOf,
  type Adapter,
  type AdapterContext,
  type ServiceRecord,
} from '../../../src/adapter/index.js';
import type { ConformanceDriver, OpenOptions, RegistryUnderTest } from '../../../src/conformance/driver.js';
import type { ServiceRegistry } from '../../../src/registry/registry.js';

export interface Instance {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly weight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export const healths: Readonly<Record<string, InstanceHealth>> = {
  up: 'healthy',
  warning: 'degraded',
  maintenance: 'draining',
  down: 'unhealthy',
};

/** Asks for something newer than the index. */
export async function ask(client: JsonClient, path: string, at: PollPosition): Promise<Polled<unknown>> {
  const query = at.index === 0 ? '' : `?index=${at.index}&wait=${at.wait}`;
  const { body, headers } = await client.read(`${path}${query}`, { signal: at.signal, wait: at.wait });
  return { index: Number(headers['x-index']), value: body };
}

export function recordOf(service: string, instances: readonly Instance[]): ServiceRecord {
  return {
    service,
    instances: instances.map(({ id, address, port, state, weight, metadata = {} }) => ({
      id,
      address,
      ports: [{ port }],
      health: healths[state] ?? 'unhealthy',
      ...(weight === undefined ? {} : { weight }),
      metadata,
    })),
  };
}

/** The names and instances of the whole inventory. */
export function servicesOf(
  body: unknown,
): readonly { readonly name: string; readonly error?: string; readonly instances?: readonly Instance[] }[] {
  return (body as { services: { name: string; instances?: Instance[] }[] }).services;
}

export const polled = defineAdapter<ConnectionSettings>({
  type: 'polled',
  summary: 'an inventory that is long-polled',
  settings: {
    type: 'object',
    required: ['servers'],
    additionalProperties: false,
    properties: connectionProperties,
  },
  mapping: { host: '{service}.inventory' },
  open: (settings, context) => polledWith(jsonClient(settings, context), context),
});

export function polledWith(client: JsonClient, context: AdapterContext, wait = 500) {
  return longPolling(
    {
      list: async (at) => {
        const { index, value } = await ask(client, '/services', at);
        return { index, value: servicesOf(value).map(({ name }) => name) };
      },
      service: async (service, at) => {
        const { index, value } = await ask(client, `/services/${encodeURIComponent(service)}`, at);
        return { index, value: recordOf(service, (value as { instances: readonly Instance[] }).instances) };
      },
    },
    { wait, backoff: { first: 50, most: 200 } },
    context,
  );
}

/** Opens an adapter as the tests want it: short times, and a guard that holds for long. */
export function opened(
  adapter: Adapter<ConnectionSettings>,
  server: InventoryServer,
  { name, lastKnown }: OpenOptions,
) {
  return registryOf(adapter, {
    name,
    settings: { servers: [server.url], requestsPerSecond: 10_000 },
    guard: { confirmations: 1000 },
    lastKnown,
  });
}

/** A driver of the inventory for any adapter that reads it. */
export function inventoryDriver(
  name: string,
  open: (server: InventoryServer, options: OpenOptions) => ServiceRegistry,
): ConformanceDriver {
  return {
    name,
    hostOf: (service) => `${service}.inventory`,
    expresses: ['health', 'weight', 'metadata', 'free-names', 'services-by-instances'],
    manyServices: 500,
    patience: 3_000,
    start: async (): Promise<RegistryUnderTest> => {
      const server = new InventoryServer();
      await server.start();
      return {
        open: (options) => open(server, options),
        register: async (instances) => server.register(instances),
        deregister: async (instances) => server.deregister(instances),
        break: () => server.stop(),
        heal: () => server.start(),
        breakService: async (service) => {
          server.broken.add(service);
          server.changed();
        },
        healService: async (service) => void server.broken.delete(service),
        resetIndex: async () => server.resetIndex(),
        writes: () => server.writes,
        requests: () => server.requests,
        stop: () => server.stop(),
      };
    },
  };
}
