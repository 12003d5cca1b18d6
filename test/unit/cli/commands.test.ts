import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../../../src/cli/commands.js';
import { run } from './run-command.js';

const example = fileURLToPath(new URL('../../../examples/mesh', import.meta.url));
const golden = fileURLToPath(new URL('../../golden/kubernetes/slices-several', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('every command', () => {
  test.each(commands.map(({ name }) => name))('%s has help with examples', async (name) => {
    const { code, result } = await run(name, '--help');
    expect(code).toBe(0);
    expect(result).toContain(`Usage: pilotlight ${name}`);
    expect(result).toContain('Examples:');
  });

  test('that is unknown, or has an unknown option, exits with 2 and says what is wrong', async () => {
    expect(await run('sevre')).toMatchObject({ code: 2, said: expect.stringContaining('serve') });
    expect(await run('xds', example, '--proxxy', 'x')).toMatchObject({
      code: 2,
      said: expect.stringContaining('--proxy'),
    });
  });
});

describe('version', () => {
  test('names the Istio that it equals', async () => {
    const { result } = await run('version', '-o', 'json');
    expect(JSON.parse(result)).toMatchObject({
      version: expect.stringMatching(/^\d/),
      istio: { line: '1.31' },
    });
  });
});

describe('xds', () => {
  test('prints the shape of a recorded answer for one proxy', async () => {
    const { code, result } = await run('xds', golden, '--proxy', 'client', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(result)).toEqual(
      JSON.parse(await readFile(join(golden, 'expected', 'client.json'), 'utf8')),
    );
  });

  test('prints an object by proxy for several, and only the types that are asked for', async () => {
    const { result } = await run('xds', example, '--all-proxies', '--type', 'eds', '-o', 'json');
    const answers = JSON.parse(result) as Record<string, Record<string, unknown>>;
    expect(Object.keys(answers)).toEqual(['client', 'istio-client']);
    expect(Object.keys(answers['client'] ?? {})).toEqual(['eds']);
  });

  test('asks as the sidecar of a Pod', async () => {
    const { code, result } = await run(
      'xds',
      example,
      '--proxy',
      'catalog-v1-1.shop',
      '--type',
      'cds',
      '-o',
      'json',
    );
    expect(code).toBe(0);
    expect(result).toContain('istio.metadata_exchange');
  });

  test('asks as the node of a bootstrap', async () => {
    const file = join(folder, 'envoy.yaml');
    expect(await run('bootstrap', '--namespace', 'shop', '--file', file)).toMatchObject({
      code: 0,
      result: '',
    });
    const { code, result } = await run('xds', example, '--node', file, '--type', 'cds', '-o', 'json');
    expect(code).toBe(0);
    expect(result).toContain('outbound|80||web.shop.svc.cluster.local');
    expect(result).not.toContain('istio.metadata_exchange');
  });

  test('prints tables for people, and YAML', async () => {
    const { result } = await run('xds', example, '--proxy', 'client');
    expect(result).toMatch(/^catalog\.shop\.svc\.cluster\.local +80 +v2 +outbound +EDS +catalog\.shop$/m);
    expect(result).toMatch(/^127\.0\.1\.23:8080 +HEALTHY +1 +home\/desk +0 +outbound\|80\|v2\|catalog/m);
    expect(result).toMatch(/^127\.0\.0\.1 +80 +ALL +Route: 80$/m);
    expect(result).toMatch(
      /^80 +catalog\.shop\.svc\.cluster\.local:80 +catalog, .* \+ 4 more\.\.\. +\/\*, x-tester=yes +catalog\.shop$/m,
    );
    const yaml = await run('xds', example, '--proxy', 'client', '-o', 'yaml');
    expect(Object.keys(parse(yaml.result) as object)).toEqual(['cds', 'eds', 'lds', 'rds']);
  });

  test('exits with 2 and says what there is when the proxy, the type or the directory is wrong', async () => {
    expect(await run('xds', example, '--proxy', 'nobody')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/there is no proxy "nobody"\n.*client, istio-client/),
    });
    expect(await run('xds', example)).toMatchObject({ code: 2, said: expect.stringContaining('--proxy') });
    expect(await run('xds', example, '--proxy', 'client', '--type', 'cds,xyz')).toMatchObject({
      code: 2,
      said: expect.stringContaining('"xyz" is none of cds, eds'),
    });
    expect(await run('xds', join(folder, 'absent'), '--proxy', 'client')).toMatchObject({
      code: 2,
      said: expect.stringContaining('absent'),
    });
  });
});

