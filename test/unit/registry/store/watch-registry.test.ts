import type { Observable } from 'rxjs';
import { concat, EMPTY, NEVER, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { RegistryEvent, ServiceRegistry } from '../../../../src/registry/registry.js';
import { RegistryStore } from '../../../../src/registry/store.js';
import { runRegistry } from '../../../../src/registry/watch-registry.js';
import { kubernetesService, serviceEvent } from './values.js';

const synced: RegistryEvent = { type: 'synced' };
const web = serviceEvent(kubernetesService('web'));
const api = serviceEvent(kubernetesService('api'));

/** A registry whose watches give what the next of these is; the last again and again. */
function registryOf(...watches: readonly Observable<RegistryEvent>[]): ServiceRegistry & { watched: number } {
  return {
    provider: 'Mock',
    cluster: 'east',
    watched: 0,
    watch() {
      const watch = watches[Math.min(this.watched, watches.length - 1)] ?? NEVER;
      this.watched += 1;
      return watch;
    },
  };
}

/** Lets a clock run for a time, with what is planned to happen within it. */
function advance(scheduler: VirtualTimeScheduler, milliseconds: number): void {
  scheduler.maxFrames = scheduler.frame + milliseconds;
  scheduler.flush();
  scheduler.frame = scheduler.maxFrames;
}

function hostsIn(store: RegistryStore): readonly string[] {
  return [...store.view().services.values()].map(({ attributes }) => attributes.name);
}

describe('runRegistry', () => {
  it('takes events into the store and tells of those that change it', () => {
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const told: string[] = [];
    const watch = new Subject<RegistryEvent>();
    const running = runRegistry(registryOf(watch), store, (event) => told.push(event.type));
    for (const event of [web, web, synced]) watch.next(event);
    expect(told).toEqual(['service', 'synced']);
    expect(hostsIn(store)).toEqual(['web']);
    running.unsubscribe();
    expect(watch.observed).toBe(false);
  });

  it.each([
    [
      'fails',
      throwError(() => new Error('connection refused')),
      'failed',
      'cannot be watched (connection refused)',
    ],
    ['completes', EMPTY, 'degraded', 'ended its watch'],
  ] as const)('keeps everything in force and tries again when a watch %s', (_, end, state, what) => {
    const scheduler = new VirtualTimeScheduler();
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const registry = registryOf(concat(of(web, api, synced), end), concat(of(web), NEVER));
    const running = runRegistry(registry, store, undefined, { scheduler, random: () => 0 });
    expect(store.view().status).toEqual({
      state,
      message: `registry Mock/east ${what}; what it said stays in force; trying again in 1 s`,
    });
    expect(hostsIn(store)).toEqual(['web', 'api']);
    expect(registry.watched).toBe(1);
    advance(scheduler, 999);
    expect(registry.watched).toBe(1);
    advance(scheduler, 1);
    expect(registry.watched).toBe(2);
    expect(hostsIn(store)).toEqual(['web', 'api']);
    expect(store.view().synced).toBe(true);
    running.unsubscribe();
  });

  it('removes what a new watch lacks once that has said everything', () => {
    const scheduler = new VirtualTimeScheduler();
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const again = new Subject<RegistryEvent>();
    const registry = registryOf(
      concat(
        of(web, api, synced),
        throwError(() => new Error('gone')),
      ),
      again,
    );
    const running = runRegistry(registry, store, undefined, { scheduler, random: () => 0 });
    advance(scheduler, 1000);
    again.next(api);
    expect(hostsIn(store)).toEqual(['web', 'api']);
    again.next(synced);
    expect(hostsIn(store)).toEqual(['api']);
    expect(store.view().status).toEqual({ state: 'healthy' });
    running.unsubscribe();
  });

  it('waits longer after each failure, up to thirty seconds, and starts anew after a watch that said everything', () => {
    const scheduler = new VirtualTimeScheduler();
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const fails = throwError(() => new Error('down'));
    const registry = registryOf(fails, fails, fails, fails, fails, fails, concat(of(synced), fails), NEVER);
    const starts: number[] = [0];
    const running = runRegistry(registry, store, undefined, { scheduler, random: () => 1 });
    for (let second = 1; second <= 130; second += 1) {
      const before = registry.watched;
      advance(scheduler, 1000);
      if (registry.watched > before) starts.push(second);
    }
    const waits = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(waits).toEqual([2, 4, 8, 16, 30, 30, 2]);
    running.unsubscribe();
  });

  it('tries again when a registry cannot even begin to watch', () => {
    const scheduler = new VirtualTimeScheduler();
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const registry: ServiceRegistry = {
      provider: 'Mock',
      cluster: 'east',
      watch: () => {
        throw new Error('no address given');
      },
    };
    const running = runRegistry(registry, store, undefined, { scheduler, random: () => 0 });
    expect(store.view().status.state).toBe('failed');
    expect(store.view().status.message).toContain('no address given');
    running.unsubscribe();
  });

  it('does not try again once it was ended', () => {
    const scheduler = new VirtualTimeScheduler();
    const registry = registryOf(throwError(() => new Error('down')));
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    runRegistry(registry, store, undefined, { scheduler }).unsubscribe();
    advance(scheduler, 60_000);
    expect(registry.watched).toBe(1);
  });

  it('neither ends nor stalls another registry', () => {
    const scheduler = new VirtualTimeScheduler();
    const healthy = new Subject<RegistryEvent>();
    const silent = registryOf(NEVER);
    const stores = [0, 1, 2].map(() => new RegistryStore({ provider: 'Mock', cluster: 'east' }));
    const registries = [registryOf(throwError(() => new Error('down'))), silent, registryOf(healthy)];
    const running = registries.map((registry, index) =>
      runRegistry(registry, stores[index] ?? new RegistryStore(registry), undefined, { scheduler }),
    );
    for (const event of [web, synced]) healthy.next(event);
    expect(stores.map((store) => store.view().status.state)).toEqual(['failed', 'connecting', 'healthy']);
    for (const subscription of running) subscription.unsubscribe();
  });

  it('counts a failure to take an event in as one of the watch', () => {
    const scheduler = new VirtualTimeScheduler();
    const store = new RegistryStore({ provider: 'Mock', cluster: 'east' });
    const registry = registryOf(concat(of(web, synced), NEVER));
    const running = runRegistry(
      registry,
      store,
      () => {
        throw new Error('a listener broke');
      },
      { scheduler, random: () => 0 },
    );
    expect(store.view().status.state).toBe('failed');
    expect(store.view().status.message).toContain('a listener broke');
    expect(hostsIn(store)).toEqual(['web']);
    running.unsubscribe();
  });
});
