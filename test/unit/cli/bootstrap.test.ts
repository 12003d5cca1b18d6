/** `pilotlight bootstrap` for Envoys that are served their listeners: sidecars and gateways. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from './run-command.js';

const tour = fileURLToPath(new URL('../../../examples/tour', import.meta.url));

interface Bootstrap {
  readonly node: {
    readonly id: string;
    readonly cluster: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
  readonly admin: { readonly address: { readonly socket_address: object } };
  readonly dynamic_resources: Readonly<Record<string, unknown>>;
  readonly static_resources: {
    readonly listeners: readonly object[];
    readonly clusters: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  };
}

async function written(...args: readonly string[]): Promise<Bootstrap> {
  const { code, result, said } = await run('bootstrap', ...args);
  expect({ code, said }).toEqual({ code: 0, said: '' });
  return parse(result) as Bootstrap;
}

describe('listeners', () => {
  test('are served, unless it is told which there are', async () => {
    const served = await written();
    expect(served.dynamic_resources).toHaveProperty('lds_config.ads');
    expect(served.static_resources.listeners).toEqual([]);
    const own = await written('--tcp-listener', '127.0.0.1:9000=ledger.shop.svc.cluster.local:9000');
    expect(own.dynamic_resources).not.toHaveProperty('lds_config');
    expect(own.static_resources.listeners).toHaveLength(1);
  });
});

describe('who the Envoy is', () => {
  test('is told by flags', async () => {
    const flags = ['--name', 'web-1', '--namespace', 'shop', '--service-account', 'web', '--type', 'router'];
    const { node } = await written(...flags, '--ip', '127.0.7.11', '--metadata', 'NETWORK=desk');
    expect(node).toMatchObject({
      id: 'router~127.0.7.11~web-1.shop~shop.svc.cluster.local',
      cluster: 'web-1.shop',
      metadata: { NAMESPACE: 'shop', SERVICE_ACCOUNT: 'web', INTERCEPTION_MODE: 'NONE', NETWORK: 'desk' },
    });
  });

  test('is that of a Pod of a mesh directory, but for what makes it Istio’s proxy there', async () => {
    const { node } = await written(tour, '--proxy', 'web-v1.shop');
    expect(node).toEqual({
      id: 'sidecar~127.0.7.11~web-v1.shop~shop.svc.cluster.local',
      cluster: 'web-v1.shop',
      metadata: {
        NAMESPACE: 'shop',
        CLUSTER_ID: 'Kubernetes',
        LABELS: { app: 'web', version: 'v1', 'security.istio.io/tlsMode': 'istio' },
        INSTANCE_IPS: '127.0.7.11',
        NODE_NAME: 'laptop',
        SERVICE_ACCOUNT: 'web',
        INTERCEPTION_MODE: 'NONE',
      },
    });
  });

  test('is that of a proxy in proxies.yaml', async () => {
    const { node } = await written(tour, '--proxy', 'gateway');
    expect(node.id).toBe('router~127.0.7.1~gateway.shop~shop.svc.cluster.local');
    expect(node.metadata).toMatchObject({ LABELS: { app: 'gateway' }, SERVICE_ACCOUNT: 'gateway' });
  });

  test('is served as Istio’s proxy only when that is asked for', async () => {
    const { node, static_resources: resources } = await written(
      tour,
      '--proxy',
      'web-v1.shop',
      '--istio-proxy',
    );
    expect(node.metadata).toHaveProperty('ISTIO_VERSION', '1.31.0');
    expect(node.metadata).not.toHaveProperty('INTERCEPTION_MODE');
    expect(JSON.stringify(resources.clusters.find(({ name }) => name === 'sds-grpc'))).toContain(
      'workload-spiffe-uds/socket',
    );
  });
});

describe('the admin port', () => {
  test.each([
    [['--ip', '127.0.7.11'], '127.0.7.11'],
    [['--ip', '10.0.0.7'], '127.0.0.1'],
    [[], '127.0.0.1'],
    [[tour, '--proxy', 'catalog-v2.shop'], '127.0.7.22'],
  ])('with %j is on %s, where no other Envoy has it', async (args, address) => {
    const { admin } = await written(...args);
    expect(admin.address.socket_address).toEqual({ address, port_value: 15000 });
  });

  test('is where it is asked for', async () => {
    const { admin } = await written('--ip', '127.0.7.11', '--admin', '127.0.0.1:9901');
    expect(admin.address.socket_address).toEqual({ address: '127.0.0.1', port_value: 9901 });
  });
});

describe('certificates', () => {
  test('are asked of the server over the same TLS as everything else', async () => {
    const { static_resources: resources } = await written(
      '--server',
      'pilot.example:15012',
      '--ca',
      'ca.crt',
    );
    const [ads, sds] = resources.clusters;
    expect([ads?.name, sds?.name]).toEqual(['xds-grpc', 'sds-grpc']);
    expect(sds).toMatchObject({ transport_socket: ads?.['transport_socket'], type: 'STRICT_DNS' });
  });

  test('in a folder turn mutual TLS on', async () => {
    const { node } = await written('--certificates', 'mesh-ca/shop/web');
    expect(node.metadata).toMatchObject({
      PILOTLIGHT_SDS: 'true',
      PILOTLIGHT_CERTIFICATES: 'mesh-ca/shop/web',
    });
    expect((await written()).node.metadata).not.toHaveProperty('PILOTLIGHT_SDS');
  });
});

test.each([
  [[tour], 'is of no use without --proxy'],
  [[tour, '--proxy', 'nobody'], 'there is no proxy "nobody"'],
  [[tour, '--proxy', 'gateway', '--namespace', 'shop'], '--namespace cannot be given with --proxy'],
  [['--istio-proxy', '--certificates', 'x'], '--certificates cannot be given with --istio-proxy'],
  [['--grpc', '--certificates', 'x'], '--certificates is for an Envoy'],
  [['--name', ''], '--name must not be empty'],
])('bootstrap refuses %j', async (args, message) => {
  expect(await run('bootstrap', ...args)).toMatchObject({ code: 2, said: expect.stringContaining(message) });
});
