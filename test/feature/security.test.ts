/** A whole Pilotlight in this process: who may ask as which node, and what no page ever shows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status, type ChannelCredentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startPilot, type Pilot } from '../../src/index.js';
import { fromJson } from '../../src/envoy/json.js';
import { Node } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import { CertificateAuthority, spiffe, type IssuedCertificate } from '../certificate-authority.js';
import { AdsClient } from './ads-client.js';

const address = { host: '127.0.0.1', port: 0 };
const nodeId = 'sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local';

let authority: CertificateAuthority;
let own: IssuedCertificate;
let web: IssuedCertificate;
let folder: string;
let pilot: Pilot | undefined;
const clients: AdsClient[] = [];

beforeAll(async () => {
  authority = await CertificateAuthority.create();
  own = await authority.issue({ name: 'pilot', dns: ['localhost'] });
  web = await authority.issue({ uris: [spiffe('shop', 'web')] });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-security-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await pilot?.close();
  pilot = undefined;
  await rm(folder, { recursive: true });
});

async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function start(options: Parameters<typeof startPilot>[0]): Promise<Pilot> {
  pilot = await startPilot({ xdsAddress: address, httpAddress: address, debounceAfter: 1, ...options });
  await pilot.ready;
  return pilot;
}

async function mutualTls(): Promise<{ tlsCert: string; tlsKey: string; tlsClientCa: string }> {
  return {
    tlsCert: await put('tls.crt', own.cert),
    tlsKey: await put('tls.key', own.key),
    tlsClientCa: await put('ca.crt', authority.cert),
  };
}

function channel({ key, cert }: IssuedCertificate): ChannelCredentials {
  return credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert));
}

function connect(to: Pilot, issued?: IssuedCertificate): AdsClient {
  const client = new AdsClient(to.xdsAddress.port, ...(issued ? [channel(issued)] : []));
  clients.push(client);
  return client;
}

describe('91: the identity of a client', () => {
  const metadata = (fields: Record<string, string>): unknown => ({ id: nodeId, metadata: fields });

  test('lets it be a node of its namespace and service account', async () => {
    const client = connect(await start(await mutualTls()), web);
    const node = fromJson(Node, metadata({ NAMESPACE: 'shop', SERVICE_ACCOUNT: 'web' }));
    client.send({ node, typeUrl: typeUrls.cds });
    expect((await client.next()).typeUrl).toBe(typeUrls.cds);
  });

  test.each([
    ['another namespace', { NAMESPACE: 'bank' }],
    ['another service account', { SERVICE_ACCOUNT: 'db' }],
  ])('does not let it be one of %s', async (_, fields) => {
    const client = connect(await start(await mutualTls()), web);
    client.send({ node: fromJson(Node, metadata(fields)), typeUrl: typeUrls.cds });
    const { code, details } = await client.ended;
    expect(code).toBe(status.PERMISSION_DENIED);
    expect(details).toContain(spiffe('shop', 'web'));
  });

  test('is checked against a trust domain where one is named', async () => {
    const running = await start({ ...(await mutualTls()), identityTrustDomain: 'other.domain' });
    const client = connect(running, web);
    client.send({ node: { id: nodeId }, typeUrl: typeUrls.cds });
    expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  });

  test('does not count where the check is off', async () => {
    const client = connect(await start({ ...(await mutualTls()), identityCheck: false }), web);
    client.send({ node: fromJson(Node, metadata({ NAMESPACE: 'bank' })), typeUrl: typeUrls.cds });
    expect((await client.next()).typeUrl).toBe(typeUrls.cds);
  });
});

describe('91: without TLS', () => {
  test('nothing is served where others reach it, unless that was asked for', async () => {
    const xdsAddress = { host: '0.0.0.0', port: 0 };
    await expect(start({ xdsAddress })).rejects.toMatchObject({ code: 'USAGE' });
    const running = await start({ xdsAddress, allowPlaintext: true });
    const client = connect(running);
    client.send({ node: { id: nodeId }, typeUrl: typeUrls.cds });
    expect((await client.next()).typeUrl).toBe(typeUrls.cds);
  });
});

/** One word that stands in everything that is planted. */
const planted = 'p1anted';
const variable = 'PILOTLIGHT_TEST_VARIABLE';
const bearer = `Bearer ${planted}-bearer`;

