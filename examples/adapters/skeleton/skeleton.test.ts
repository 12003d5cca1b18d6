/** Whether the adapter is right: the suite that every adapter passes, over a driver for its registry. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryOf } from 'pilotlight/adapter';
import { conformance, type TestInstance } from 'pilotlight/conformance';
import { adapter } from './skeleton.js';

conformance({
  name: 'skeleton',
  hostOf: (service) => `${service}.skeleton`,
  // Say here what your registry can express; checks that need more are skipped.
  expresses: ['weight', 'metadata', 'free-names', 'services-by-instances'],
  start: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skeleton-'));
    const instances = new Map<string, TestInstance>();
    let file = join(folder, 'registry.json');
    const write = async (): Promise<void> => {
      const entries = [...instances.values()].map(({ health = 'healthy', ...instance }) => ({
        ...instance,
        healthy: health === 'healthy',
      }));
      await writeFile(join(folder, 'partial'), JSON.stringify(entries));
      await rename(join(folder, 'partial'), file);
    };
    const move = async (name: string): Promise<void> => {
      await rename(file, join(folder, name));
      file = join(folder, name);
    };
    await write();
    return {
      open: ({ name, lastKnown }) =>
        registryOf(adapter, {
          name,
          settings: { file: join(folder, 'registry.json'), every: '50ms' },
          // It is read twenty times a second: more reads than usual confirm a removal.
          guard: { confirmations: 50 },
          lastKnown,
        }),
      register: async (list) => {
        for (const instance of list) instances.set(`${instance.service}/${instance.id}`, instance);
        await write();
      },
      deregister: async (list) => {
        for (const { service, id } of list) instances.delete(`${service}/${id}`);
        await write();
      },
      break: () => move('away.json'),
      heal: () => move('registry.json'),
      stop: () => rm(folder, { recursive: true }),
    };
  },
});
