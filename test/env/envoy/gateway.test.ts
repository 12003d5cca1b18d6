/** A real Envoy as the gateway of a mesh: HTTP, HTTPS with certificates over SDS, TLS by its server name, redirects. */
import { rm } from 'node:fs/promises';
import { createServer, request as httpsRequest, Agent, type Server as TlsServer } from 'node:https';
import { request, type ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPilot, type Pilot } from '../../../src/app.js';
import { bootstrap } from '../../../src/bootstrap/bootstrap.js';
import { RecordingLogger } from '../../recording-logger.js';
import { Envoy } from '../../../testenv/envoy/envoy.mjs';
import { freePorts } from '../../../testenv/ports.mjs';
import { eventually } from '../../../testenv/process.mjs';
import { CertificateAuthority, type IssuedCertificate } from '../../certificate-authority.js';
import { MeshFolder, service } from '../mesh-folder.js';
import { apiTypes, Backend } from './fixture.js';

const address = '127.0.3.1';
/** A private key in PEM, and the same in base64. */
const privateKey = /PRIVATE KEY|LS0tLS1CRUdJTiBQUklWQVRF/;

describe.each(apiTypes)('a gateway, %s', (apiType) => {
  let mesh: MeshFolder;
  let authority: CertificateAuthority;
  let web: Backend;
  let secure: TlsServer;
  let secureCertificate: IssuedCertificate;
  let ports: { readonly http: number; readonly https: number };
  let pilot: Pilot;
  let log: RecordingLogger;
  let envoy: Envoy;

  beforeAll(async () => {
    authority = await CertificateAuthority.create();
    const [http = 0, https = 0] = await freePorts(2);
    ports = { http, https };
    web = await Backend.start('web');
    secureCertificate = await authority.issue({ dns: ['passed.example.com'] });
    secure = createServer(secureCertificate, (_, response) => response.end('secure'));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.4.1', resolve));
    mesh = await MeshFolder.create();
    await mesh.put('web.yaml', service('web', [{ backend: web }]));
    await mesh.put('secure.yaml', [externalService('secure', (secure.address() as AddressInfo).port)]);
    await mesh.put('gateway.yaml', gateway(ports));
    await putSecret('web-cert', await authority.issue({ name: 'first', dns: ['web.example.com'] }));
    log = new RecordingLogger();
    pilot = await startPilot({
      directory: mesh.path,
      xdsAddress: { host: '127.0.0.1', port: 0 },
      httpAddress: { host: '127.0.0.1', port: 0 },
      logger: log,
    });
    await pilot.ready;
    envoy = await Envoy.start(
      bootstrap({
        nodeId: 'router~127.0.3.1~edge.edge~edge.svc.cluster.local',
        nodeCluster: 'edge',
        metadata: { NAMESPACE: 'edge', CLUSTER_ID: 'Kubernetes', LABELS: { istio: 'edge' } },
        server: pilot.xdsAddress,
        apiType,
        admin: { host: '127.0.0.1', port: 0 },
        listeners: [],
      }),
    );
    await envoy.listener(`${address}_${ports.http}`);
    await envoy.listener(`${address}_${ports.https}`);
  });

  afterAll(async () => {
    await envoy?.stop();
    await pilot?.close();
    await web?.stop();
    await new Promise((resolve) => secure?.close(resolve));
    await mesh?.remove();
  });

  function putSecret(name: string, { cert, key }: IssuedCertificate): Promise<void> {
    const document = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name, namespace: 'edge' },
      stringData: { 'tls.crt': cert, 'tls.key': key },
    };
    return mesh.put(`secret-${name}.yaml`, [document]);
  }

  function ask(host: string, path = '/'): Promise<{ status: number; location: string; body: string }> {
    return answerOf(request({ host: address, port: ports.http, path, headers: { host } }));
  }

  function askTls(name: string, agent = new Agent()): Promise<{ status: number; body: string }> {
    return answerOf(
      httpsRequest({
        host: address,
        port: ports.https,
        servername: name,
        headers: { host: name },
        ca: authority.cert,
        agent,
      }),
    );
  }

  /** The certificate that is shown to clients of a name. */
  function certificate(name: string): Promise<PeerCertificate> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { host: address, port: ports.https, servername: name, ca: authority.cert },
        () => {
          resolve(socket.getPeerCertificate());
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  }

  test('takes everything that it is served', async () => {
    for (const manager of ['cluster_manager.cds', 'listener_manager.lds'])
      expect(await envoy.stat(`${manager}.update_rejected`)).toBe(0);
  });

  test('sends HTTP to the service that a host stands for, and knows no other host', async () => {
    expect(await eventually('an answer', async () => okOf(await ask('web.example.com')))).toBe('web');
    expect((await ask('other.example.com')).status).toBe(404);
  });

  test('sends clients without TLS to HTTPS where a server asks for that', async () => {
    const { status, location } = await ask('moved.example.com', '/there?now');
    expect([status, location]).toEqual([301, 'https://moved.example.com/there?now']);
  });

  test('ends TLS with the certificate of a Secret', async () => {
    expect(await eventually('an answer', async () => okOf(await askTls('web.example.com')))).toBe('web');
    expect((await certificate('web.example.com')).subject).toEqual({ CN: 'first' });
  });

  test('passes TLS through by its server name', async () => {
    expect(await eventually('an answer', async () => okOf(await askTls('passed.example.com')))).toBe(
      'secure',
    );
    expect((await certificate('passed.example.com')).subjectaltname).toBe('DNS:passed.example.com');
    await expect(certificate('nobody.example.com')).rejects.toThrow();
  });

  test('has a replaced certificate at once, and loses no request over it', async () => {
    const failures: string[] = [];
    const over = new AbortController();
    const load = Promise.all(
      [1, 2, 3].map(async (worker) => {
        // One row keeps its connection, the others make a new one for each request.
        const kept = worker === 1 ? new Agent({ keepAlive: true }) : undefined;
        while (!over.signal.aborted)
          await askTls('web.example.com', kept).then(
            ({ status }) => status === 200 || failures.push(String(status)),
            (error: Error) => failures.push(error.message),
          );
        kept?.destroy();
      }),
    );
    await putSecret('web-cert', await authority.issue({ name: 'second', dns: ['web.example.com'] }));
    await eventually('the new certificate', async () => {
      const { subject } = await certificate('web.example.com');
      return subject.CN === 'second';
    });
    over.abort();
    await load;
    expect(failures).toEqual([]);
  });

  test('keeps a certificate whose Secret is gone or holds none, and takes the next one', async () => {
    await rm(join(mesh.path, 'secret-web-cert.yaml'));
    await log.line('there is no Secret edge/web-cert');
    expect((await certificate('web.example.com')).subject).toEqual({ CN: 'second' });
    const { key } = await authority.issue({ dns: ['web.example.com'] });
    await putSecret('web-cert', { cert: 'no certificate', key });
    await log.line('Secret edge/web-cert holds something else than a certificate');
    await log.line('refused by the proxy');
    expect((await certificate('web.example.com')).subject).toEqual({ CN: 'second' });
    await putSecret('web-cert', await authority.issue({ name: 'third', dns: ['web.example.com'] }));
    await eventually('the new certificate', async () => {
      const { subject } = await certificate('web.example.com');
      return subject.CN === 'third';
    });
    expect(JSON.stringify(log.lines)).not.toMatch(privateKey);
  });

  test('shows no private key on any page', async () => {
    for (const path of ['/debug/adsz', '/debug/syncz', '/debug/configz', '/debug/connections', '/metrics']) {
      const response = await fetch(`http://127.0.0.1:${pilot.httpAddress.port}${path}`);
      const text = await response.text();
      expect(text, path).not.toMatch(privateKey);
    }
  });
});

