/** The example mesh, served by Istio's own discovery server and by Pilotlight, is one and the same to a proxy. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger, startPilot, type Pilot } from '../../../src/index.js';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { answerOf, differenceText, exampleMesh, proxyEntry, type ProxyEntry } from './fixture.js';

const freePort = { host: '127.0.0.1', port: 0 };
let pilot: Pilot | undefined;
let pilotXds: string;

beforeAll(async () => {
  pilot = await startPilot({
    directory: exampleMesh,
    xdsAddress: freePort,
    httpAddress: freePort,
    debounceAfter: 100,
    debounceMax: 1000,
    rescanInterval: 60_000,
    shutdownGrace: 1000,
    domainSuffix: 'cluster.local',
    autoAllocate: 'status',
    logger: silentLogger,
  });
  await pilot.ready;
  pilotXds = `${pilot.xdsAddress.host}:${pilot.xdsAddress.port}`;
});

afterAll(async () => {
  await pilot?.close();
});

test('proxies of Istio are served the same clusters and endpoints by both', async () => {
  const workload: ProxyEntry = {
    name: 'web',
    id: 'sidecar~127.0.1.11~web-v1-1.shop~shop.svc.cluster.local',
    metadata: {
      NAMESPACE: 'shop',
      CLUSTER_ID: 'Kubernetes',
      ISTIO_VERSION: '1.31.0',
      LABELS: { app: 'web', version: 'v1' },
      INSTANCE_IPS: '127.0.1.11',
      NODE_NAME: 'laptop',
      SERVICE_ACCOUNT: 'web',
    },
  };
  const router: ProxyEntry = {
    name: 'router',
    id: 'router~127.0.1.99~edge.shop~shop.svc.cluster.local',
    metadata: {
      NAMESPACE: 'shop',
      CLUSTER_ID: 'Kubernetes',
      ISTIO_VERSION: '1.31.0',
      LABELS: { app: 'edge' },
    },
  };
  const istiod = await Istiod.start(exampleMesh);
  try {
    const listed = await proxyEntry(exampleMesh, 'istio-client');
    for (const proxy of [listed, workload, router]) await expectSame(proxy, istiod.xds);
  } finally {
    await istiod.stop();
  }
});

test('a plain Envoy is served what Istio with the switches for it serves', async () => {
  const istiod = await Istiod.start(exampleMesh, { plain: true });
  try {
    const proxy = await proxyEntry(exampleMesh, 'client');
    // What Pilotlight takes as given for a plain Envoy, Istio has to be told.
    const toldIstio = { ...proxy, metadata: { ...proxy.metadata, INTERCEPTION_MODE: 'NONE' } };
    await expectSame(proxy, istiod.xds, toldIstio);
  } finally {
    await istiod.stop();
  }
});

/** Asks both as a proxy, Istio perhaps with more in its node. */
async function expectSame(proxy: ProxyEntry, istiodXds: string, toldIstio = proxy): Promise<void> {
  const istios = await answerOf(istiodXds, toldIstio);
  expect(istios['cds']?.map(({ name }) => name)).toContain('outbound|80|v2|catalog.shop.svc.cluster.local');
  expect(istios['eds']?.length).toBeGreaterThan(4);
  const differences = differenceText(await answerOf(pilotXds, proxy), istios, ['Pilotlight', 'Istio']);
  expect(differences, proxy.name).toBe('');
}
