/** The suite finds what is wrong: each of these adapters has one fault, and fails at the check that names it. */
import { map, Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { InventoryServer } from '../../../examples/adapters/inventory-server.js';
import {
  type Adapter,
  type AdapterContext,
  type ConnectionSettings,
  jsonClient,
  periodic,
  type ReadEvent,
  snapshot,
  snapshotOf,
} from '../../../src/adapter/index.js';
import { runCheck } from '../../../src/conformance/check.js';
import { checks } from '../../../src/conformance/checks.js';
import type { OpenOptions } from '../../../src/conformance/driver.js';
import type { ServiceRegistry } from '../../../src/registry/registry.js';
import {
  ask,
  inventoryDriver,
  opened,
  polled,
  polledWith,
  recordOf,
  servicesOf,
} from './polled-inventory.js';

type Reads = Observable<ReadEvent>;
type Open = (settings: ConnectionSettings, context: AdapterContext) => Reads;

/** Names beginning with those are dropped, as one does who takes names for hosts. */
const plainName = /^[a-z][a-z0-9-]*$/;

const faults: Readonly<Record<string, { readonly check: string; readonly open: Open }>> = {
  'an error as an empty set': {
    check: 'outage later',
    open: wholly((read) => (signal) => read(signal).catch(() => snapshotOf([]))),
  },
  'an error at the start as an empty registry': {
    check: 'outage at start',
    open: wholly((read) => {
      let isFirst = true;
      return (signal) =>
        read(signal).catch((error: unknown) => {
          if (!isFirst) throw error;
          isFirst = false;
          return snapshotOf([]);
        });
    }),
  },
  'a lost deletion': {
    check: 'deletion:',
    open: (settings, context) => {
      const known = new Map<string, Map<string, ReturnType<typeof recordOf>['instances'][number]>>();
      return reads(settings, context, (event) => {
        if (event.type !== 'service' || event.reading.outcome !== 'snapshot') return event;
        const instances = known.get(event.service) ?? new Map();
        for (const instance of event.reading.value.instances) instances.set(instance.id, instance);
        known.set(event.service, instances);
        const record = { ...event.reading.value, instances: [...instances.values()] };
        return { ...event, reading: snapshot(record) };
      });
    },
  },
  'a missing resync': {
    check: 'resync',
    open: (settings, context) =>
      new Observable((subscriber) => {
        // After a failure it goes on from where the server is, not from where it was itself.
        const client = jsonClient(settings, context);
        let lost = false;
        const end = new AbortController();
        const run = async (): Promise<void> => {
          let index = 0;
          while (!end.signal.aborted) {
            try {
              const at = { index, wait: 200, signal: end.signal };
              const answer = await ask(client, '/services', at);
              const records = servicesOf(answer.value).map(({ name, instances = [] }) =>
                recordOf(name, instances),
              );
              const isSilent = lost || answer.index === index;
              lost = false;
              index = answer.index;
              subscriber.next({
                type: 'registry',
                reading: isSilent ? { outcome: 'unchanged' } : snapshotOf(records),
              });
            } catch (error) {
              if (end.signal.aborted) return;
              lost = true;
              subscriber.next({ type: 'registry', reading: { outcome: 'failed', error } });
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
          }
        };
        run().catch((error: unknown) => subscriber.error(error));
        return () => end.abort();
      }),
  },
  'a leaked timer': {
    check: 'leaves nothing behind',
    open: (settings, context) =>
      new Observable((subscriber) => {
        const heartbeat = setInterval(() => undefined, 1_000);
        leaked.push(heartbeat);
        return reads(settings, context).subscribe(subscriber);
      }),
  },
  'requests that go on': {
    check: 'leaves nothing behind',
    open: (settings, context) =>
      new Observable((subscriber) => {
        const subscription = reads(settings, context).subscribe((event) => subscriber.next(event));
        leaked.push(setTimeout(() => subscription.unsubscribe(), 2_500).unref());
      }),
  },
  'a write to the registry': {
    check: 'reads only',
    open: (settings, context) =>
      new Observable((subscriber) => {
        const client = jsonClient(settings, context, { allow: ['POST /services/pilotlight'] });
        const end = new AbortController();
        client
          .read('/services/pilotlight', { method: 'POST', signal: end.signal, body: { heartbeat: true } })
          .catch((error: unknown) => subscriber.error(error));
        subscriber.add(() => end.abort());
        return reads(settings, context).subscribe(subscriber);
      }),
  },
  'health that is not read': {
    check: 'health',
    open: withInstances((instance) => ({ ...instance, health: 'healthy' })),
  },
  'metadata that count only with another address': {
    check: 'metadata-only change',
    open: (settings, context) => {
      const known = new Map<string, string>();
      return reads(settings, context, (event) => {
        if (event.type !== 'service' || event.reading.outcome !== 'snapshot') return event;
        const places = JSON.stringify(
          event.reading.value.instances.map(({ address, health }) => [address, health]),
        );
        if (known.get(event.service) === places) return { ...event, reading: { outcome: 'unchanged' } };
        known.set(event.service, places);
        return event;
      });
    },
  },
  'a weight of 0 as 1': {
    check: 'weight',
    open: withInstances((instance) => ({
      ...instance,
      weight: instance.weight === 0 ? 1 : (instance.weight ?? 1),
    })),
  },
  'a service that cannot be read as one that is gone': {
    check: 'partial failure:',
    open: (settings, context) =>
      reads(settings, context, (event) =>
        event.type === 'service' && event.reading.outcome === 'failed'
          ? { type: 'removed', service: event.service }
          : event,
      ),
  },
  'an index that only goes up': {
    check: 'index reset',
    open: (settings, context) => {
      const client = jsonClient(settings, context);
      let highest = 0;
      return new Observable((subscriber) => {
        const end = new AbortController();
        const run = async (): Promise<void> => {
          while (!end.signal.aborted) {
            const answer = await ask(client, '/services', { index: highest, wait: 300, signal: end.signal });
            if (answer.index <= highest) continue;
            highest = answer.index;
            const records = servicesOf(answer.value).map(({ name, instances = [] }) =>
              recordOf(name, instances),
            );
            subscriber.next({ type: 'registry', reading: snapshotOf(records) });
          }
        };
        run().catch((error: unknown) => {
          if (!end.signal.aborted) subscriber.error(error);
        });
        return () => end.abort();
      });
    },
  },
  'names that are dropped in silence': {
    check: 'illegal names',
    open: wholly((read) => async (signal) => {
      const reading = await read(signal);
      return reading.outcome === 'snapshot'
        ? snapshot(reading.value.filter(({ service }) => plainName.test(service)))
        : reading;
    }),
  },
};

/** What faulty adapters leave behind; ended here, as they do not. */
const leaked: NodeJS.Timeout[] = [];

describe.each(Object.entries(faults))('%s', (name, { check: beginning, open }) => {
  const check = checks.find((each) => each.name.startsWith(beginning));

  test(`fails at "${beginning}", which an adapter without fault passes`, async () => {
    if (check === undefined) throw new Error(`there is no check ${beginning}`);
    const faulty: Adapter<ConnectionSettings> = { ...polled, open };
    const drive =
      (adapter: Adapter<ConnectionSettings>) =>
      (server: InventoryServer, options: OpenOptions): ServiceRegistry =>
        opened(adapter, server, options);
    expect(await runCheck(check, inventoryDriver('faultless', drive(polled)))).toMatchObject({
      outcome: 'passed',
    });
    const result = await runCheck(check, inventoryDriver(name, drive(faulty)));
    for (const timer of leaked.splice(0)) clearInterval(timer);
    expect(result).toMatchObject({ outcome: 'failed' });
    expect(result.reason).not.toBe('');
  });
});

/** The adapter without fault, with its events altered. */
function reads(
  settings: ConnectionSettings,
  context: AdapterContext,
  alter: (event: ReadEvent) => ReadEvent = (event) => event,
): Reads {
  return polledWith(jsonClient(settings, context), context).pipe(map(alter));
}

type Instances = ReturnType<typeof recordOf>['instances'];

function withInstances(alter: (instance: Instances[number]) => Instances[number]): Open {
  return (settings, context) =>
    reads(settings, context, (event) =>
      event.type === 'service' && event.reading.outcome === 'snapshot'
        ? {
            ...event,
            reading: snapshot({
              ...event.reading.value,
              instances: event.reading.value.instances.map(alter),
            }),
          }
        : event,
    );
}

type Read = Parameters<typeof periodic>[0]['read'];

/** An adapter that reads the inventory as a whole. */
function wholly(alter: (read: Read) => Read): Open {
  return (settings, context) => {
    const client = jsonClient(settings, context);
    const read: Read = async (signal) =>
      snapshotOf(
        servicesOf((await client.read('/services', { signal })).body).map(({ name, instances = [] }) =>
          recordOf(name, instances),
        ),
      );
    return periodic({ read: alter(read) }, { every: 50, backoff: { first: 50, most: 100 } }, context);
  };
}