/** Objects that hold secrets in every place where people leave them. */
function objects(): unknown[] {
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { x: `${planted}-applied` } }),
    'vault.example.com/lease': `${planted}-annotation`,
    'proxy.istio.io/config': `proxyMetadata: {X: ${planted}-annotated}`,
  };
  const metadata = (name: string): unknown => ({ name, namespace: 'shop', annotations });
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('credentials'),
      data: { password: Buffer.from(`${planted}-secret`).toString('base64') },
      stringData: { token: `${planted}-secret` },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('catalog'),
      spec: { clusterIP: '10.96.0.1', selector: { app: 'catalog' }, ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...(metadata('catalog-1') as object), labels: { app: 'catalog' } },
      spec: { containers: [{ name: 'app', env: [{ name: 'TOKEN', value: `${planted}-env` }] }] },
      status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: metadata('rates'),
      spec: {
        hosts: ['rates.example.com'],
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.1' }],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: metadata('rates'),
      spec: {
        hosts: ['rates.example.com'],
        http: [
          {
            match: [
              { headers: { authorization: { exact: bearer }, 'x-api-key': { prefix: `${planted}-key` } } },
            ],
            headers: { request: { set: { Authorization: bearer, 'x-auth-token': `${planted}-token` } } },
            route: [
              {
                destination: { host: 'rates.example.com' },
                headers: { request: { add: { cookie: `${planted}-cookie` } } },
              },
            ],
          },
        ],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: metadata('rates'),
      spec: {
        host: 'rates.example.com',
        trafficPolicy: { tls: { mode: 'MUTUAL', clientCertificate: '/c.pem', privateKey: own.key } },
      },
    },
  ];
}

const mesh = {
  defaultConfig: { proxyMetadata: { ANYTHING: `${planted}-proxy-metadata` } },
  extensionProviders: [
    { name: 'l', lightstep: { service: 'x', port: 80, accessToken: `${planted}-access` } },
    {
      name: 'o',
      opentelemetry: {
        service: 'x',
        port: 80,
        http: { path: '/', headers: [{ name: 'x-api-key', value: `${planted}-header` }] },
      },
    },
  ],
};

const metadata = {
  NAMESPACE: 'shop',
  ANNOTATIONS: { 'vault.example.com/lease': `${planted}-node-annotation` },
  PROXY_CONFIG: { proxyMetadata: { ANYTHING: `${planted}-node-environment` } },
  ANYTHING: `${planted}-node-variable`,
  apiToken: `${planted}-node-token`,
};

test('no page shows key material, a token or an environment', async () => {
  process.env[variable] = `${planted}-own-environment`;
  try {
    await put(
      'objects.yaml',
      objects()
        .map((object) => stringify(object))
        .join('---\n'),
    );
    await put('mesh.yaml', stringify(mesh));
    const running = await start({ ...(await mutualTls()), directory: folder });
    const client = connect(running, web);
    client.send({ node: fromJson(Node, { id: nodeId, metadata }), typeUrl: typeUrls.cds });
    const { nonce } = await client.next();
    const message = `refused: header "Authorization: ${bearer}", key ${own.key}`;
    client.send({ typeUrl: typeUrls.cds, responseNonce: nonce, errorDetail: { code: 3, message } });
    client.send({ typeUrl: typeUrls.eds, resourceNames: ['outbound|80||catalog.shop.svc.cluster.local'] });
    await client.next();

    const base = `http://127.0.0.1:${running.httpAddress.port}`;
    const index = await (await fetch(base)).text();
    const paths = index.match(/^\/\S+/gm) ?? [];
    expect(paths).toEqual(
      expect.arrayContaining(['/metrics', '/debug/configz', '/debug/adsz', '/debug/syncz']),
    );
    const texts = await Promise.all(
      ['/', '/debug', ...paths].flatMap((path) =>
        ['', `?proxyID=${encodeURIComponent(nodeId)}`, '?pretty&all'].map(async (query) => {
          const response = await fetch(`${base}${path}${query}`);
          return [`${path}${query}`, await response.text()] as const;
        }),
      ),
    );
    const keyLines = own.key.split('\n').filter((line) => line.length > 20);
    for (const [path, text] of texts) {
      for (const secret of [
        planted,
        Buffer.from(planted).toString('base64').slice(0, 8),
        ...keyLines,
        variable,
      ]) {
        expect.soft(text, path).not.toContain(secret);
      }
    }
    const all = texts.map(([, text]) => text).join('\n');
    for (const shown of ['catalog.shop.svc.cluster.local', 'rates.example.com', nodeId, 'refused: header'])
      expect(all).toContain(shown);
  } finally {
    delete process.env[variable];
  }
});
