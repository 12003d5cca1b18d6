import { Subject, type Subscription } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import {
  defineAdapter,
  failed,
  type ReadEvent,
  registryOf,
  type ServiceRecord,
  SettingsRefused,
  snapshot,
  snapshotOf,
  unchanged,
} from '../../../src/adapter/index.js';
import type { RegistryEvent } from '../../../src/registry/registry.js';
import { RegistryStore } from '../../../src/registry/store.js';

let subscription: Subscription | undefined;
afterEach(() => subscription?.unsubscribe());

function record(service: string, ...addresses: readonly string[]): ServiceRecord {
  return {
    service,
    instances: addresses.map((address) => ({
      id: address,
      address,
      ports: [{ port: 80 }],
      health: 'healthy',
    })),
  };
}

/** A registry of which a test says what is read. */
function scripted() {
  const reads$ = new Subject<ReadEvent>();
  const adapter = defineAdapter({
    type: 'scripted',
    summary: 'a script',
    settings: { type: 'object' },
    open: () => reads$,
  });
  const registry = registryOf(adapter, { name: 'one' });
  const store = new RegistryStore(registry, { safety: registry.safety });
  const told: RegistryEvent[] = [];
  subscription = registry.watch().subscribe((event) => {
    told.push(event);
    store.apply(event);
  });
  return {
    store,
    say: (...events: readonly ReadEvent[]): void => {
      for (const event of events) reads$.next(event);
    },
    news: () => told.splice(0),
    hosts: () => [...store.view().services.values()].map(({ hostname }) => hostname).sort(),
  };
}

const whole = (...records: readonly ServiceRecord[]): ReadEvent => ({
  type: 'registry',
  reading: snapshotOf(records),
});

test('a read that finds nothing new tells so, and nothing else', () => {
  const { say, news } = scripted();
  say(whole(record('web', '10.0.0.1')));
  expect(news().map(({ type }) => type)).toContain('synced');
  say(whole(record('web', '10.0.0.1')));
  expect(new Set(news().map(({ type }) => type))).toEqual(new Set(['unchanged']));
});

test('the status is of the whole, of the list, or of single services', () => {
  const { store, say } = scripted();
  const status = () => store.view().status;
  say({ type: 'registry', reading: failed(new Error('no route')) });
  expect(status()).toMatchObject({ state: 'failed', message: expect.stringContaining('no route') });
  say(whole(record('web', '10.0.0.1'), record('api', '10.0.1.1')));
  expect(status()).toEqual({ state: 'healthy' });
  say({ type: 'service', service: 'web', reading: failed(new Error('HTTP 500')) });
  expect(status()).toMatchObject({ state: 'degraded', message: expect.stringContaining('1 of 2 services') });
  say({ type: 'listed', reading: failed(new Error('HTTP 502')) });
  expect(status()).toMatchObject({ state: 'degraded', message: expect.stringContaining('HTTP 502') });
  say({ type: 'service', service: 'api', reading: failed(new Error('HTTP 500')) });
  expect(status()).toMatchObject({ state: 'failed' });
  say({ type: 'listed', reading: unchanged }, { type: 'service', service: 'api', reading: unchanged });
  expect(status()).toMatchObject({ state: 'degraded' });
  say({ type: 'service', service: 'web', reading: snapshot(record('web', '10.0.0.1')) });
  expect(status()).toEqual({ state: 'healthy' });
});

test('of two services with one host the first by name has it; the other has it once that is gone', () => {
  const { store, say, hosts } = scripted();
  say(whole(record('web_shop', '10.0.0.2')));
  expect(hosts()).toEqual(['web-shop.one']);
  say(whole(record('web-shop', '10.0.0.1'), record('web_shop', '10.0.0.2')));
  store.releaseHeld();
  expect([...store.view().services.keys()]).toEqual(['web-shop']);
  expect(store.view().quarantined).toMatchObject([
    { key: 'web_shop', reason: expect.stringContaining('is that of the service "web-shop"') },
  ]);
  say(whole(record('web_shop', '10.0.0.2')));
  store.releaseHeld();
  expect([...store.view().services.keys()]).toEqual(['web_shop']);
  expect(store.view().quarantined).toEqual([]);
});

