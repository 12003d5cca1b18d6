/** The Envoy of these tests, served by Istio's own discovery server: it is no matter of Pilotlight's that it works. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '../../../testenv/cache.mjs';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { istiodBinary } from '../../../testenv/istiod/install.mjs';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { MeshFolder, service } from '../mesh-folder.js';
import { Backend, apiTypes, ask, clientBootstrap } from './fixture.js';

const absent = await missing({ istiod: istiodBinary });

describe.skipIf(absent.has('istiod'))('served by Istio', () => {
  let mesh: MeshFolder;
  let istiod: Istiod;
  const backends: Backend[] = [];

  beforeAll(async () => {
    backends.push(await Backend.start('a'), await Backend.start('b'));
    mesh = await MeshFolder.create();
    await mesh.put(
      'web.yaml',
      service(
        'web',
        backends.map((backend) => ({ backend })),
      ),
    );
    istiod = await Istiod.start(mesh.path, { plain: true });
  });

  afterAll(async () => {
    await istiod.stop();
    for (const backend of backends) await backend.stop();
    await mesh.remove();
  });

  test.each(apiTypes)('a real Envoy over %s reaches the backends', async (apiType) => {
    const listeners = { web: 'outbound|80||web.shop.svc.cluster.local' };
    const envoy = await Envoy.start(clientBootstrap(istiod.xds, apiType, listeners));
    try {
      const address = await envoy.listener('web');
      const seen = new Set<string>();
      await eventually('answers of both backends', async () => seen.add(await ask(address)).size === 2);
      expect(await envoy.stat('cluster_manager.cds.update_rejected')).toBe(0);
    } finally {
      await envoy.stop();
    }
  });
});
