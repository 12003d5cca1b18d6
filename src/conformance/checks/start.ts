/** What an adapter says at first. */
import assert from 'node:assert/strict';
import { shardKey } from '../../registry/registry.js';
import { instances, placesOf } from '../bench.js';
import type { Check } from '../check.js';

export const startChecks: readonly Check[] = [
  {
    name: 'first sync: says every service with its endpoints, and that it has said everything',
    run: async (bench) => {
      const web = instances('web', 3);
      const api = instances('api', 2, '10.0.1');
      await bench.server.register([...web, ...api]);
      const watched = await bench.synced();
      assert.deepEqual(bench.addresses(watched, 'web'), placesOf(web));
      assert.deepEqual(bench.addresses(watched, 'api'), placesOf(api));
      const hosts = [...watched.view.services.values()].map(({ hostname }) => hostname);
      for (const service of ['web', 'api'])
        assert.ok(
          hosts.includes(bench.host(service)),
          `the host ${bench.host(service)} is among ${hosts.join(', ')}`,
        );
      await watched.until('the registry is healthy', ({ status }) => status.state === 'healthy');
    },
  },
  {
    name: 'empty registry: says that it has said everything',
    run: async (bench) => {
      const watched = await bench.synced();
      assert.deepEqual(bench.addresses(watched, 'web'), []);
    },
  },
  {
    name: 'provenance: every endpoint says which registry and what in it it comes from',
    run: async (bench) => {
      await bench.server.register(instances('web', 2));
      const watched = await bench.synced();
      const found = bench.endpoints(watched, 'web');
      assert.equal(found.length, 2);
      for (const { provenance } of found) {
        assert.equal(provenance.registry, shardKey(watched.registry));
        assert.ok(provenance.object !== undefined && provenance.object !== '', 'provenance names an object');
      }
    },
  },
  {
    name: '5,000 services: are all said, and a change among them is noticed',
    run: async (bench) => {
      const count = bench.driver.manyServices ?? 5_000;
      const all = Array.from({ length: count }, (_, index) => ({
        service: `service-${index}`,
        id: `service-${index}-1`,
        address: `10.${1 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`,
        port: 8080,
      }));
      await bench.server.register(all);
      const watched = bench.watch();
      await watched.until(`${count} services are said`, ({ synced }) => synced, 60_000);
      const last = `service-${count - 1}`;
      // What could not be read in such a crowd at first is read soon.
      const hosts = (): ReadonlySet<string> =>
        new Set([...watched.view.services.values()].map(({ hostname }) => hostname));
      const isComplete = (): boolean => {
        const found = hosts();
        return all.every(({ service }) => found.has(bench.host(service)));
      };
      await watched.until('every host is there', isComplete, 30_000);
      assert.equal(bench.addresses(watched, last).length, 1);
      const second = { service: last, id: `${last}-2`, address: '10.99.0.1', port: 8080 };
      await bench.server.register([second]);
      await watched.until(
        'the change is noticed',
        () => bench.addresses(watched, last).includes('10.99.0.1:8080'),
        30_000,
      );
    },
  },
];