test('a service that becomes illegal stays as it was, with the reason', () => {
  const { store, say, hosts } = scripted();
  say(whole(record('web', '10.0.0.1')));
  const broken = { service: 'web', instances: undefined } as unknown as ServiceRecord;
  say({ type: 'service', service: 'web', reading: snapshot(broken) });
  expect(hosts()).toEqual(['web.one']);
  expect(store.view().quarantined).toMatchObject([
    { key: 'web', reason: expect.stringContaining('understood') },
  ]);
});

test('what a stream does not say again before it is synced is gone, and not before', () => {
  const { store, say } = scripted();
  const said = (service: string): ReadEvent => ({
    type: 'service',
    service,
    reading: snapshot(record(service, '10.0.0.1')),
  });
  say({ type: 'restart' }, said('web'), said('api'), { type: 'synced' });
  say({ type: 'registry', reading: failed(new Error('cut')) }, { type: 'restart' }, said('api'));
  expect(store.view().services.size).toBe(2);
  say({ type: 'synced' });
  expect(store.view().safety.held.map(({ key }) => key)).toEqual(['web']);
  expect(store.view().status.state).toBe('healthy');
});

test('further lists without a service confirm that it is gone', () => {
  const { store, say } = scripted();
  const list = (...names: readonly string[]): ReadEvent => ({ type: 'listed', reading: snapshot(names) });
  say(list('web', 'api'));
  for (const service of ['web', 'api'])
    say({ type: 'service', service, reading: snapshot(record(service, '10.0.0.1')) });
  say({ type: 'synced' }, list('api'));
  expect(store.view().safety.held).toHaveLength(1);
  say({ type: 'listed', reading: unchanged }, list('api'));
  expect([...store.view().services.keys()]).toEqual(['api']);
});

test('settings are checked with the names of fields, before anything is opened', () => {
  const adapter = defineAdapter<{ readonly servers: readonly string[] }>({
    type: 'strict',
    summary: '',
    settings: {
      type: 'object',
      additionalProperties: false,
      required: ['servers'],
      properties: { servers: { type: 'array', items: { type: 'string' } } },
    },
    open: () => {
      throw new Error('it was opened');
    },
  });
  const problemsOf = (settings: unknown): readonly string[] => {
    try {
      registryOf(adapter, { settings });
    } catch (error) {
      if (error instanceof SettingsRefused) return error.problems;
      throw error;
    }
    return [];
  };
  expect(problemsOf({})).toEqual(['settings.servers is missing']);
  expect(problemsOf({ servers: ['a', 1], server: 'x' })).toEqual([
    'settings.server is not known',
    'settings.servers[1] must be string',
  ]);
  expect(() => registryOf(adapter, { settings: { servers: [] }, mapping: { host: '{service' } })).toThrow(
    'mapping.host',
  );
});

test('a registry that is listed in parts loses of each part what that part does not name', () => {
  const { store, say } = scripted();
  const list = (part: string, ...names: readonly string[]): ReadEvent => ({
    type: 'listed',
    reading: snapshot(names),
    part,
  });
  say(list('east', 'east/web', 'east/api'), list('west', 'west/web'));
  for (const service of ['east/web', 'east/api', 'west/web'])
    say({ type: 'service', service, reading: snapshot(record(service, '10.0.0.1')) });
  say({ type: 'synced' }, list('east', 'east/api'));
  expect(store.view().safety.held.map(({ key }) => key)).toEqual(['east/web']);
  // What another part says confirms nothing.
  for (let times = 0; times < 3; times += 1) say(list('west', 'west/web'));
  expect(store.view().safety.held).toHaveLength(1);
  say({ type: 'listed', reading: failed(new Error('no path')), part: 'west' }, list('east', 'east/api'));
  expect(store.view().status).toMatchObject({
    state: 'degraded',
    message: expect.stringContaining('west: no path'),
  });
  expect([...store.view().services.keys()]).toContain('west/web');
});
