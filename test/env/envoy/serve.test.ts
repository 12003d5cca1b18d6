/** A person with Node and an Envoy: Pilotlight serves a directory, a real Envoy routes real requests. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareResources, resourceName } from '../../../src/compare/resources.js';
import { formatDifferences } from '../../../src/compare/report.js';
import type { JsonObject } from '../../../src/envoy/json-value.js';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { MeshFolder, service } from '../mesh-folder.js';
import { Pilotlight, pilotlight } from '../pilotlight.js';
import { Backend, Load, apiTypes, ask, clientBootstrap } from './fixture.js';

const listeners = {
  catalog: 'outbound|80||catalog.shop.svc.cluster.local',
  v2: 'outbound|80|v2|catalog.shop.svc.cluster.local',
  rates: 'outbound|80||rates.example.com',
};

let mesh: MeshFolder;
let pilot: Pilotlight;
let envoy: Envoy;
let node: Readonly<Record<string, unknown>>;
const addresses: Record<keyof typeof listeners, string> = { catalog: '', v2: '', rates: '' };
const backends = new Map<string, Backend>();

async function backend(name: string): Promise<Backend> {
  const started = backends.get(name) ?? (await Backend.start(name));
  backends.set(name, started);
  return started;
}

/** The catalog with these backends, `name` or `name@version`. */
async function catalog(...names: readonly string[]): Promise<unknown[]> {
  const parts = await Promise.all(
    names.map(async (text) => {
      const [name = '', version = 'v1'] = text.split('@');
      return { backend: await backend(name), version };
    }),
  );
  return service('catalog', parts);
}

