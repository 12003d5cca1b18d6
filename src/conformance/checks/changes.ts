/** Changes are followed. */
import assert from 'node:assert/strict';
import { addressOf, instances, placesOf } from '../bench.js';
import type { Check } from '../check.js';

export const changeChecks: readonly Check[] = [
  {
    name: 'update: a new instance, a new service and another address are noticed',
    run: async (bench) => {
      const [one, two] = instances('web', 2);
      assert.ok(one !== undefined && two !== undefined);
      await bench.server.register([one]);
      const watched = await bench.synced();
      await bench.server.register([two]);
      await bench.untilAddresses(watched, 'web', placesOf([one, two]));
      const moved = { ...two, address: '10.0.0.9', port: 9090 };
      await bench.server.register([moved]);
      await bench.untilAddresses(watched, 'web', placesOf([one, moved]));
      const api = instances('api', 1, '10.0.1');
      await bench.server.register(api);
      await bench.untilAddresses(watched, 'api', placesOf(api));
    },
  },
  {
    name: 'metadata-only change: labels follow it',
    needs: ['metadata'],
    run: async (bench) => {
      const [one] = instances('web', 1);
      assert.ok(one !== undefined);
      await bench.server.register([{ ...one, metadata: { track: 'stable' } }]);
      const watched = await bench.synced();
      const track = (): string | undefined => bench.endpoints(watched, 'web')[0]?.labels['track'];
      assert.equal(track(), 'stable', 'metadata are labels');
      await bench.server.register([{ ...one, metadata: { track: 'canary' } }]);
      await watched.until('the label track is canary', () => track() === 'canary');
    },
  },
  {
    name: 'health: each state reaches the endpoint, and an instance that is down stays there as unhealthy',
    needs: ['health'],
    run: async (bench) => {
      const [one, two] = instances('web', 2);
      assert.ok(one !== undefined && two !== undefined);
      await bench.server.register([one, { ...two, health: 'unhealthy' }]);
      const watched = await bench.synced();
      const healthOf = (place: string): string =>
        bench.endpoints(watched, 'web').find((endpoint) => addressOf(endpoint) === place)?.health ??
        'not there';
      assert.equal(healthOf('10.0.0.1:8080'), 'healthy');
      assert.equal(healthOf('10.0.0.2:8080'), 'unhealthy');
      for (const health of ['degraded', 'draining', 'unhealthy', 'healthy'] as const) {
        await bench.server.register([{ ...one, health }]);
        await watched.until(`the endpoint is ${health}`, () => healthOf('10.0.0.1:8080') === health);
      }
      await bench.server.register([{ ...one, health: 'unhealthy' }]);
      await watched.until('all endpoints are unhealthy', () => healthOf('10.0.0.1:8080') === 'unhealthy');
    },
  },
  {
    name: 'weight: is the endpoint’s, and an instance of weight 0 takes no traffic',
    needs: ['weight'],
    run: async (bench) => {
      const [one, two] = instances('web', 2);
      assert.ok(one !== undefined && two !== undefined);
      await bench.server.register([
        { ...one, weight: 7 },
        { ...two, weight: 1 },
      ]);
      const watched = await bench.synced();
      const find = (place: string) =>
        bench.endpoints(watched, 'web').find((endpoint) => addressOf(endpoint) === place);
      assert.equal(find('10.0.0.1:8080')?.weight, 7);
      await bench.server.register([{ ...two, weight: 0 }]);
      await watched.until('the endpoint of weight 0 drains or is not there', () => {
        const endpoint = find('10.0.0.2:8080');
        return endpoint === undefined || endpoint.health === 'draining' || endpoint.health === 'unhealthy';
      });
    },
  },
  {
    name: 'flap: many changes in a row end as the registry is, with nothing twice',
    run: async (bench) => {
      const [one, two] = instances('web', 2);
      assert.ok(one !== undefined && two !== undefined);
      await bench.server.register([one, two]);
      const watched = await bench.synced();
      for (let round = 0; round < 10; round += 1) {
        await bench.server.deregister([two]);
        await bench.server.register([two]);
      }
      const third = { ...two, id: 'web-3', address: '10.0.0.3' };
      await bench.server.register([third]);
      await bench.untilAddresses(watched, 'web', placesOf([one, two, third]));
    },
  },
];