describe('validate', () => {
  test('says nothing but the count when all is well', async () => {
    expect(await run('validate', example)).toMatchObject({
      code: 0,
      said: '',
      result: expect.stringContaining('0 errors, 0 warnings'),
    });
  });

  test('names file, line, field and reason, and exits with 1', async () => {
    await writeFile(
      join(folder, 'rates.yaml'),
      `# a comment
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: rates, namespace: shop}
spec:
  hosts: [rates.example.com]
  resolution: STATIC
  ports:
    - {number: 70000, name: http, protocol: HTTP}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: deny, namespace: shop}
spec: {}
`,
    );
    const { code, said, result } = await run('validate', folder);
    expect(code).toBe(1);
    expect(said).toMatch(/^rates\.yaml:9: error: ServiceEntry shop\/rates: spec\.ports\[0\]\.number: /m);
    expect(said).toMatch(/^rates\.yaml:\d+: warning: WasmPlugin shop\/deny is not enforced/m);
    expect(result).toContain('1 errors, 1 warnings');
    const json = await run('validate', folder, '-o', 'json');
    expect(JSON.parse(json.result)).toMatchObject({
      errors: 1,
      notEnforced: [{ kind: 'WasmPlugin', name: 'deny' }],
    });
  });

  test('counts warnings and unenforced policies with --strict', async () => {
    const policy = 'apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: deny}\n';
    await writeFile(join(folder, 'policy.yaml'), policy);
    expect((await run('validate', folder)).code).toBe(0);
    expect((await run('validate', folder, '--strict')).code).toBe(1);
  });
});

describe('serve', () => {
  test('says what it needs when there is nothing to read, and exits with 2', async () => {
    expect(await run('serve')).toMatchObject({ code: 2, said: expect.stringContaining('mesh directory') });
  });

  test('exits with 3 when a port is taken, and names the port and its flag', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const free = '127.0.0.1:0';
    for (const [flag, other] of [
      ['--xds-address', '--http-address'],
      ['--http-address', '--xds-address'],
    ] as const) {
      const { code, said } = await run('serve', example, flag, address, other, free, '--log-level', 'silent');
      expect(code).toBe(3);
      expect(said).toContain(address);
      expect(said).toContain(flag);
    }
    taken.close();
  });

  test('refuses to start with --strict when a security policy would not be enforced', async () => {
    const policy = 'apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: deny}\n';
    await writeFile(join(folder, 'policy.yaml'), policy);
    expect(await run('serve', folder, '--strict')).toMatchObject({
      code: 2,
      said: expect.stringContaining('not enforced'),
    });
  });

  test('refuses a directory that is not there', async () => {
    const absent = join(folder, 'absent');
    const addresses = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
    expect(await run('serve', absent, ...addresses)).toMatchObject({
      code: 2,
      said: expect.stringContaining(absent),
    });
  });

  test.each([
    [
      ['--xds-address', '0.0.0.0:0'],
      ['ADS on 0.0.0.0:0 without TLS', '--tls-cert', '--allow-plaintext'],
    ],
    [['--tls-cert', 'absent.crt', '--tls-key', 'absent.key'], ['absent.crt: there is no such file']],
    [['--tls-cert', 'absent.crt'], ['--tls-cert, --tls-key']],
    [['--identity-trust-domain', 'td'], ['--tls-client-ca']],
  ])('does not start with %j, and says what to do', async (args, words) => {
    const { code, said } = await run('serve', folder, '--http-address', '127.0.0.1:0', ...args);
    expect(code).toBe(2);
    for (const word of words) expect(said).toContain(word);
  });
});

