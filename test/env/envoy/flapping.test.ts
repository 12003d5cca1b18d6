/** Services that come and go faster than Envoy can warm their clusters (xDS items 41, 48 and 70). */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { MeshFolder, service } from '../mesh-folder.js';
import { Pilotlight } from '../pilotlight.js';
import { Backend, Load, apiTypes, ask, clientBootstrap } from './fixture.js';

const few = 3;
const many = 40;
/** So many updates of its clusters Envoy has to take while the set flaps. */
const updatesWhileFlapping = 16;

/** How long the set stays as it is after a change: from so short that nothing settles to long enough for Envoy. */
function stayMs(flap: number): number {
  return 20 + ((flap * 110) % 300);
}

/** Less than the 15 s after which Envoy no longer waits for endpoints that do not come. */
const settleLimitMs = 8000;

test.each(apiTypes)(
  'over %s, a flapping set of services leaves nothing warming and fails no request to a steady one',
  async (apiType) => {
    const backend = await Backend.start('steady');
    const mesh = await MeshFolder.create();
    await mesh.put('steady.yaml', service('steady', [{ backend }]));
    await mesh.put('flapping.yaml', flapping(few, backend));
    const pilot = await Pilotlight.start(mesh.path, { flags: ['--debounce-after', '1ms'] });
    const listeners = { steady: 'outbound|80||steady.shop.svc.cluster.local' };
    const envoy = await Envoy.start(clientBootstrap(pilot.xds, apiType, listeners));
    try {
      const address = await envoy.listener('steady');
      await eventually('the first answer', () => ask(address));
      const load = new Load(address, { concurrency: 2, pauseMs: 5 });
      const updates = (): Promise<number> => envoy.stat('cluster_manager.cds.update_success');
      const enough = (await updates()) + updatesWhileFlapping;
      for (let flap = 0; (await updates()) < enough; flap += 1) {
        await mesh.put('flapping.yaml', flapping(flap % 2 === 0 ? many : few, backend));
        await pause(stayMs(flap));
      }
      for (const count of [few, many, few]) {
        await mesh.put('flapping.yaml', flapping(count, backend));
        await eventually(
          `${count} flapping services, and nothing that warms`,
          async () => {
            const { active, warming } = await clusters(envoy);
            return (
              warming.length === 0 && active.filter((name) => name.includes('flapping')).length === count
            );
          },
          settleLimitMs,
        );
      }
      await load.stop();
      expect(load.hits('steady')).toBeGreaterThan(100);
      expect(await envoy.stat('cluster_manager.cds.update_rejected')).toBe(0);
    } finally {
      await envoy.stop();
      await pilot.server.stop();
      await backend.stop();
      await mesh.remove();
    }
  },
);

/** So many Services, all of them with the same endpoint. */
function flapping(count: number, { address, port }: Backend): unknown[] {
  return Array.from({ length: count }, (_, at) => {
    const metadata = { name: `flapping-${at}`, namespace: 'shop' };
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { clusterIP: `10.96.1.${at + 1}`, ports: [{ name: 'http', port: 80 }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
        ports: [{ name: 'http', port, protocol: 'TCP' }],
      },
    ];
  }).flat();
}

/** Names of Envoy's dynamic clusters, by their state. */
async function clusters(envoy: Envoy): Promise<{ active: string[]; warming: string[] }> {
  const names = async (section: string): Promise<string[]> => {
    const { configs = [] } = await envoy.json(`/config_dump?resource=${section}`);
    return (configs as { cluster: { name: string } }[]).map(({ cluster: { name } }) => name);
  };
  return {
    active: await names('dynamic_active_clusters'),
    warming: await names('dynamic_warming_clusters'),
  };
}
