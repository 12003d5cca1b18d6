/** TLS of the xDS port over real sockets: who gets in, and what happens when the files change. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import {
  Client,
  Server,
  credentials,
  type ChannelCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadCredentials, type CredentialOptions, type XdsCredentials } from '../../src/xds/credentials.js';
import { peerIdentityOf } from '../../src/xds/peer-identity.js';
import { CertificateAuthority, spiffe, type IssuedCertificate } from '../certificate-authority.js';
import { RecordingLogger } from '../recording-logger.js';

const identity = (bytes: Buffer): Buffer => bytes;
/** Who asks, as the server sees it. */
const whoAmI = {
  path: '/test.Test/WhoAmI',
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

let authority: CertificateAuthority;
let other: CertificateAuthority;
let first: IssuedCertificate;
let second: IssuedCertificate;
let folder: string;
let server: Server;
let log: RecordingLogger;
let loaded: XdsCredentials | undefined;
const closers: (() => void)[] = [];

beforeAll(async () => {
  authority = await CertificateAuthority.create('first authority');
  other = await CertificateAuthority.create('second authority');
  first = await authority.issue({ name: 'first', dns: ['localhost'] });
  second = await authority.issue({ name: 'second', dns: ['localhost'] });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-tls-'));
  log = new RecordingLogger();
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  loaded?.close();
  loaded = undefined;
  await rm(folder, { recursive: true });
});

/** Puts a file in place, whole or not at all. @returns its path. */
async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
  return path;
}

async function putPair({ cert, key }: IssuedCertificate): Promise<CredentialOptions> {
  return { tlsCert: await put('tls.crt', cert), tlsKey: await put('tls.key', key) };
}

/** Serves `whoAmI` with these credentials. @returns the port. */
async function serve(options: CredentialOptions): Promise<number> {
  const made = await loadCredentials({ rescanInterval: 60_000, ...options }, log);
  loaded = made;
  server = new Server();
  server.addService(
    { whoAmI },
    {
      whoAmI: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
        answer(null, Buffer.from(JSON.stringify(peerIdentityOf(call.getAuthContext()) ?? 'nobody'))),
    },
  );
  closers.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', made.server, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** A gRPC client with a connection of its own. */
function client(port: number, channel: ChannelCredentials): () => Promise<unknown> {
  const made = new Client(`localhost:${port}`, channel, { 'grpc.use_local_subchannel_pool': 1 });
  closers.push(() => made.close());
  return () =>
    new Promise((resolve, reject) => {
      made.makeUnaryRequest(
        whoAmI.path,
        identity,
        identity,
        Buffer.alloc(0),
        { deadline: Date.now() + 20_000 },
        (error, answer) => (error ? reject(error) : resolve(JSON.parse(String(answer)))),
      );
    });
}

function tls(issued?: IssuedCertificate, ca = authority): ChannelCredentials {
  return credentials.createSsl(
    Buffer.from(ca.cert),
    issued && Buffer.from(issued.key),
    issued && Buffer.from(issued.cert),
  );
}

/** A TLS connection, once it has been accepted by the server too: the first bytes of HTTP/2 have come. */
async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ALPNProtocols: ['h2'],
    ca: authority.cert,
    ...options,
  });
  closers.push(() => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
  });
  return socket;
}

