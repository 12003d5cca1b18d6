/** What is gone goes, but not all of it at once. */
import assert from 'node:assert/strict';
import { instances, placesOf } from '../bench.js';
import type { Check } from '../check.js';

export const removalChecks: readonly Check[] = [
  {
    name: 'deletion: an instance that is deregistered goes',
    run: async (bench) => {
      const web = instances('web', 3);
      await bench.server.register(web);
      const watched = await bench.synced();
      await bench.server.deregister(web.slice(2));
      await bench.untilAddresses(watched, 'web', placesOf(web.slice(0, 2)));
    },
  },
  {
    name: 'deletion of a service: its last instance goes, at once or once it is let through',
    run: async (bench) => {
      const web = instances('web', 1);
      const api = instances('api', 1, '10.0.1');
      await bench.server.register([...web, ...api]);
      const watched = await bench.synced();
      await bench.server.deregister(web);
      await watched.until(
        'the removal is held, or in force',
        ({ safety }) => safety.held.length > 0 || bench.addresses(watched, 'web').length === 0,
      );
      watched.release();
      await bench.untilAddresses(watched, 'web', []);
      assert.deepEqual(bench.addresses(watched, 'api'), placesOf(api));
      await bench.server.register(web);
      await bench.untilAddresses(watched, 'web', placesOf(web));
    },
  },
  {
    name: 'sudden emptiness: endpoints stay until it is confirmed, and what comes back was never away',
    run: async (bench) => {
      const web = instances('web', 10);
      await bench.server.register(web);
      const watched = await bench.synced();
      await bench.server.deregister(web);
      if (watched.registry.safety?.guard === undefined) {
        await bench.untilAddresses(watched, 'web', []);
        return;
      }
      await watched.until('the removal is held', ({ safety }) => safety.held.length > 0);
      assert.deepEqual(bench.addresses(watched, 'web'), [...placesOf(web)].sort());
      await bench.server.register(web);
      await watched.until('nothing is held any more', ({ safety }) => safety.held.length === 0);
      assert.deepEqual(bench.addresses(watched, 'web'), [...placesOf(web)].sort());
      assert.equal(watched.view.safety.counts.cancelled, 1, 'one removal was cancelled');
    },
  },
];
