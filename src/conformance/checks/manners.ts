/** How an adapter behaves towards its registry, other registries and the process. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { firstValueFrom, takeWhile, toArray } from 'rxjs';
import { serviceKey } from '../../model/service.js';
import { aggregate } from '../../registry/aggregate.js';
import { instances, placesOf } from '../bench.js';
import type { Check } from '../check.js';

/** How long it is looked whether something still goes on that should have ended. */
const lookFor = 1_500;

export const mannersChecks: readonly Check[] = [
  {
    name: 'two registries with one host: each one’s endpoints are its own',
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web);
      const one = await bench.synced({ name: 'one' });
      const two = await bench.synced({ name: 'two' });
      const key = serviceKey(bench.host('web'), bench.namespace);
      const shards = aggregate([one.view, two.view]).shards.get(key) ?? [];
      assert.deepEqual(shards.map(({ cluster }) => cluster).sort(), ['one', 'two']);
      for (const { endpoints } of shards) assert.equal(endpoints.length, web.length);
      two.end();
      await bench.server.register(instances('web', 3).slice(2));
      await bench.untilAddresses(one, 'web', placesOf(instances('web', 3)));
      assert.equal(
        bench.addresses(two, 'web').length,
        web.length,
        'a watch that was ended says nothing more',
      );
    },
  },
  {
    name: 'watched twice: every watch is told everything',
    run: async (bench) => {
      await bench.server.register(instances('web', 2));
      const registry = bench.server.open({ name: 'one' });
      const tell = () =>
        firstValueFrom(
          registry.watch().pipe(
            takeWhile(({ type }) => type !== 'synced'),
            toArray(),
          ),
        );
      for (const events of [await tell(), await tell()]) {
        const told = events.flatMap((event) =>
          event.type === 'endpoints' && event.hostname === bench.host('web') ? [event.endpoints.length] : [],
        );
        assert.deepEqual(told, [2]);
      }
    },
  },
  {
    name: 'reads only: nothing is asked of the registry that is not a read',
    needs: ['writes'],
    run: async (bench) => {
      const web = instances('web', 2);
      await bench.server.register(web.slice(0, 1));
      const watched = await bench.synced();
      await bench.server.register(web.slice(1));
      await bench.untilAddresses(watched, 'web', placesOf(web));
      watched.end();
      assert.deepEqual(bench.server.writes?.(), [], 'the registry was written to');
    },
  },
  {
    name: 'leaves nothing behind: no timer and no request once nobody watches',
    run: async (bench) => {
      await bench.server.register(instances('web', 1));
      const before = timers();
      const watched = await bench.synced();
      watched.end();
      const limit = Date.now() + lookFor;
      while (timers() > before && Date.now() < limit) await delay(20);
      assert.ok(timers() <= before, `${timers() - before} timers are left`);
      if (bench.server.requests === undefined) return;
      // What was on its way arrives.
      await delay(lookFor);
      const asked = bench.server.requests();
      await delay(lookFor);
      assert.equal(bench.server.requests?.(), asked, 'requests are still made');
    },
  },
];

function timers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
}