function externalService(name: string, port: number): unknown {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'shop' },
    spec: {
      hosts: [`${name}.shop.svc.cluster.local`],
      ports: [{ number: 443, name: 'tls', protocol: 'TLS', targetPort: port }],
      resolution: 'STATIC',
      endpoints: [{ address: '127.0.4.1' }],
    },
  };
}

function gateway({ http, https }: { readonly http: number; readonly https: number }): unknown[] {
  const gateways = ['edge/edge'];
  const toWeb = [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }];
  const server = (number: number, name: string, protocol: string, host: string, tls?: object) => ({
    port: { number, name, protocol },
    bind: address,
    hosts: [host],
    ...(tls !== undefined && { tls }),
  });
  const virtualService = (name: string, spec: object) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'shop' },
    spec: { gateways, ...spec },
  });
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'edge' },
      spec: {
        selector: { istio: 'edge' },
        servers: [
          server(http, 'http', 'HTTP', 'web.example.com'),
          server(http, 'http-moved', 'HTTP', 'moved.example.com', { httpsRedirect: true }),
          server(https, 'https', 'HTTPS', 'web.example.com', { mode: 'SIMPLE', credentialName: 'web-cert' }),
          server(https, 'tls', 'TLS', 'passed.example.com', { mode: 'PASSTHROUGH' }),
        ],
      },
    },
    virtualService('web', { hosts: ['web.example.com'], http: toWeb }),
    virtualService('moved', { hosts: ['moved.example.com'], http: toWeb }),
    virtualService('passed', {
      hosts: ['passed.example.com'],
      tls: [
        {
          match: [{ sniHosts: ['passed.example.com'] }],
          route: [{ destination: { host: 'secure.shop.svc.cluster.local', port: { number: 443 } } }],
        },
      ],
    }),
  ];
}

interface HttpAnswer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** Sends a request. */
function answerOf(asked: ClientRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '', body }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The body of an answer that is no error. @throws Error on any status but 200. */
function okOf({ status, body }: Pick<HttpAnswer, 'status' | 'body'>): string {
  if (status !== 200) throw new Error(`${status} ${body}`);
  return body;
}