/** The name in the certificate that a new connection is shown. */
async function shownName(port: number): Promise<string> {
  const socket = await handshake(port);
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

describe('who gets in', () => {
  test('without files everyone, in plaintext', async () => {
    const port = await serve({});
    expect(loaded?.secure).toBe(false);
    await expect(client(port, credentials.createInsecure())()).resolves.toBe('nobody');
  });

  test('with a certificate whoever speaks TLS and trusts it', async () => {
    const port = await serve(await putPair(first));
    expect(loaded?.secure).toBe(true);
    await expect(client(port, tls())()).resolves.toBe('nobody');
    await expect(client(port, tls(undefined, other))()).rejects.toThrow(/UNAVAILABLE/);
    await expect(client(port, credentials.createInsecure())()).rejects.toThrow(/UNAVAILABLE/);
  });

  test('with a CA for clients only those with a certificate by it, and the server knows who they are', async () => {
    const port = await serve({ ...(await putPair(first)), tlsClientCa: await put('ca.crt', other.cert) });
    const uris = [spiffe('shop', 'web')];
    await expect(client(port, tls(await other.issue({ uris })))()).resolves.toEqual({ uris });
    await expect(client(port, tls(await authority.issue({ uris })))()).rejects.toThrow(/UNAVAILABLE/);
    await expect(client(port, tls())()).rejects.toThrow(/UNAVAILABLE/);
  });

  test('a certificate of a client that has expired counts for nothing', async () => {
    const port = await serve({ ...(await putPair(first)), tlsClientCa: await put('ca.crt', other.cert) });
    const expired = await other.issue({ name: 'old', validTo: new Date(Date.now() - 1000) });
    await expect(client(port, tls(expired))()).rejects.toThrow(/UNAVAILABLE/);
  });

  test('nothing older than TLS 1.2 is spoken, before and after a change of the files', async () => {
    const port = await serve(await putPair(first));
    const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
    await expect(handshake(port, old)).rejects.toThrow(/protocol version|EPROTO|closed/i);
    await putPair(second);
    await log.line('was replaced');
    await expect(handshake(port, old)).rejects.toThrow(/protocol version|EPROTO|closed/i);
  });
});

describe('files that change', () => {
  test('give new connections the new certificate, while open ones go on', async () => {
    const port = await serve(await putPair(first));
    const ask = client(port, tls());
    await ask();
    expect(await shownName(port)).toBe('first');
    await putPair(second);
    expect((await log.line('was replaced')).fields).toMatchObject({ subject: 'CN=second' });
    expect(await shownName(port)).toBe('second');
    await expect(ask()).resolves.toBe('nobody');
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('are followed when a link above them is swapped, as Kubernetes does with mounted Secrets', async () => {
    await putVersion('v1', first);
    await swap('v1');
    await symlink(join('..data', 'tls.crt'), join(folder, 'tls.crt'));
    await symlink(join('..data', 'tls.key'), join(folder, 'tls.key'));
    const port = await serve({ tlsCert: join(folder, 'tls.crt'), tlsKey: join(folder, 'tls.key') });
    expect(await shownName(port)).toBe('first');
    await putVersion('v2', second);
    await swap('v2');
    await log.line('was replaced');
    expect(await shownName(port)).toBe('second');
  });

  test('are followed where no notification comes, by looking', async () => {
    await putVersion('v1', first);
    await swap('v1');
    // The folder that is watched holds a link to the one in which the files change.
    await mkdir(join(folder, 'mount'));
    await symlink(join('..', '..data', 'tls.crt'), join(folder, 'mount', 'tls.crt'));
    await symlink(join('..', '..data', 'tls.key'), join(folder, 'mount', 'tls.key'));
    const [tlsCert, tlsKey] = [join(folder, 'mount', 'tls.crt'), join(folder, 'mount', 'tls.key')];
    const port = await serve({ tlsCert, tlsKey, rescanInterval: 50 });
    await putVersion('v2', second);
    await swap('v2');
    await log.line('was replaced');
    expect(await shownName(port)).toBe('second');
  });

  test.each([
    ['no longer fit together', async () => put('tls.crt', second.cert), 'tls.key: the key does not fit'],
    ['are cut off', async () => put('tls.crt', first.cert.slice(0, 200)), 'tls.crt: it holds no certificate'],
    ['are gone', async () => rm(join(folder, 'tls.key')), 'tls.key: there is no such file'],
  ])('and %s change nothing, say so once, and are taken once they are right', async (_, spoil, reason) => {
    const port = await serve({ ...(await putPair(first)), rescanInterval: 50 });
    await spoil();
    const line = await log.line('are refused');
    expect(line.level).toBe('error');
    expect(line.message).toContain('the certificate in force stays');
    expect(line.message).toContain(reason);
    expect(await shownName(port)).toBe('first');
    await putPair(second);
    await log.line('was replaced');
    expect(await shownName(port)).toBe('second');
    expect(log.lines.filter(({ message }) => message.includes(reason))).toHaveLength(1);
  });

  test('with another CA for clients keep out those of the old one, also when they resume a session', async () => {
    const port = await serve({ ...(await putPair(first)), tlsClientCa: await put('ca.crt', authority.cert) });
    const mine = await authority.issue({ uris: [spiffe('shop', 'web')] });
    const theirs = await other.issue({ uris: [spiffe('shop', 'web')] });
    const socket = await handshake(port, mine);
    const session = socket.getSession();
    expect((await handshake(port, { ...mine, ...(session && { session }) })).isSessionReused()).toBe(true);
    await put('ca.crt', other.cert);
    await log.line('was replaced');
    await expect(handshake(port, mine)).rejects.toThrow();
    await expect(handshake(port, { ...mine, ...(session && { session }) })).rejects.toThrow();
    expect((await handshake(port, theirs)).authorized).toBe(true);
  });

  test('are not read any more after the end', async () => {
    await serve({ ...(await putPair(first)), rescanInterval: 20 });
    loaded?.close();
    const watching = new RecordingLogger();
    const paths = { tlsCert: join(folder, 'tls.crt'), tlsKey: join(folder, 'tls.key') };
    loaded = await loadCredentials({ ...paths, rescanInterval: 200 }, watching);
    await putPair(second);
    await watching.line('was replaced');
    expect(log.lines).toEqual([]);
  });
});

describe('files that are wrong at the start', () => {
  const start = async (options: CredentialOptions): Promise<XdsCredentials> => {
    loaded = await loadCredentials(options, log);
    return loaded;
  };
  const refusal = async (options: CredentialOptions): Promise<unknown> =>
    start(options).then(
      () => 'accepted',
      (error: unknown) => error,
    );

  test('are named with the reason', async () => {
    const pair = await putPair(first);
    const encrypted = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    }).privateKey;
    const cases: readonly [CredentialOptions, string][] = [
      [{ ...pair, tlsCert: join(folder, 'none.crt') }, 'none.crt: there is no such file'],
      [{ ...pair, tlsKey: folder }, `${folder}: it is a directory`],
      [
        { ...pair, tlsKey: await put('other.key', second.key) },
        'other.key: the key does not fit the certificate in',
      ],
      [{ ...pair, tlsKey: await put('locked.key', encrypted) }, 'locked.key: the key is encrypted'],
      [{ ...pair, tlsKey: await put('text.key', 'hello') }, 'text.key: it holds no private key in PEM'],
      [{ ...pair, tlsCert: await put('text.crt', 'hello') }, 'text.crt: it holds no certificate in PEM'],
      [
        { ...pair, tlsCert: await put('chain.crt', authority.cert + first.cert) },
        'chain.crt: the server’s own certificate has to be the first',
      ],
      [{ ...pair, tlsClientCa: await put('ca.crt', first.key) }, 'ca.crt: it holds no certificate in PEM'],
      [
        {
          ...pair,
          tlsClientCa: await put('bad.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
        },
        'bad.crt: certificate 1 in it cannot be read',
      ],
    ];
    for (const [options, message] of cases) {
      expect(await refusal(options)).toMatchObject({
        code: 'TLS_INVALID',
        message: expect.stringContaining(message),
      });
    }
  });

  test('or say nothing without each other are refused as such', async () => {
    const { tlsCert, tlsKey } = await putPair(first);
    expect(await refusal({ tlsCert })).toMatchObject({ code: 'USAGE' });
    expect(await refusal({ tlsKey })).toMatchObject({ code: 'USAGE' });
    expect(await refusal({ tlsClientCa: tlsCert })).toMatchObject({ code: 'USAGE' });
  });

  test('may have expired or not be valid yet, which is said', async () => {
    const [past, future] = [new Date('2020-01-02T03:04:05Z'), new Date('2100-01-02T03:04:05Z')];
    await start(await putPair(await authority.issue({ name: 'old', validFrom: new Date(0), validTo: past })));
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', expect.stringContaining('the certificate of CN=old expired on 2020-01-02T03:04:05.000Z')],
    ]);
    loaded?.close();
    await start(
      await putPair(
        await authority.issue({
          uris: [spiffe('shop', 'web')],
          validFrom: future,
          validTo: new Date('2101-01-01'),
        }),
      ),
    );
    await log.line(
      `the certificate of URI:${spiffe('shop', 'web')} is not valid before 2100-01-02T03:04:05.000Z`,
    );
  });
});

async function putVersion(version: string, { cert, key }: IssuedCertificate): Promise<void> {
  await mkdir(join(folder, `..${version}`));
  await writeFile(join(folder, `..${version}`, 'tls.crt'), cert);
  await writeFile(join(folder, `..${version}`, 'tls.key'), key);
}

async function swap(version: string): Promise<void> {
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}
