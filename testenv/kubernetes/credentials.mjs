/** Credentials that a test API server accepts: tokens of service accounts and client certificates, of any duration. */
// oxlint-disable-next-line import/no-unassigned-import -- what the next one cannot do without
import 'reflect-metadata';
import { generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Who issues tokens of service accounts, and for whom. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';

const certificateAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3600 * 1000;

/** Signs tokens as the API server does, also such that end before its own least duration of ten minutes. */
export class TokenSigner {
  #key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  /** The private key, for the API server's flags. */
  get pem() {
    return this.#key.export({ type: 'pkcs1', format: 'pem' }).toString();
  }

  /**
   * @param {{ namespace: string, name: string, uid: string }} account
   * @param {number} seconds until it is not accepted any more; the server may remember it for ten seconds longer
   */
  token({ namespace, name, uid }, seconds) {
    const now = Math.floor(Date.now() / 1000);
    const begin = now - 3600;
    const claims = {
      iss: tokenIssuer,
      aud: [tokenIssuer],
      sub: `system:serviceaccount:${namespace}:${name}`,
      iat: begin,
      nbf: begin,
      // The server grants a minute, for clocks that differ.
      exp: now + seconds - 60,
      'kubernetes.io': { namespace, serviceaccount: { name, uid } },
    };
    const text = `${base64url({ alg: 'RS256' })}.${base64url(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#key).toString('base64url')}`;
  }
}

/** Issues client certificates that the API server trusts. */
export class ClientAuthority {
  #keys;
  #certificate;

  /** @param {CryptoKeyPair} keys @param {x509.X509Certificate} certificate */
  constructor(keys, certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async create() {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name: 'CN=clients',
        keys,
        notBefore: new Date(Date.now() - dayMs),
        notAfter: new Date(Date.now() + dayMs),
        signingAlgorithm: certificateAlgorithm,
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        ],
      },
      webcrypto,
    );
    return new ClientAuthority(keys, certificate);
  }

  /** The authority's own certificate. */
  get pem() {
    return this.#certificate.toString('pem');
  }

  /**
   * A certificate of a user, and its key.
   * @param {string} user @param {string} [group] @param {number} [seconds] until it ends
   */
  async issue(user, group, seconds = 3600) {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: `CN=${user}${group === undefined ? '' : `, O=${group}`}`,
        issuer: this.#certificate.subject,
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + seconds * 1000),
        signingKey: this.#keys.privateKey,
        publicKey: keys.publicKey,
        signingAlgorithm: certificateAlgorithm,
        extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
      },
      webcrypto,
    );
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return { cert: certificate.toString('pem'), key: pem('PRIVATE KEY', key) };
  }
}

/** @returns {Promise<CryptoKeyPair>} */
function newKeys() {
  return webcrypto.subtle.generateKey(certificateAlgorithm, true, ['sign', 'verify']);
}

/** @param {unknown} value */
function base64url(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** @param {string} label @param {Buffer} bytes */
function pem(label, bytes) {
  const lines = bytes.toString('base64').replace(/(.{64})/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