describe('bootstrap', () => {
  test('writes a node, ADS, the admin port, and listeners to clusters', async () => {
    const { result } = await run(
      'bootstrap',
      ...['--server', 'pilot.example:15010', '--name', 'web-1', '--namespace', 'shop', '--label', 'app=web'],
      ...[
        '--http-listener',
        '127.0.0.1:8080=catalog.shop.svc.cluster.local:80/v2',
        '--locality',
        'home/desk',
      ],
    );
    expect(parse(result)).toMatchObject({
      node: {
        id: 'sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local',
        locality: { region: 'home', zone: 'desk' },
        metadata: { NAMESPACE: 'shop', LABELS: { app: 'web' }, INTERCEPTION_MODE: 'NONE' },
      },
      admin: { address: { socket_address: { address: '127.0.0.1', port_value: 15000 } } },
    });
    expect(result).toContain('cluster: outbound|80|v2|catalog.shop.svc.cluster.local');
    expect(result).toContain('type: STRICT_DNS');
  });

  test.each([
    [[], 'GRPC'],
    [['--api-type', 'grpc'], 'GRPC'],
    [['--api-type', 'delta-grpc'], 'DELTA_GRPC'],
  ])('with %j asks over %s', async (args, type) => {
    const { result } = await run('bootstrap', ...args);
    expect(parse(result)).toMatchObject({ dynamic_resources: { ads_config: { api_type: type } } });
  });

  test('speaks TLS with the server whose CA it is given, and checks whom it talks to', async () => {
    const { result } = await run('bootstrap', '--server', 'pilot.example:15012', '--ca', 'ca.crt');
    expect(serverSocket(result)).toMatchObject({
      sni: 'pilot.example',
      common_tls_context: {
        alpn_protocols: ['h2'],
        validation_context: {
          trusted_ca: { filename: 'ca.crt' },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'pilot.example' } }],
        },
      },
    });
    expect(result).not.toContain('tls_certificates');
    const plain = await run('bootstrap', '--server', 'pilot.example:15012');
    expect(serverSocket(plain.result)).toBeUndefined();
  });

  test('shows its own certificate where it is given one', async () => {
    const files = ['--ca', 'ca.crt', '--cert', 'tls.crt', '--key', 'tls.key'];
    const { result } = await run('bootstrap', ...files, '--server-name', 'spiffe://td/ns/mesh/sa/pilot');
    const socket = serverSocket(result);
    expect(socket).not.toHaveProperty('sni');
    expect(socket).toMatchObject({
      common_tls_context: {
        tls_certificates: [
          { certificate_chain: { filename: 'tls.crt' }, private_key: { filename: 'tls.key' } },
        ],
        validation_context: {
          match_typed_subject_alt_names: [
            { san_type: 'URI', matcher: { exact: 'spiffe://td/ns/mesh/sa/pilot' } },
          ],
        },
      },
    });
    const byAddress = await run('bootstrap', '--server', '10.0.0.1:15012', ...files);
    expect(byAddress.result).toContain('san_type: IP_ADDRESS');
  });

  test.each([
    [['--cert', 'tls.crt', '--key', 'tls.key'], 'TLS needs --ca'],
    [['--ca', 'ca.crt', '--cert', 'tls.crt'], '--cert and --key are given together'],
    [['--server', 'nowhere'], '--server: "nowhere" is not HOST:PORT'],
    [['--ip', 'localhost'], '--ip: "localhost" is not an IP address'],
    [['--http-listener', '127.0.0.1:8080'], '--http-listener: "127.0.0.1:8080" has no "="'],
    [['--label', 'app'], '--label: "app" has no "="'],
    [['--api-type', 'rest'], 'Allowed choices are grpc, delta-grpc'],
  ])('refuses %j', async (args, message) => {
    expect(await run('bootstrap', ...args)).toMatchObject({
      code: 2,
      said: expect.stringContaining(message),
    });
  });
});

/** The TLS settings of the cluster that leads to the server. */
function serverSocket(text: string): unknown {
  const content = parse(text) as {
    static_resources: { clusters: { transport_socket?: { typed_config: unknown } }[] };
  };
  return content.static_resources.clusters[0]?.transport_socket?.typed_config;
}
