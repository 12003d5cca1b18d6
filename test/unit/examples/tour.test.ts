/** The mesh of the tour: what its Envoys listen on, with everything on one machine. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { bootstrapNode } from '../../../src/cli/bootstrap-node.js';
import { readMeshDirectory } from '../../../src/config/mesh-directory/read.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';
import { OfflineSource, snapshotOf } from '../../../src/offline.js';

const directory = fileURLToPath(new URL('../../../examples/tour', import.meta.url));
const sidecars = ['web-v1.shop', 'web-v2.shop', 'catalog-v1.shop', 'catalog-v2.shop'];

let state: MeshDirectoryState;
let source: OfflineSource;

beforeAll(async () => {
  state = await readMeshDirectory(directory);
  source = new OfflineSource(snapshotOf(state));
});

/** `address:port` of the listeners of a proxy's Envoy, in their order. */
async function listenersOf(proxy: string): Promise<string[]> {
  const { nodeId, metadata } = await bootstrapNode(directory, { proxy }, { INTERCEPTION_MODE: 'NONE' });
  const { answer, problems } = source.answer({ id: nodeId, metadata }, ['lds']);
  expect(problems).toEqual([]);
  return (answer['lds'] ?? []).map((listener) => {
    const { socket_address: socket } = listener['address'] as unknown as {
      readonly socket_address: { readonly address: string; readonly port_value: number };
    };
    return `${socket.address}:${socket.port_value}`;
  });
}

test('has no document that is wrong', () => {
  expect(state.problems).toEqual([]);
});

describe('every Envoy', () => {
  test.each(sidecars)('of %s listens on its own address: for its workload and for others', async (proxy) => {
    const pod = proxy.replace('.shop', '');
    const { podIP } = podOf(pod);
    expect(await listenersOf(proxy)).toEqual([8080, 9000, 9080].map((port) => `${podIP}:${port}`));
  });

  test('of the gateway listens where its Gateway says', async () => {
    expect(await listenersOf('gateway')).toEqual(['127.0.7.1:8000']);
  });

  test('listens where no other does', async () => {
    const all = (await Promise.all(['gateway', ...sidecars].map(listenersOf))).flat();
    expect(new Set(all).size).toBe(all.length);
  });
});

function podOf(name: string): { readonly podIP: string } {
  for (const objects of state.clusters.values())
    for (const object of objects.values())
      if (object.kind === 'Pod' && object.metadata.name === name) return object.spec;
  throw new Error(`there is no Pod ${name}`);
}
