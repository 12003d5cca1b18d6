/** What was served is freed once something else is. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { finish } from '../../../src/base/piecewise.js';
import { defaultMeshConfig } from '../../../src/config/decode/mesh-config.js';
import { noMeshNetworks } from '../../../src/config/mesh-config.js';
import { typeUrls } from '../../../src/envoy/type-urls.js';
import { MeshState } from '../../../src/mesh/mesh-state.js';
import { PilotSource, type PilotClient } from '../../../src/pilot-source.js';
import { MemoryRegistry } from '../../../src/registry/memory/memory-registry.js';
import { changeNames, noNames } from '../../../src/xds/names.js';
import { endpoint, kubernetesService } from '../mesh/builders.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('snapshots that were followed by others are not kept, whatever proxies were given of them', async () => {
  const registry = new MemoryRegistry();
  registry.synced();
  const mesh = new MeshState();
  mesh.setMesh(defaultMeshConfig(), noMeshNetworks);
  mesh.setRegistry(registry);
  const source = new PilotSource(() => undefined);
  const served: WeakRef<object>[] = [];
  let client: PilotClient | undefined;
  for (let round = 0; round < 20; round += 1) {
    const service = kubernetesService(`s${round}.shop`);
    registry.setService(service);
    registry.setEndpoints(service.hostname, 'shop', [endpoint(`10.0.0.${round + 1}`)]);
    const snapshot = mesh.snapshot();
    served.push(new WeakRef(snapshot));
    source.update(snapshot);
    client ??= source.attach({ id: 'sidecar~10.9.9.9~a.shop~shop.svc.cluster.local' });
    ask(client);
    await turn(); // what a WeakRef was asked for is kept until the end of the turn
  }
  collectGarbage();
  await turn();
  collectGarbage();
  expect(served.filter((snapshot) => snapshot.deref() !== undefined).length).toBeLessThanOrEqual(3);
});

const everything = { wildcard: true, names: noNames, placeholders: false };

function ask(client: PilotClient): void {
  const clusters = finish(client.resources(typeUrls.cds, everything));
  const names = changeNames(
    noNames,
    clusters.resources.map(({ name }) => name),
    [],
  );
  finish(client.resources(typeUrls.eds, { wildcard: false, names, placeholders: false }));
  finish(client.resources(typeUrls.lds, everything));
  const routes = changeNames(noNames, ['80'], []);
  finish(client.resources(typeUrls.rds, { wildcard: false, names: routes, placeholders: false }));
  finish(client.resources(typeUrls.nds, everything));
}