describe.each(apiTypes)('a real Envoy over %s', (apiType) => {
  beforeAll(async () => {
    mesh = await MeshFolder.create();
    await mesh.put('catalog.yaml', await catalog('a', 'b', 'c@v2'));
    const [r1, r2] = [await backend('r1'), await backend('r2')];
    await mesh.put('rates.yaml', [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'rates', namespace: 'shop' },
        spec: {
          hosts: ['rates.example.com'],
          location: 'MESH_EXTERNAL',
          resolution: 'STATIC',
          ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
          endpoints: [r1, r2].map(({ address, port }) => ({ address, ports: { http: port } })),
        },
      },
    ]);
    await mesh.put('rules.yaml', [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'catalog', namespace: 'shop' },
        spec: {
          host: 'catalog',
          subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
        },
      },
    ]);
    pilot = await Pilotlight.start(mesh.path);
    const config = clientBootstrap(pilot.xds, apiType, listeners);
    node = config['node'] as Readonly<Record<string, unknown>>;
    envoy = await Envoy.start(config);
    for (const name of Object.keys(listeners) as (keyof typeof listeners)[])
      addresses[name] = await envoy.listener(name);
    await eventually('the first answer', () => ask(addresses.catalog));
  });

  afterAll(async () => {
    await envoy.stop();
    await pilot.server.stop();
    for (const each of backends.values()) await each.stop();
    backends.clear();
    await mesh.remove();
  });

  test('1: reaches the backends of a Service and of a ServiceEntry, spread over the endpoints', async () => {
    for (let count = 0; count < 60; count += 1) {
      await ask(addresses.catalog);
      await ask(addresses.rates);
    }
    const hits = Object.fromEntries([...backends].map(([name, { hits: count }]) => [name, count]));
    for (const name of ['a', 'b', 'c', 'r1', 'r2'])
      expect(hits[name], JSON.stringify(hits)).toBeGreaterThan(5);
  });

  test('2: follows endpoints that are added and removed under load, without a failed request or a restart', async () => {
    const { pid } = envoy;
    const load = new Load(addresses.catalog);
    await mesh.put('catalog.yaml', await catalog('a', 'b', 'c@v2', 'd'));
    await eventually('traffic at the new endpoint', () => load.hits('d') > 20);
    await mesh.put('catalog.yaml', await catalog('b', 'c@v2', 'd'));
    await eventually(
      'the old endpoint to be gone from Envoy',
      async () => !(await envoyEndpoints()).includes((await backend('a')).port),
    );
    // Envoy's worker threads take it up one after the other, and requests may be under way.
    let before = load.hits('a');
    let elsewhere = load.hits('b');
    await eventually('traffic at the other endpoints only', () => {
      if (load.hits('a') !== before) [before, elsewhere] = [load.hits('a'), load.hits('b')];
      return load.hits('b') > elsewhere + 200;
    });
    await backends.get('a')?.stop();
    backends.delete('a');
    await eventually('more traffic', () => load.hits('d') > before + 400);
    await load.stop();
    expect(envoy.pid).toBe(pid);
  });

  test('3: sends a subset’s traffic to its pods only', async () => {
    const hits = (): number[] => ['b', 'c', 'd'].map((name) => backends.get(name)?.hits ?? 0);
    const [b = 0, c = 0, d = 0] = hits();
    for (let count = 0; count < 30; count += 1) expect(await ask(addresses.v2)).toBe('c');
    expect(hits()).toEqual([b, c + 30, d]);
  });

  test('4: is not harmed by a broken edit, which is shown, and mending it heals', async () => {
    const load = new Load(addresses.catalog);
    await mesh.putText(
      'catalog.yaml',
      'apiVersion: v1\nkind: Service\nmetadata: {name: catalog, namespace: shop\n',
    );
    await pilot.server.until(
      'the refusal',
      () => /refused: catalog\.yaml:\d+/.test(pilot.server.output) || undefined,
    );
    expect(await pilot.page('/metrics')).toMatch(/^pilot_total_rejected_configs [1-9]/m);
    const seen = load.hits('b');
    await eventually('traffic as before', () => load.hits('b') > seen + 100);
    await mesh.put('catalog.yaml', await catalog('b', 'c@v2', 'd', 'e'));
    await eventually('traffic at the endpoint of the mended file', () => load.hits('e') > 20);
    expect(pilot.server.output).toMatch(/mended: catalog\.yaml/);
    await load.stop();
  });

  test('5: goes on while Pilotlight is killed and started again, and then gets what changed meanwhile', async () => {
    const load = new Load(addresses.catalog);
    const { xds } = pilot;
    await pilot.server.stop('SIGKILL');
    const seen = load.hits('b');
    await mesh.put('catalog.yaml', await catalog('b', 'c@v2', 'd', 'e', 'f'));
    await eventually('traffic without a control plane', () => load.hits('b') > seen + 100);
    pilot = await Pilotlight.start(mesh.path, { xds });
    await eventually('traffic at the endpoint that was added meanwhile', () => load.hits('f') > 20);
    await load.stop();
    expect(load.failures).toEqual([]);
  });

  test('6: shows in its config_dump what `pilotlight xds` says, and rejected nothing', async () => {
    const nodeFile = join(mesh.path, '.node.json');
    await writeFile(nodeFile, JSON.stringify({ node }));
    const offline = JSON.parse(
      await pilotlight('xds', mesh.path, '--node', nodeFile, '-o', 'json'),
    ) as Record<string, JsonObject[]>;
    const dump = await envoy.json('/config_dump?include_eds');
    const clusters = section(dump, 'ClustersConfigDump')['dynamic_active_clusters'] as {
      cluster: JsonObject;
    }[];
    const active = clusters.map(({ cluster: { '@type': _type, ...cluster } }) => cluster);
    const found = compareResources('cds', active, offline['cds'] ?? []);
    expect(formatDifferences(found, { left: 'Envoy', right: 'pilotlight xds' })).toBe('');

    const dumped = section(dump, 'EndpointsConfigDump')['dynamic_endpoint_configs'] as {
      endpoint_config: JsonObject;
    }[];
    const endpoints = dumped
      .map(({ endpoint_config: assignment }) => assignment)
      .filter((assignment) => resourceName(assignment).includes('|'));
    expect(endpoints.map(summary).sort()).toEqual((offline['eds'] ?? []).map(summary).sort());

    const { stats } = await envoy.json('/stats?format=json&filter=update_rejected');
    const rejected = (stats as { name: string; value: number }[]).filter(({ value }) => value > 0);
    expect(rejected).toEqual([]);
    const syncz = JSON.parse(await pilot.page('/debug/syncz')) as {
      resources: Record<string, { lastError: string }>;
    }[];
    expect(syncz).toHaveLength(1);
    for (const { lastError } of Object.values(syncz[0]?.resources ?? {})) expect(lastError).toBe('');
  });

  test('is found equal to the directory by `pilotlight compare`, and different from a changed one', async () => {
    const side = `envoy://${new URL(envoy.admin).host}`;
    // Its listeners are its own, by its bootstrap.
    expect(await pilotlight('compare', mesh.path, side, '--type', 'cds,eds')).toContain('equal');
    const changed = await MeshFolder.create();
    await changed.put('catalog.yaml', await catalog('b'));
    await expect(pilotlight('compare', changed.path, side)).rejects.toThrow(/^exit code 1\n/);
    await changed.remove();
  });
});

/** Ports of all endpoints that Envoy sends catalog's traffic to. */
async function envoyEndpoints(): Promise<number[]> {
  const { cluster_statuses: statuses } = await envoy.json('/clusters?format=json');
  const cluster = (
    statuses as { name: string; host_statuses?: { address: { socket_address: { port_value: number } } }[] }[]
  ).find(({ name }) => name === listeners.catalog);
  return (cluster?.host_statuses ?? []).map(({ address }) => address.socket_address.port_value);
}

function section(dump: { configs: Record<string, unknown>[] }, type: string): Record<string, unknown> {
  const found = dump.configs.find((config) => String(config['@type']).endsWith(type));
  if (found === undefined) throw new Error(`the config_dump has no ${type}`);
  return found;
}

/**
 * An assignment as Envoy can tell it: its dump is made from the hosts that it holds, not from the message that it
 * was sent, so what is compared is which endpoints it has, where, and with which weight.
 */
function summary(assignment: JsonObject): string {
  type Group = {
    locality?: JsonObject;
    priority?: number;
    lb_endpoints?: { endpoint: JsonObject; load_balancing_weight: number }[];
  };
  const groups = (assignment['endpoints'] ?? []) as unknown as Group[];
  const rows = groups.flatMap(({ locality = {}, priority = 0, lb_endpoints: endpoints = [] }) =>
    endpoints.map(({ endpoint, load_balancing_weight: weight }) =>
      JSON.stringify([locality, priority, endpoint['address'], weight]),
    ),
  );
  return `${resourceName(assignment)}: ${rows.sort().join(' ')}`;
}
