/** What the mesh CA issues, as OpenSSL and TLS see it. */
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  CertificateAuthority,
  type CertificateRequest,
  type IssuedCertificate,
} from '../../../src/ca/certificate-authority.js';
import { keyTypes } from '../../../src/ca/keys.js';

const day = 24 * 3_600_000;
const uri = 'spiffe://cluster.local/ns/shop/sa/web';
const web: CertificateRequest = { uri, dns: [], ips: [], keyType: 'ecdsa-p256', lifetime: day };
const where = { chain: 'ca.crt', key: 'ca.key' };

function newAuthority(name = 'mesh CA', lifetime = 10 * day): Promise<CertificateAuthority> {
  return CertificateAuthority.create({ name, keyType: 'ecdsa-p256', lifetime });
}

/** The first certificate of a PEM text. */
function leafOf({ chain }: Pick<IssuedCertificate, 'chain'>): X509Certificate {
  return new X509Certificate(chain);
}

/** What the server of a mutual TLS connection sees of the client, or the error of either side. */
async function shakeHands(server: IssuedCertificate, client: IssuedCertificate): Promise<string | undefined> {
  const options = { requestCert: true, rejectUnauthorized: true } as const;
  const listening = createServer({ ...options, cert: server.chain, key: server.key, ca: server.roots });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  try {
    const seen = new Promise<string | undefined>((resolve, reject) => {
      listening.once('secureConnection', (socket: TLSSocket) => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.end();
      });
      listening.once('tlsClientError', reject);
    });
    const socket = connect({
      port,
      host: '127.0.0.1',
      cert: client.chain,
      key: client.key,
      ca: client.roots,
      checkServerIdentity: () => undefined,
    });
    const [peer] = await Promise.all([seen, once(socket, 'secureConnect')]);
    socket.destroy();
    return peer;
  } finally {
    listening.close();
  }
}

describe('a mesh CA', () => {
  test('is a root that may sign certificates and nothing else', async () => {
    const authority = await newAuthority('a mesh');
    const certificate = new X509Certificate(authority.chain);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toBe('O=Pilotlight\nCN=a mesh');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(authority.roots).toBe(authority.chain);
  });

  test('issues certificates whose only subject is the SPIFFE id and what else was asked for', async () => {
    const authority = await newAuthority();
    const issued = await authority.issue({ ...web, dns: ['localhost'], ips: ['127.0.0.1', '::1'] });
    const certificate = leafOf(issued);
    expect(certificate.subject).toBeUndefined();
    expect(certificate.subjectAltName).toBe(
      `URI:${uri}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`,
    );
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(new X509Certificate(authority.chain))).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
  });

  test('gives each certificate a number and a key of its own', async () => {
    const authority = await newAuthority();
    const [a, b] = await Promise.all([authority.issue(web), authority.issue(web)]);
    expect(leafOf(a).serialNumber).not.toBe(leafOf(b).serialNumber);
    expect(a.key).not.toBe(b.key);
  });

  test('issues nothing that outlives itself, or is valid before it', async () => {
    const authority = await newAuthority('brief', day);
    const issued = await authority.issue({ ...web, lifetime: 30 * day });
    expect(issued.notAfter).toEqual(authority.notAfter);
    const [ca, leaf] = [new X509Certificate(authority.chain), leafOf(issued)];
    expect(Date.parse(leaf.validFrom)).toBeGreaterThanOrEqual(Date.parse(ca.validFrom));
    expect(Date.parse(leaf.validFrom)).toBeLessThanOrEqual(Date.now());
  });

  // Longer RSA keys differ in their length only, and take their time.
  test.each(keyTypes.filter((type) => !/^rsa-[34]/.test(type)))(
    'makes and signs keys of the type %s, with which both ends speak TLS',
    async (keyType) => {
      const authority = await CertificateAuthority.create({ name: 'mesh CA', keyType, lifetime: day });
      const server = await authority.issue({ ...web, keyType });
      const client = await authority.issue(web);
      expect(await shakeHands(server, client)).toBe(`URI:${uri}`);
    },
  );

  test('is not trusted by those who trust another of the same name', async () => {
    const [ours, theirs] = [await newAuthority(), await newAuthority()];
    await expect(shakeHands(await ours.issue(web), await theirs.issue(web))).rejects.toThrow();
  });
});

describe('a CA of the user’s own', () => {
  test('is read from PEM and issues as before', async () => {
    const made = await newAuthority();
    const read = await CertificateAuthority.fromPem({ chain: made.chain, key: await made.key() }, where);
    expect(await shakeHands(await made.issue(web), await read.issue(web))).toBe(`URI:${uri}`);
  });

  test('of another key format is read as well', async () => {
    const made = await newAuthority();
    const key = createPrivateKey(await made.key())
      .export({ type: 'sec1', format: 'pem' })
      .toString();
    const read = await CertificateAuthority.fromPem({ chain: made.chain, key }, where);
    expect(leafOf(await read.issue(web)).verify(new X509Certificate(made.chain).publicKey)).toBe(true);
  });

  test.each([
    [
      'no certificate',
      async () => ({ chain: 'nothing', key: await (await newAuthority()).key() }),
      /ca\.crt: it holds no certificate/,
    ],
    [
      'no key',
      async () => ({ chain: (await newAuthority()).chain, key: 'nothing' }),
      /ca\.key: it holds no private key/,
    ],
    [
      'the key of another',
      async () => ({ chain: (await newAuthority()).chain, key: await (await newAuthority()).key() }),
      /ca\.key: the key does not fit/,
    ],
    [
      'the certificate of a workload',
      async () => {
        const { chain, key } = await (await newAuthority()).issue(web);
        return { chain, key };
      },
      /ca\.crt: the first certificate in it is not that of a CA/,
    ],
    [
      'an expired one',
      async () => {
        const authority = await newAuthority('gone', 1);
        return { chain: authority.chain, key: await authority.key() };
      },
      /ca\.crt: the CA expired on/,
    ],
    [
      'a key with a passphrase',
      async () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const secret = { cipher: 'aes-256-cbc', passphrase: 'x', type: 'pkcs8', format: 'pem' } as const;
        return { chain: (await newAuthority()).chain, key: privateKey.export(secret).toString() };
      },
      /ca\.key: the key is encrypted/,
    ],
    [
      'a key that signs no certificates',
      async () => {
        const { privateKey } = generateKeyPairSync('x25519');
        const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
        return { chain: (await newAuthority()).chain, key };
      },
      /ca\.key: certificates cannot be signed with a key of the type x25519/,
    ],
  ])('is refused when there is %s, and the file is named', async (_, files, message) => {
    await expect(CertificateAuthority.fromPem(await files(), where)).rejects.toMatchObject({
      code: 'TLS_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
