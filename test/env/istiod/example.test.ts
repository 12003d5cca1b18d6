/** The example mesh, served by Istio's own discovery server and by Pilotlight, is one and the same to a proxy. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger, startPilot, type Pilot } from '../../../src/index.js';
import { Istiod } from '../../../testenv/istiod/istiod.mjs';
import { answerOf, differenceText, exampleMesh, proxyEntry } from './fixture.js';

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

test('a proxy of Istio is served by both the same clusters and endpoints', async () => {
  await expectSame('istio-client', { plain: false });
});

test('a plain Envoy is served what Istio with the switches for it serves', async () => {
  await expectSame('client', { plain: true });
});

async function expectSame(name: string, { plain }: { readonly plain: boolean }): Promise<void> {
  const istiod = await Istiod.start(exampleMesh, { plain });
  try {
    const proxy = await proxyEntry(exampleMesh, name);
    // What Pilotlight takes as given for a plain Envoy, Istio has to be told.
    const toldIstio = plain
      ? { ...proxy, metadata: { ...proxy.metadata, INTERCEPTION_MODE: 'NONE' } }
      : proxy;
    const istios = await answerOf(istiod.xds, toldIstio);
    expect(istios['cds']?.map(({ name: cluster }) => cluster)).toContain(
      'outbound|80|v2|catalog.shop.svc.cluster.local',
    );
    expect(istios['eds']?.length).toBeGreaterThan(4);
    expect(differenceText(await answerOf(pilotXds, proxy), istios, ['Pilotlight', 'Istio'])).toBe('');
  } finally {
    await istiod.stop();
  }
}
