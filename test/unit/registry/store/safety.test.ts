import { describe, expect, it } from 'vitest';
import type { RegistryEvent } from '../../../../src/registry/registry.js';
import { defaultGuard } from '../../../../src/registry/safety.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import { endpoint, endpointsEvent, entryService, serviceEvent } from './values.js';

const identity = { provider: 'test', cluster: 'one' };
const synced: RegistryEvent = { type: 'synced' };
const guard = { ...defaultGuard, share: 0.5, least: 3, window: 10_000, confirmations: 2, holdFor: 30_000 };

function service(name: string) {
  return entryService(`${name}.example`, name);
}

function keyOf(name: string): string {
  const { attributes, hostname, defaultAddress } = service(name);
  return `${attributes.namespace}/${name}/${hostname}/${defaultAddress}`;
}

function endpointsOf(name: string, count: number): RegistryEvent {
  return endpointsEvent(
    service(name),
    Array.from({ length: count }, (_, index) => endpoint(`10.0.0.${index + 1}`)),
  );
}

/** A store with a clock that tests turn. */
function guarded(counts: Readonly<Record<string, number>>) {
  const clock = { now: 1_000_000 };
  const store = new RegistryStore(identity, { safety: { guard }, now: () => clock.now });
  for (const [name, count] of Object.entries(counts)) {
    store.apply(serviceEvent(service(name)));
    store.apply(endpointsOf(name, count));
  }
  store.apply(synced);
  const inForce = (name: string): number => store.view().endpoints.get(keyOf(name))?.endpoints.length ?? 0;
  return { clock, store, inForce };
}

describe('the removal guard', () => {
  it('holds the loss of a service’s last endpoint, and says so', () => {
    const { store, inForce } = guarded({ web: 2, api: 40 });
    store.apply(endpointsOf('web', 0));
    expect(inForce('web')).toBe(2);
    expect(store.view().safety.held).toMatchObject([
      { key: keyOf('web'), hostname: 'web.example', endpoints: 2, reason: 'its last endpoints are gone' },
    ]);
    expect(store.view().safety.counts).toMatchObject({ held: 1, confirmed: 0 });
  });

  it('lets a few endpoints go at once', () => {
    const { store, inForce } = guarded({ web: 10, api: 10 });
    store.apply(endpointsOf('web', 6));
    expect(inForce('web')).toBe(6);
    expect(store.view().safety.held).toEqual([]);
  });

  it('holds what would go beyond the share of the registry within the window', () => {
    const { store, clock, inForce } = guarded({ web: 10, api: 10 });
    store.apply(endpointsOf('web', 5));
    store.apply(endpointsOf('api', 4));
    expect([inForce('web'), inForce('api')]).toEqual([5, 10]);
    expect(store.view().safety.held[0]?.reason).toBe(
      '11 of 20 endpoints of the registry are gone within 10 s',
    );
    clock.now += 20_000;
    store.apply(endpointsOf('web', 4));
    expect(inForce('web')).toBe(4);
  });

  it('believes it after further reads that say the same', () => {
    const { store, inForce } = guarded({ web: 2 });
    store.apply(endpointsOf('web', 0));
    store.apply({ type: 'unchanged', key: keyOf('web') });
    expect(inForce('web')).toBe(2);
    store.apply({ type: 'unchanged', key: keyOf('web') });
    expect(inForce('web')).toBe(0);
    expect(store.view().safety).toMatchObject({ held: [], counts: { held: 1, confirmed: 1 } });
    expect(store.takeReleased().map(({ type }) => type)).toEqual(['endpoints']);
    expect(store.takeReleased()).toEqual([]);
  });

  it('does not count the end of the very read that said it as another one', () => {
    const { store, inForce } = guarded({ web: 2 });
    store.apply({ type: 'service-removed', key: keyOf('web') });
    store.apply({ type: 'unchanged' });
    expect(store.view().safety.held[0]?.confirmations).toBe(0);
    store.apply({ type: 'unchanged' });
    expect(inForce('web')).toBe(2);
    store.apply({ type: 'unchanged' });
    expect(inForce('web')).toBe(0);
    expect(store.view().services.size).toBe(0);
  });

  it('believes it after a time, but not while the registry cannot be read', () => {
    const { store, clock, inForce } = guarded({ web: 2 });
    store.apply(endpointsOf('web', 0));
    expect(store.nextDue()).toBe(clock.now + guard.holdFor);
    clock.now += guard.holdFor - 1;
    store.apply({ type: 'status', status: { state: 'failed', message: 'no route' } });
    clock.now += guard.holdFor - 1;
    store.tick();
    expect(store.nextDue()).toBeUndefined();
    expect(inForce('web')).toBe(2);
    store.apply({ type: 'status', status: { state: 'healthy' } });
    clock.now += 1;
    store.tick();
    expect(inForce('web')).toBe(0);
    expect(store.view().safety.counts).toMatchObject({ expired: 1 });
  });

  it('forgets it when the endpoints come back', () => {
    const { store, inForce } = guarded({ web: 2 });
    const before = store.view().endpoints;
    store.apply({ type: 'service-removed', key: keyOf('web') });
    store.apply(serviceEvent(service('web')));
    expect(store.apply(endpointsOf('web', 2))).toBe(true);
    expect(inForce('web')).toBe(2);
    expect(store.view().endpoints).toBe(before);
    expect(store.view().safety).toMatchObject({ held: [], counts: { cancelled: 1 } });
  });

  it('lets go what a person lets go: one, or all', () => {
    const { store, inForce } = guarded({ web: 2, api: 2 });
    store.apply(endpointsOf('web', 0));
    store.apply(endpointsOf('api', 0));
    expect(store.releaseHeld(keyOf('web'))).toBe(1);
    expect([inForce('web'), inForce('api')]).toEqual([0, 2]);
    expect(store.releaseHeld()).toBe(1);
    expect(inForce('api')).toBe(0);
    expect(store.view().safety.counts).toMatchObject({ overridden: 2 });
  });

  it('holds what a new reading does not say any more', () => {
    const { store, inForce } = guarded({ web: 2, api: 2 });
    store.restart();
    store.apply(serviceEvent(service('api')));
    store.apply(endpointsOf('api', 2));
    store.apply(synced);
    expect(inForce('web')).toBe(2);
    expect(store.view().services.size).toBe(2);
    store.releaseHeld();
    expect(store.view().services.size).toBe(1);
  });

  it('does not hold health that turns bad', () => {
    const { store } = guarded({ web: 2 });
    const down = [
      endpoint('10.0.0.1', { health: 'unhealthy' }),
      endpoint('10.0.0.2', { health: 'unhealthy' }),
    ];
    store.apply(endpointsEvent(service('web'), down));
    expect(store.view().endpoints.get(keyOf('web'))?.endpoints).toEqual(down);
    expect(store.view().safety.held).toEqual([]);
  });
});

