/** `xds://` against servers that behave in every way that the protocol allows, and some that it does not. */
import { ServerCredentials, status } from '@grpc/grpc-js';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serverSide, type ServerOptions } from '../../src/compare/load/server.js';
import { resourceName, type Answer } from '../../src/compare/resources.js';
import type { SideAnswer } from '../../src/compare/side.js';
import { fromJson } from '../../src/envoy/json.js';
import { NameTable, type DiscoveryRequestMessage } from '../../src/envoy/messages.js';
import { typeUrls } from '../../src/envoy/type-urls.js';
import type { NodeDescription } from '../../src/mesh/node.js';
import {
  assignment,
  cluster,
  edsCluster,
  ScriptedServer,
  type OnRequest,
  type Send,
} from './scripted-server.js';

const { cds, eds, nds } = typeUrls;
const certificates = fileURLToPath(new URL('certificates', import.meta.url));
const node = { id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local', metadata: { NAMESPACE: 'shop' } };
/** Generous: only a defect waits this long. */
const patient: ServerOptions = { timeoutMs: 20_000 };

let server: ScriptedServer | undefined;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-compare-'));
});
afterEach(async () => {
  server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function start(onRequest: OnRequest, credentials?: ServerCredentials): Promise<ScriptedServer> {
  server = await ScriptedServer.start(onRequest, credentials);
  return server;
}

async function ask(
  options: ServerOptions = patient,
  types: readonly string[] = ['cds', 'eds'],
  asked: NodeDescription = node,
): Promise<SideAnswer & { version: string | undefined }> {
  const side = await serverSide(server?.source ?? '', options);
  try {
    return { ...(await side.answer({ name: 'web', node: asked }, types)), version: side.istioVersion() };
  } finally {
    side.close();
  }
}

function names(answer: Answer): Readonly<Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(answer).map(([type, resources]) => [
      type,
      resources.map((resource) => resourceName(resource)).sort(),
    ]),
  );
}

/** Answers the first request of CDS with these clusters, and any new request for EDS with what it names. */
function serve(...clusterNames: readonly string[]): OnRequest {
  return (request, send) => {
    if (request.typeUrl === cds && request.responseNonce === '')
      send({ typeUrl: cds, resources: clusterNames.map(edsCluster) });
    if (request.typeUrl === eds && request.responseNonce === '')
      send({ typeUrl: eds, resources: request.resourceNames.map(assignment) });
  };
}

