/** A real Envoy with the bootstrap that `pilotlight bootstrap` writes, served over mutual TLS. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { CertificateAuthority } from '../../certificate-authority.js';
import { MeshFolder, service } from '../mesh-folder.js';
import { Pilotlight, pilotlight } from '../pilotlight.js';
import { TlsFolder } from '../tls-folder.js';
import { Backend, Load, ask } from './fixture.js';

const listener = { flag: '127.0.0.1:0=web.shop.svc.cluster.local:80', name: 'http_127.0.0.1_0' };

describe.each(['grpc', 'delta-grpc'])('an Envoy over mutual TLS, %s', (apiType) => {
  let mesh: MeshFolder;
  let tls: TlsFolder;
  let pilot: Pilotlight;
  const backends: Backend[] = [];
  const envoys: Envoy[] = [];

  beforeAll(async () => {
    backends.push(await Backend.start('a'), await Backend.start('b'));
    tls = await TlsFolder.create();
    mesh = await MeshFolder.create();
    await put('a');
    pilot = await Pilotlight.start(mesh.path, { flags: tls.serveFlags });
  });

  afterEach(async () => {
    for (const envoy of envoys.splice(0)) await envoy.stop();
  });

  afterAll(async () => {
    await pilot.server.stop();
    for (const backend of backends.splice(0)) await backend.stop();
    await mesh.remove();
    await tls.remove();
  });

  /** Gives the service `web` these endpoints. */
  async function put(...names: readonly string[]): Promise<void> {
    const parts = backends.filter(({ name }) => names.includes(name)).map((backend) => ({ backend }));
    await mesh.put('web.yaml', service('web', parts));
  }

  /** An Envoy by the bootstrap that `pilotlight bootstrap` writes; without further flags it is one of the shop's. */
  async function start(flags: readonly string[], ca?: string): Promise<Envoy> {
    const bootstrap = await pilotlight(
      'bootstrap',
      ...['--server', pilot.xds, '--api-type', apiType, ...tls.bootstrapFlags(ca)],
      ...['--namespace', 'shop', '--admin', '127.0.0.1:0', '--http-listener', listener.flag],
      ...['--output', 'json', ...flags],
    );
    const envoy = await Envoy.start(JSON.parse(bootstrap) as Readonly<Record<string, unknown>>);
    envoys.push(envoy);
    return envoy;
  }

  test('reaches the backends', async () => {
    const envoy = await start([]);
    const address = await envoy.listener(listener.name);
    expect(await eventually('an answer', () => ask(address))).toBe('a');
    expect(await envoy.stat('cluster.xds-grpc.ssl.handshake')).toBeGreaterThan(0);
    expect(await envoy.stat('cluster_manager.cds.update_rejected')).toBe(0);
    expect(await connected()).toEqual(['client.shop']);
  });

  test('gets nothing as a node of another namespace than that of its certificate', async () => {
    const envoy = await start(['--namespace', 'bank']);
    // Envoy shows the message as it came over HTTP/2, with escapes.
    const refusal = / closed: 7, authorization%20failed:%20\S*namespace%20%22bank%22/;
    await eventually('the refusal at Envoy', () => refusal.test(envoy.output));
    expect(await connected()).toEqual([]);
    await expectNothing(envoy);
  });

  test('refuses a server whose certificate is for another name', async () => {
    const envoy = await start(['--server-name', 'pilot.example.com']);
    await eventually(
      'the refusal',
      async () => (await envoy.stat('cluster.xds-grpc.ssl.fail_verify_san')) > 0,
    );
    expect(await connected()).toEqual([]);
    await expectNothing(envoy);
  });

  test('goes on when the server’s certificate is replaced, and sees the new one when it connects', async () => {
    const successor = await CertificateAuthority.create('successor');
    const successorCa = await tls.putText('successor.crt', successor.cert);
    const served = await start([]);
    const servedAt = await served.listener(listener.name);
    await eventually('the first answer', () => ask(servedAt));
    const load = new Load(servedAt, { concurrency: 2, pauseMs: 5 });
    const waiting = await start([], successorCa);
    await eventually(
      'a refusal of the old certificate',
      async () => (await waiting.stat('cluster.xds-grpc.ssl.fail_verify_error')) > 0,
    );
    await expectNothing(waiting);

    await tls.putServer(successor);
    const address = await waiting.listener(listener.name);
    await eventually('an answer through the new certificate', () => ask(address));
    await put('b');
    await eventually('traffic over the connection from before', () => load.hits('b') > 50);
    expect(await served.stat('cluster.xds-grpc.ssl.handshake')).toBe(1);
    await load.stop();

    await served.stop();
    envoys.splice(envoys.indexOf(served), 1);
    const again = await start([]);
    await eventually(
      'a refusal of the new certificate by who trusts the old one alone',
      async () => (await again.stat('cluster.xds-grpc.ssl.fail_verify_error')) > 0,
    );
    await expectNothing(again);
  });

  /** It had no cluster, be it active or warming, over ADS. */
  async function expectNothing(envoy: Envoy): Promise<void> {
    expect(await envoy.stat('cluster_manager.cds.update_success')).toBe(0);
    for (const section of ['dynamic_active_clusters', 'dynamic_warming_clusters'])
      expect(await envoy.json(`/config_dump?resource=${section}`)).toEqual({});
  }

  /** Who Pilotlight says is connected. */
  async function connected(): Promise<string[]> {
    const clients = JSON.parse(await pilot.page('/debug/syncz')) as { proxy: string }[];
    return clients.map(({ proxy }) => proxy);
  }
});
