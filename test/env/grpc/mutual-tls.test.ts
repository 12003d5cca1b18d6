/** gRPC clients without a proxy, with the bootstrap that `pilotlight bootstrap --grpc` writes, over mutual TLS. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '../../../testenv/cache.mjs';
import { GrpcClient, type ClientName } from '../../../testenv/grpc/client.mjs';
import { clients } from '../../../testenv/grpc/install.mjs';
import { MeshFolder, service } from '../mesh-folder.js';
import { Pilotlight, pilotlight } from '../pilotlight.js';
import { TlsFolder } from '../tls-folder.js';
import { GrpcBackend } from './fixture.js';

/** Those that can: docs/grpc.md tells what the others lack. */
const able: readonly ClientName[] = ['c-core', 'go'];

const absent = await missing(clients);
const clientNames = able.filter((client) => !absent.has(client));
const target = 'web.shop.svc.cluster.local:80';

describe('served over mutual TLS', () => {
  let mesh: MeshFolder;
  let tls: TlsFolder;
  let pilot: Pilotlight;
  let backend: GrpcBackend;

  beforeAll(async () => {
    backend = await GrpcBackend.start('a');
    tls = await TlsFolder.create();
    mesh = await MeshFolder.create();
    await mesh.put('web.yaml', service('web', [{ backend }], 'grpc'));
    pilot = await Pilotlight.start(mesh.path, { flags: tls.serveFlags });
  });

  afterAll(async () => {
    await pilot.server.stop();
    backend.stop();
    await mesh.remove();
    await tls.remove();
  });

  async function start(name: ClientName, namespace: string): Promise<GrpcClient> {
    const flags = ['--grpc', '--server', pilot.xds, '--namespace', namespace, ...tls.bootstrapFlags()];
    return GrpcClient.start(name, await tls.putText('grpc.json', await pilotlight('bootstrap', ...flags)));
  }

  test.each(clientNames)('%s has its RPCs answered', async (name) => {
    const client = await start(name, 'shop');
    try {
      const traffic = client.open(target);
      await traffic.onlyFrom(['a']);
      expect(traffic.failures).toEqual([]);
    } finally {
      await client.stop();
    }
  });

  test.each(clientNames)('%s is refused as a node of another namespace', async (name) => {
    const client = await start(name, 'bank');
    try {
      const traffic = client.open(target);
      const reason = /authorization failed: the node is of namespace "bank"/;
      // The first RPCs of a client can fail before it has been told why.
      await traffic.until('a failed RPC that says why', () =>
        traffic.failures.some((text) => reason.test(text)),
      );
      expect(traffic.answers.size).toBe(0);
    } finally {
      await client.stop();
    }
  });
});
