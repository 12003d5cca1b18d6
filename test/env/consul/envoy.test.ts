/** A person with Consul and an Envoy: Pilotlight reads the catalog, a real Envoy routes real requests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Registration } from '../../../testenv/consul/api.mjs';
import { Consul } from '../../../testenv/consul/consul.mjs';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { ask, Backend, clientBootstrap, Load } from '../envoy/fixture.js';
import { Pilotlight } from '../pilotlight.js';

const cluster = 'outbound|80||web.service.consul';

let consul: Consul;
let pilot: Pilotlight;
let envoy: Envoy;
let folder: string;
let backends: readonly Backend[];
let address: string;

function registration(backend: Backend, more: Partial<Registration> = {}): Registration {
  return {
    service: 'web',
    id: backend.name,
    address: backend.address,
    port: backend.port,
    meta: { protocol: 'http' },
    checks: { [`alive:${backend.name}`]: 'passing' },
    ...more,
  };
}

function start(xds?: string): Promise<Pilotlight> {
  return Pilotlight.start(undefined, {
    ...(xds === undefined ? {} : { xds }),
    flags: ['--config', join(folder, 'pilotlight.yaml'), '--state-directory', join(folder, 'state')],
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-consul-envoy-'));
  consul = await Consul.start();
  backends = await Promise.all(['a', 'b', 'c'].map((name) => Backend.start(name)));
  await consul.api.register(backends.map((backend) => registration(backend)));
  await writeSettings();
  pilot = await start();
  envoy = await Envoy.start(clientBootstrap(pilot.xds, 'DELTA_GRPC', { web: cluster }));
  address = await envoy.listener('web');
  await eventually('the first answer', () => ask(address));
});

afterAll(async () => {
  await envoy.stop();
  await pilot.server.stop();
  for (const backend of backends) await backend.stop();
  await consul.stop();
  await rm(folder, { recursive: true });
});

test('goes through all of it: an instance turns critical, comes back, Consul dies, Pilotlight is restarted', async () => {
  const load = new Load(address);
  const [a, b, c] = backends;
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are three backends');
  await eventually('traffic at all of them', () =>
    backends.every(({ name }) => load.hits(name) > 20) ? true : undefined,
  );

  // Turns critical.
  await noTraffic(load, b, () => consul.api.setCheck(registration(b), 'alive:b', 'critical'));

  // Is well again.
  const seen = load.hits('b');
  await consul.api.setCheck(registration(b), 'alive:b', 'passing');
  await eventually('traffic at what is well again', () => load.hits('b') > seen + 20 || undefined);

  // Is deregistered, then registered again.
  await noTraffic(load, c, () => consul.api.deregister([registration(c)]));
  const before = load.hits('c');
  await consul.api.register([registration(c)]);
  await eventually('traffic at what is registered again', () => load.hits('c') > before + 20 || undefined);

  // Consul dies.
  await consul.stopAgent();
  await pilot.server.until('that Consul is missed', async () =>
    /cannot be read|failed/.test(await pilot.page('/debug/registries')) ? true : undefined,
  );
  await moreTraffic(load);

  // Pilotlight is restarted while Consul is down, and an Envoy that comes now is served as well.
  const { xds } = pilot;
  await pilot.server.stop('SIGKILL');
  await moreTraffic(load);
  pilot = await start(xds);
  await moreTraffic(load);
  const fresh = await Envoy.start(clientBootstrap(xds, 'GRPC', { web: cluster }));
  try {
    const at = await fresh.listener('web');
    await eventually('the first answer of the new Envoy', () => ask(at));
    const answered = new Set<string>();
    await eventually('every backend behind the new Envoy', async () => {
      answered.add(await ask(at));
      return answered.size === backends.length || undefined;
    });
  } finally {
    await fresh.stop();
  }

  // Consul is back, without its data; what is registered counts.
  await consul.startAgent();
  await consul.api.register(backends.map((backend) => registration(backend)));
  await noTraffic(load, b, async () => {
    await pilot.server.until('that Consul is read', async () =>
      /"state": ?"healthy"/.test(await pilot.page('/debug/registries')) ? true : undefined,
    );
    await consul.api.setCheck(registration(b), 'alive:b', 'critical');
  });
  await load.stop();
  expect(load.failures).toEqual([]);
});

/**
 * Makes a change that takes all traffic from an instance. How soon it is gone is measured by `npm run bench -- consul`,
 * on a machine that does nothing else.
 */
async function noTraffic(load: Load, backend: Backend, change: () => Promise<unknown>): Promise<void> {
  await change();
  const others = backends.filter((each) => each !== backend);
  const hitsOf = (): number => others.reduce((sum, { hits }) => sum + hits, 0);
  let { hits } = backend;
  let elsewhere = hitsOf();
  await eventually(`no traffic at ${backend.name}`, () => {
    if (backend.hits !== hits) {
      ({ hits } = backend);
      elsewhere = hitsOf();
    }
    // Many times as many as there would be in between if it still took its share.
    return hitsOf() > elsewhere + 500 || undefined;
  });
  expect(load.failures).toEqual([]);
}

async function moreTraffic(load: Load): Promise<void> {
  const seen = new Map(backends.map(({ name }) => [name, load.hits(name)]));
  await eventually('traffic at all of them as before', () =>
    backends.every(({ name }) => load.hits(name) > (seen.get(name) ?? 0) + 50) ? true : undefined,
  );
  expect(load.failures).toEqual([]);
}

/** As docs/consul.md has it: clients know one port, whatever instances listen on. */
async function writeSettings(): Promise<void> {
  const settings = {
    registries: [
      {
        type: 'consul',
        settings: { servers: [consul.url], heartbeat: '500ms', timeout: '2s' },
        mapping: { port: 80 },
      },
    ],
  };
  await writeFile(join(folder, 'pilotlight.yaml'), stringify(settings));
}