describe('an ADS server', () => {
  test('is asked for clusters and then for their assignments; the node goes first, every response is accepted', async () => {
    const { requests } = await start(serve('a', 'b'));
    const { answer } = await ask();
    expect(names(answer)).toEqual({ cds: ['a', 'b'], eds: ['a', 'b'] });
    const ofTypes = requests.filter(({ typeUrl }) => typeUrl === cds || typeUrl === eds);
    const said = ofTypes.map(
      ({ typeUrl, responseNonce, resourceNames, node: sent }: DiscoveryRequestMessage) => [
        typeUrl === cds ? 'cds' : 'eds',
        responseNonce,
        resourceNames.join(),
        sent?.id ?? '',
      ],
    );
    expect(said.slice(0, 3)).toEqual([
      ['cds', '', '', node.id],
      ['cds', 'n1', '', ''],
      ['eds', '', 'a,b', ''],
    ]);
    expect(requests.every(({ errorDetail }) => errorDetail === null)).toBe(true);
  });

  test('is asked for names if the proxy captures DNS, and not otherwise', async () => {
    const table = NameTable.encode(fromJson(NameTable, { table: { web: { ips: ['10.0.0.1'] } } }));
    const { requests } = await start((request, send, stream) => {
      serve('a')(request, send, stream);
      if (request.typeUrl === nds && request.responseNonce === '')
        send({ typeUrl: nds, resources: [{ typeUrl: nds, value: table }] });
    });
    const types = ['cds', 'nds'];
    expect((await ask(patient, types)).answer).not.toHaveProperty('nds');
    expect(requests.map(({ typeUrl }) => typeUrl)).not.toContain(nds);
    const captures = { ...node, metadata: { ...node.metadata, DNS_CAPTURE: 'true' } };
    const { answer } = await ask(patient, types, captures);
    expect(answer['nds']).toEqual([{ table: { web: { ips: ['10.0.0.1'] } } }]);
  });

  test('may answer assignments in parts', async () => {
    await start((request, send) => {
      if (request.typeUrl === cds && request.responseNonce === '')
        send({ typeUrl: cds, resources: ['a', 'b'].map(edsCluster) });
      if (request.typeUrl === eds && request.responseNonce === '') {
        send({ typeUrl: eds, resources: [assignment('a')] });
        send({ typeUrl: eds, resources: [assignment('b')] });
      }
    });
    expect(names((await ask()).answer)).toEqual({ cds: ['a', 'b'], eds: ['a', 'b'] });
  });

  test('may push other clusters meanwhile: the newest count', async () => {
    const pushAgain = (send: Send): void => send({ typeUrl: cds, resources: ['b', 'c'].map(edsCluster) });
    await start((request, send) => {
      if (request.typeUrl === cds && request.responseNonce === '')
        send({ typeUrl: cds, resources: ['a', 'b'].map(edsCluster) });
      if (request.typeUrl !== eds) return;
      if (request.resourceNames.includes('a')) {
        send({ typeUrl: eds, resources: [assignment('a')] });
        if (request.responseNonce === '') pushAgain(send);
      } else if (request.resourceNames.includes('c'))
        send({ typeUrl: eds, resources: ['b', 'c'].map(assignment) });
    });
    expect(names((await ask()).answer)).toEqual({ cds: ['b', 'c'], eds: ['b', 'c'] });
  });

  test('with clusters that ask for no assignment is not asked for any', async () => {
    const { requests } = await start((request, send) => {
      if (request.typeUrl === cds && request.responseNonce === '')
        send({ typeUrl: cds, resources: [cluster({ name: 's' })] });
    });
    expect(names((await ask()).answer)).toEqual({ cds: ['s'] });
    expect(requests.some(({ typeUrl }) => typeUrl === eds)).toBe(false);
  });

  test('that leaves assignments unanswered fails with their names once the time is over', async () => {
    await start((request, send) => {
      if (request.typeUrl === cds && request.responseNonce === '')
        send({ typeUrl: cds, resources: ['a', 'b', 'c'].map(edsCluster) });
      if (request.typeUrl === eds && request.responseNonce === '')
        send({ typeUrl: eds, resources: [assignment('b')] });
    });
    await expect(ask({ timeoutMs: 300 })).rejects.toMatchObject({
      code: 'COMPARE_FAILED',
      message: expect.stringContaining('did not answer EDS of 2 of 3 names (a, c) within 0.3 s'),
      hint: expect.stringContaining('--timeout'),
    });
  });

  test('that says nothing fails with the type that it left unanswered', async () => {
    await start(() => undefined);
    await expect(ask({ timeoutMs: 300 })).rejects.toMatchObject({
      message: expect.stringContaining('did not answer CDS within'),
    });
    await expect(ask({ timeoutMs: 300 }, ['lds'])).rejects.toMatchObject({
      message: expect.stringContaining('did not answer LDS within'),
    });
  });

  test('that refuses is quoted, with what to do', async () => {
    await start((_, __, stream) => stream.fail(status.UNAUTHENTICATED, 'who are you'));
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining(
        'ended the stream before it answered CDS: UNAUTHENTICATED: who are you',
      ),
      hint: expect.stringContaining('--token-file'),
    });
  });

  test('that ends the stream early is said to have done so', async () => {
    await start((_, __, stream) => stream.end());
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining('ended the stream before it answered CDS'),
    });
  });

  test('that sends what is no cluster is said to have done so', async () => {
    await start((request, send) => {
      if (request.typeUrl === cds)
        send({ typeUrl: cds, resources: [{ typeUrl: cds, value: Buffer.from([0x0a, 0x7f]) }] });
    });
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining('sent what cannot be read'),
    });
  });

  test('of another version may send fields that are not known: they are kept and told', async () => {
    const field900 = Buffer.from([0xa2, 0x38, 0x01, 0x78]);
    await start((request, send) => {
      const value = Buffer.concat([Buffer.from([0x0a, 0x01, 0x63]), field900]);
      if (request.typeUrl === cds && request.responseNonce === '')
        send({ typeUrl: cds, resources: [{ typeUrl: cds, value }] });
    });
    const { answer, notes } = await ask();
    expect(answer['cds']).toEqual([{ name: 'c', '(field 900)': field900.toString('base64') }]);
    expect(notes).toEqual([
      expect.stringContaining('envoy.config.cluster.v3.Cluster number 900 is a field that is not known here'),
    ]);
  });

  test.each([
    ['in its responses', cds],
    ['when it is asked for its status', typeUrls['debug-syncz']],
  ])('may say its version %s', async (_, speaking) => {
    const identifier = JSON.stringify({ Component: 'istiod', ID: 'x', Info: { version: '1.29.1' } });
    await start((request, send) => {
      if (request.responseNonce !== '') return;
      const controlPlane = request.typeUrl === speaking ? { identifier } : undefined;
      send({ typeUrl: request.typeUrl, ...(controlPlane !== undefined && { controlPlane }) });
    });
    expect((await ask()).version).toBe('1.29.1');
  });
});

