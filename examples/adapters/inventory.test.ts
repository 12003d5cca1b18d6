/** The sample adapter passes the suite that every adapter passes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryOf } from 'pilotlight/adapter';
import { conformance } from 'pilotlight/conformance';
import { adapter } from './inventory.js';
import { InventoryServer } from './inventory-server.js';

conformance({
  name: 'the inventory adapter',
  hostOf: (service) => `${service}.inventory`,
  expresses: ['health', 'weight', 'metadata', 'free-names', 'services-by-instances'],
  start: async () => {
    const server = new InventoryServer();
    await server.start();
    const folder = await mkdtemp(join(tmpdir(), 'inventory-'));
    const file = join(folder, 'token');
    let token = 1;
    server.token = `token-${token}`;
    await writeFile(file, server.token);
    return {
      open: ({ name, lastKnown }) =>
        registryOf(adapter, {
          name,
          settings: { servers: [server.url], every: '100ms', credential: { file } },
          // It is read ten times a second: more reads than usual confirm a removal.
          guard: { confirmations: 20 },
          lastKnown,
        }),
      register: async (instances) => server.register(instances),
      deregister: async (instances) => server.deregister(instances),
      break: () => server.stop(),
      heal: () => server.start(),
      breakService: async (service) => void server.broken.add(service),
      healService: async (service) => void server.broken.delete(service),
      expireCredential: async () => {
        token += 1;
        server.token = `token-${token}`;
      },
      renewCredential: () => writeFile(file, `token-${token}`),
      writes: () => server.writes,
      requests: () => server.requests,
      stop: async () => {
        await server.stop();
        await rm(folder, { recursive: true });
      },
    };
  },
});
