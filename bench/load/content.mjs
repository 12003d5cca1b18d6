/** Whether two servers serve the same, so that what they take for it can be compared. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from '../../testenv/run-tool.mjs';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The mesh that is compared: large enough to show every kind of resource and endpoint. */
const size = { services: 20, endpoints: 10 };

/** As the first of the simulated sidecars. */
const node = {
  id: 'sidecar~10.0.0.1~pod-0.default~default.svc.cluster.local',
  metadata: {
    CLUSTER_ID: 'Kubernetes',
    NAMESPACE: 'default',
    INSTANCE_IPS: '10.0.0.1',
    ISTIO_VERSION: '1.31.0',
    MESH_ID: 'cluster.local',
    LABELS: { app: 'pod-0' },
    NAME: 'pod-0',
  },
};

/**
 * Compares with `pilotlight compare`, field by field, what two servers serve one sidecar.
 * @param {import('./servers.mjs').ServerKind} one @param {import('./servers.mjs').ServerKind} other
 * @param {readonly string[]} types
 * @returns {Promise<string | undefined>} how they differ
 */
export async function contentDifference(one, other, types) {
  const folder = await mkdtemp(join(tmpdir(), 'content-'));
  const started = [];
  try {
    for (const kind of [one, other]) started.push(await kind.start(size));
    const file = join(folder, 'node.json');
    await writeFile(file, JSON.stringify(node));
    const sides = started.map(({ xds }) => `xds://${xds}`);
    const wanted = ['--node', file, '--type', types.join(',').toLowerCase(), '--exact'];
    await runTool(process.execPath, [cli, 'compare', ...sides, ...wanted]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const server of started) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