describe('an ADS server with TLS', () => {
  const file = (name: string): string => join(certificates, name);

  async function startTls(checkClient: boolean, onRequest: OnRequest): Promise<void> {
    const [ca, key, cert] = await Promise.all(
      ['ca.pem', 'server.key', 'server.pem'].map((name) => readFile(file(name))),
    );
    if (ca === undefined || key === undefined || cert === undefined)
      throw new Error('certificates are missing');
    await start(
      onRequest,
      ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], checkClient),
    );
  }

  const named = { ...patient, ca: file('ca.pem'), serverName: 'istiod.istio-system.svc' };

  test('is trusted by --ca, and given the token of --token-file', async () => {
    const tokens: unknown[] = [];
    await startTls(false, (request, send, stream) => {
      tokens.push(...stream.metadata.get('authorization'));
      serve('a')(request, send, stream);
    });
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'secret\n');
    expect(names((await ask({ ...named, tokenFile })).answer)).toEqual({ cds: ['a'], eds: ['a'] });
    expect(new Set(tokens)).toEqual(new Set(['Bearer secret']));
  });

  test('is shown the certificate of --cert and --key', async () => {
    await startTls(true, serve('a'));
    const { answer } = await ask({ ...named, cert: file('client.pem'), key: file('client.key') });
    expect(names(answer)).toEqual({ cds: ['a'], eds: ['a'] });
    await expect(ask(named)).rejects.toMatchObject({ code: 'COMPARE_FAILED' });
  });

  test('whose certificate is for another name, or that is asked in plaintext, is not believed', async () => {
    await startTls(false, serve('a'));
    await expect(ask({ ...patient, ca: file('ca.pem') })).rejects.toMatchObject({
      message: expect.stringContaining('UNAVAILABLE'),
    });
    await expect(ask(patient)).rejects.toMatchObject({ hint: expect.stringContaining('TLS') });
  });

  test('needs certificates that are some', async () => {
    await startTls(false, serve('a'));
    const notPem = join(folder, 'x.pem');
    await writeFile(notPem, 'x');
    await expect(ask({ ...patient, cert: notPem, key: notPem })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('certificates cannot be used'),
    });
  });
});
