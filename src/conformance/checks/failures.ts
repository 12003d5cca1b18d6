/** A registry that cannot be read takes nothing away. */
import assert from 'node:assert/strict';
import type { Watched } from '../bench.js';
import { type Bench, instances, placesOf } from '../bench.js';
import type { Check } from '../check.js';

export const failureChecks: readonly Check[] = [
  {
    name: 'outage at start: is no empty registry, and ends by itself',
    needs: ['break', 'heal'],
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web);
      await bench.server.break?.();
      const watched = bench.watch();
      await watched.until('the registry cannot be read', ({ status }) => status.state === 'failed');
      assert.equal(watched.view.synced, false, 'not everything was said');
      await bench.server.heal?.();
      await bench.untilAddresses(watched, 'web', placesOf(web));
      await watched.until(
        'the registry is healthy',
        ({ status, synced }) => status.state === 'healthy' && synced,
      );
    },
  },
  {
    name: 'outage later: everything stays, marked stale, until the registry is back',
    needs: ['break', 'heal'],
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web);
      const watched = await bench.synced();
      await bench.server.break?.();
      await untilBroken(bench, watched);
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
      assert.ok(watched.view.safety.stale.size > 0, 'it is marked stale');
      assert.ok(
        bench.endpoints(watched, 'web').every(({ provenance }) => provenance.stale === true),
        'endpoints say that they are stale',
      );
      assert.equal(watched.view.safety.held.length, 0, 'nothing was said to be gone');
      await bench.server.heal?.();
      await watched.until(
        'nothing is stale',
        ({ safety, status }) => status.state === 'healthy' && safety.stale.size === 0,
      );
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
    },
  },
  {
    name: 'resync: what changed during an outage is there after it',
    needs: ['break', 'heal'],
    run: async (bench) => {
      const web = instances('web', 4);
      const api = instances('api', 1, '10.0.1');
      await bench.server.register(web.slice(0, 3));
      const watched = await bench.synced();
      await bench.server.break?.();
      await untilBroken(bench, watched);
      await bench.server.register([...web.slice(3), ...api]);
      await bench.server.deregister(web.slice(0, 1));
      await bench.server.heal?.();
      await bench.untilAddresses(watched, 'web', placesOf(web.slice(1)));
      await bench.untilAddresses(watched, 'api', placesOf(api));
    },
  },
  {
    name: 'partial failure: the service that cannot be read stays, stale, and the others are followed',
    needs: ['breakService', 'healService'],
    run: async (bench) => {
      const web = instances('web', 2);
      const api = instances('api', 2, '10.0.1');
      await bench.server.register([...web, ...api.slice(0, 1)]);
      const watched = await bench.synced();
      await bench.server.breakService?.('web');
      await watched.until('the service is marked stale', ({ safety }) => safety.stale.size === 1);
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
      assert.equal(watched.view.safety.held.length, 0, 'nothing was said to be gone');
      await bench.server.register(api.slice(1));
      await bench.untilAddresses(watched, 'api', placesOf(api));
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
      await bench.server.healService?.('web');
      await watched.until(
        'nothing is stale',
        ({ safety, status }) => safety.stale.size === 0 && status.state === 'healthy',
      );
    },
  },
  {
    name: 'partial failure at start: the other services are said',
    needs: ['breakService', 'healService'],
    run: async (bench) => {
      const web = instances('web', 2);
      const api = instances('api', 2, '10.0.1');
      await bench.server.register([...web, ...api]);
      await bench.server.breakService?.('web');
      const watched = await bench.synced();
      assert.deepEqual(bench.addresses(watched, 'api'), placesOf(api));
      await bench.server.healService?.('web');
      await bench.untilAddresses(watched, 'web', placesOf(web));
    },
  },
  {
    name: 'expired credential: everything stays, and the new one is taken up',
    needs: ['expireCredential', 'renewCredential'],
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web);
      const watched = await bench.synced();
      await bench.server.expireCredential?.();
      await watched.until('the registry is not healthy', ({ status }) => status.state !== 'healthy');
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
      await bench.server.renewCredential?.();
      await watched.until('the registry is healthy', ({ status }) => status.state === 'healthy');
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
    },
  },
  {
    name: 'index reset: changes after it are noticed',
    needs: ['resetIndex'],
    run: async (bench) => {
      const web = instances('web', 4);
      await bench.server.register(web.slice(0, 1));
      const watched = await bench.synced();
      // So that every index is far ahead of where it begins again.
      for (const each of instances('ballast', 20, '10.0.2')) await bench.server.register([each]);
      await bench.server.register(web.slice(1, 2));
      await bench.untilAddresses(watched, 'web', placesOf(web.slice(0, 2)));
      await bench.server.resetIndex?.();
      await bench.server.register(web.slice(2, 3));
      await bench.untilAddresses(watched, 'web', placesOf(web.slice(0, 3)));
      await bench.server.register(web.slice(3));
      await bench.untilAddresses(watched, 'web', placesOf(web));
    },
  },
  {
    name: 'restart with the registry down: serves what was last known, marked stale',
    needs: ['break', 'heal'],
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web);
      const lastKnown = await bench.keeper();
      const first = await bench.synced({ lastKnown });
      if (first.registry.safety?.lastKnown === undefined) return;
      await first.until('the registry is healthy', ({ status }) => status.state === 'healthy');
      first.end();
      await bench.server.break?.();
      const second = await bench.synced({ lastKnown });
      assert.deepEqual(bench.addresses(second, 'web'), placesOf(web));
      assert.ok(second.view.safety.stale.size > 0, 'it is marked stale');
      await bench.server.heal?.();
      await second.until(
        'nothing is stale',
        ({ safety, status }) => safety.stale.size === 0 && status.state === 'healthy',
      );
      assert.deepEqual(bench.addresses(second, 'web'), placesOf(web));
    },
  },
];

async function untilBroken({ driver }: Bench, watched: Watched): Promise<void> {
  const { brokenState = 'failed' } = driver;
  await watched.until(`the registry has ${brokenState}`, ({ status }) => status.state === brokenState);
}