describe('what cannot be read', () => {
  it('stays, marked stale, by itself or with the whole registry', () => {
    const { store, inForce } = guarded({ web: 1, api: 1 });
    store.apply({ type: 'failed', key: keyOf('web'), reason: 'HTTP 500' });
    expect(store.view().safety.stale.get(keyOf('web'))).toMatchObject({ of: 'part', reason: 'HTTP 500' });
    expect(store.view().endpoints.get(keyOf('web'))?.endpoints[0]?.provenance.stale).toBe(true);
    expect(store.view().endpoints.get(keyOf('api'))?.endpoints[0]?.provenance.stale).toBeUndefined();
    store.apply({ type: 'status', status: { state: 'failed', message: 'no route' } });
    expect([...store.view().safety.stale.keys()].sort()).toEqual([keyOf('api'), keyOf('web')]);
    expect(store.view().safety.readable).toBe(false);
    store.apply({ type: 'status', status: { state: 'healthy' } });
    expect([...store.view().safety.stale.keys()]).toEqual([keyOf('web')]);
    store.apply({ type: 'unchanged', key: keyOf('web') });
    expect(store.view().safety.stale.size).toBe(0);
    expect(store.view().endpoints.get(keyOf('web'))?.endpoints[0]).toEqual(endpoint('10.0.0.1'));
    expect(inForce('web')).toBe(1);
  });

  it('is not swept by a reading that could not read it', () => {
    const { store, inForce } = guarded({ web: 1, api: 1 });
    store.restart();
    store.apply({ type: 'failed', key: keyOf('web'), reason: 'HTTP 500' });
    store.apply({ type: 'unchanged', key: keyOf('api') });
    store.apply(synced);
    expect([inForce('web'), inForce('api')]).toEqual([1, 1]);
    expect(store.view().safety.held).toEqual([]);
  });
});

describe('what was last known', () => {
  const { store: source } = guarded({ web: 2 });
  const { services, endpoints } = source.view();
  const lastKnown = {
    at: 1_000_000,
    services: [...services],
    endpoints: [...endpoints],
    workloads: [],
    gateways: [],
  };

  function restored() {
    const clock = { now: 1_060_000 };
    const store = new RegistryStore(identity, { safety: { guard }, now: () => clock.now });
    store.restore(lastKnown);
    return { store, clock };
  }

  it('counts once the registry is known to be down, stale', () => {
    const { store } = restored();
    expect(store.view().synced).toBe(false);
    store.apply({ type: 'status', status: { state: 'failed', message: 'no route' } });
    const view = store.view();
    expect(view.synced).toBe(true);
    expect(view.safety).toMatchObject({ restored: 1, readable: false });
    expect(view.endpoints.get(keyOf('web'))?.endpoints.map(({ provenance }) => provenance.stale)).toEqual([
      true,
      true,
    ]);
  });

  it('gives way to what the registry says, and its loss is held like any other', () => {
    const { store } = restored();
    store.apply(serviceEvent(service('api')));
    store.apply(endpointsOf('api', 1));
    store.apply(synced);
    expect([...store.view().services.keys()].sort()).toEqual([keyOf('api'), keyOf('web')]);
    expect(store.view().safety.held).toHaveLength(1);
    store.releaseHeld();
    expect([...store.view().services.keys()]).toEqual([keyOf('api')]);
    expect(store.view().safety.restored).toBe(0);
  });

  it('ends at its expiry', () => {
    const { store, clock } = restored();
    store.apply({ type: 'status', status: { state: 'failed', message: 'no route' } });
    expect(store.nextDue(100_000)).toBe(lastKnown.at + 100_000);
    clock.now = lastKnown.at + 100_000;
    store.tick(100_000);
    expect(store.view().services.size).toBe(0);
    expect(store.nextDue(100_000)).toBeUndefined();
    expect(store.takeReleased().map(({ type }) => type)).toEqual(['service-removed']);
  });
});
