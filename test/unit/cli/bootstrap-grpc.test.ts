/** `pilotlight bootstrap --grpc`: what gRPC programs read from the file that GRPC_XDS_BOOTSTRAP names. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../../src/mesh/dialect.js';
import { run } from './run-command.js';

const example = fileURLToPath(new URL('../../../examples/mesh', import.meta.url));
const certificates = ['--ca', 'ca.crt', '--cert', 'tls.crt', '--key', 'tls.key'];
const inFiles = {
  certificate_file: 'tls.crt',
  private_key_file: 'tls.key',
  ca_certificate_file: 'ca.crt',
  refresh_interval: '60s',
};

/** The bootstrap with these flags. */
async function written(...flags: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, result, said } = await run('bootstrap', '--grpc', ...flags);
  expect({ code, said }).toEqual({ code: 0, said: '' });
  return JSON.parse(result) as Readonly<Record<string, unknown>>;
}

describe('bootstrap --grpc', () => {
  test('writes JSON with the server, a node, and the names of server listeners', async () => {
    const flags = ['--server', 'pilot.example:15010', '--name', 'web-1', '--namespace', 'shop'];
    const further = ['--ip', '10.0.0.7', '--label', 'app=web', '--locality', 'home/desk'];
    expect(await written(...flags, ...further)).toEqual({
      xds_servers: [
        {
          server_uri: 'pilot.example:15010',
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3'],
        },
      ],
      node: {
        id: 'sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local',
        cluster: 'web-1.shop',
        locality: { region: 'home', zone: 'desk', sub_zone: '' },
        metadata: { NAMESPACE: 'shop', CLUSTER_ID: 'Kubernetes', LABELS: { app: 'web' }, GENERATOR: 'grpc' },
      },
      server_listener_resource_name_template: 'xds.istio.io/grpc/lds/inbound/%s',
    });
  });

  test('has a locality where none is known, since @grpc/grpc-js-xds refuses a node without', async () => {
    expect(await written()).toHaveProperty('node.locality', {});
  });

  test('makes a node that is served as a gRPC client', async () => {
    const { node } = (await written()) as { node: { metadata: Readonly<Record<string, unknown>> } };
    expect(dialectOf({ metadata: node.metadata, userAgent: '' })).toBe('grpc');
  });

  test('writes an IPv6 server in brackets', async () => {
    expect(await written('--server', '[::1]:15010')).toHaveProperty(
      'xds_servers.0.server_uri',
      '[::1]:15010',
    );
  });

  test('trusts the server by a CA, without a certificate of its own', async () => {
    const content = await written('--ca', 'ca.crt');
    expect(content).toHaveProperty('xds_servers.0.channel_creds', [
      { type: 'tls', config: { ca_certificate_file: 'ca.crt', refresh_interval: '60s' } },
    ]);
    expect(content).not.toHaveProperty('certificate_providers');
  });

  test('shows its certificate to the server, and to workloads that ask for mutual TLS', async () => {
    const content = await written(...certificates);
    expect(content).toHaveProperty('xds_servers.0.channel_creds', [{ type: 'tls', config: inFiles }]);
    expect(content).toHaveProperty('certificate_providers', {
      default: { plugin_name: 'file_watcher', config: inFiles },
    });
  });

  test('writes a file that `pilotlight xds --node` takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-grpc-'));
    try {
      const file = join(folder, 'grpc.json');
      const wrote = await run('bootstrap', '--grpc', '--namespace', 'shop', '--file', file);
      expect(wrote).toEqual({ code: 0, result: '', said: '' });
      expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('node.cluster', 'client.shop');
      const { code, result } = await run('xds', example, '--node', file, '--type', 'lds');
      expect(code).toBe(0);
      expect(result).toMatch(/^catalog\.shop\.svc\.cluster\.local:80\b/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('writes JSON also when asked for it, and YAML for an Envoy when not asked', async () => {
    expect(await written('--output', 'json')).toHaveProperty('xds_servers');
    expect((await run('bootstrap')).result).toMatch(/^node:$/m);
  });

  test.each([
    [['--api-type', 'delta-grpc']],
    [['--type', 'router']],
    [['--server-name', 'pilot', ...certificates]],
    [['--admin', '127.0.0.1:0']],
    [['--istio-proxy']],
    [['--sds']],
    [['--http-listener', '127.0.0.1:8080=web.shop.svc.cluster.local:80']],
    [['--tcp-listener', '127.0.0.1:8080=web.shop.svc.cluster.local:80']],
    [['--output', 'yaml']],
  ])('refuses %j, which is for an Envoy', async (flags) => {
    expect(await run('bootstrap', '--grpc', ...flags)).toMatchObject({
      code: 2,
      result: '',
      said: expect.stringMatching(new RegExp(`${flags[0]}.* is for an Envoy`)),
    });
  });

  test('takes a certificate only with its key and a CA', async () => {
    expect(await run('bootstrap', '--grpc', '--cert', 'tls.crt', '--key', 'tls.key')).toMatchObject({
      code: 2,
      said: expect.stringContaining('TLS needs --ca'),
    });
  });
});
