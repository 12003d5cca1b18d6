/** A mesh CA: made for the occasion or the user's own, it issues certificates for workloads. */
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs what it adds to Reflect
import 'reflect-metadata';
import { X509Certificate as NodeCertificate, randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralNames,
} from '@peculiar/x509';
import { PilotError, errorMessage } from '../base/errors.js';
import { keyPem, keysFromPem, newKeys, type KeyType, type SigningKeys } from './keys.js';

/** Certificates and keys in PEM. */
export interface IssuedCertificate {
  /** The certificate, followed by those that lead from it to a root, without that. */
  readonly chain: string;
  readonly key: string;
  /** The certificates by which others' are trusted. */
  readonly roots: string;
  /** Until when it is valid. */
  readonly notAfter: Date;
}

/** How a CA is made. */
export interface AuthorityOptions {
  /** Its common name. */
  readonly name: string;
  readonly keyType: KeyType;
  /** Milliseconds for which it is valid. */
  readonly lifetime: number;
}

/** What a certificate is for. */
export interface CertificateRequest {
  /** SPIFFE id of the workload. */
  readonly uri: string;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly keyType: KeyType;
  /** Milliseconds for which it is valid; no longer than the CA itself. */
  readonly lifetime: number;
}

/** Clocks differ a little: what is issued is valid from shortly before now. */
const backdated = 5 * 60_000;

/** Issues certificates. */
export class CertificateAuthority {
  /** Its own certificate and, if it is no root, those that lead to one. */
  readonly chain: string;
  readonly #certificates: readonly X509Certificate[];
  readonly #certificate: X509Certificate;
  readonly #keys: SigningKeys;

  private constructor(certificates: readonly [X509Certificate, ...X509Certificate[]], keys: SigningKeys) {
    this.#certificates = certificates;
    this.#certificate = certificates[0];
    this.#keys = keys;
    this.chain = pem(certificates);
  }

  /** A root with a fresh key. */
  static async create({ name, keyType, lifetime }: AuthorityOptions): Promise<CertificateAuthority> {
    const keys = await newKeys(keyType);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ O: ['Pilotlight'] }, { CN: [name] }],
      ...validity(lifetime),
      keys: { publicKey: keys.publicKey, privateKey: keys.privateKey },
      signingAlgorithm: keys.algorithm,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority([certificate], keys);
  }

  /**
   * A CA that there is already.
   * @param chain its certificate in PEM, then those that lead from it to a root, that included
   * @param files for people: where both are from
   * @throws PilotError TLS_INVALID that names the file and what is wrong with it.
   */
  static async fromPem(
    { chain, key }: { readonly chain: string; readonly key: string },
    files: { readonly chain: string; readonly key: string },
  ): Promise<CertificateAuthority> {
    const [certificate, ...others] = certificatesOf(chain, files.chain);
    if (certificate === undefined) throw unusable(files.chain, 'it holds no certificate in PEM');
    const { object, ...keys } = await keysFromPem(key, files.key);
    if (!new NodeCertificate(certificate.toString('pem')).checkPrivateKey(object))
      throw unusable(files.key, `the key does not fit the first certificate in ${files.chain}`);
    if (certificate.getExtension(BasicConstraintsExtension)?.ca !== true)
      throw unusable(
        files.chain,
        'the first certificate in it is not that of a CA (basicConstraints CA:TRUE)',
      );
    const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
    if (usages !== undefined && (usages & KeyUsageFlags.keyCertSign) === 0)
      throw unusable(files.chain, 'the first certificate in it may not sign others (keyUsage keyCertSign)');
    if (certificate.notAfter.getTime() <= Date.now())
      throw unusable(files.chain, `the CA expired on ${certificate.notAfter.toISOString()}`);
    return new CertificateAuthority([certificate, ...others], keys);
  }

  /** Until when it is valid. */
  get notAfter(): Date {
    return this.#certificate.notAfter;
  }

  /** The certificates by which what it issues is trusted: the roots of its chain, or its last one. */
  get roots(): string {
    const selfSigned = this.#certificates.filter(({ subject, issuer }) => subject === issuer);
    return pem(selfSigned.length > 0 ? selfSigned : this.#certificates.slice(-1));
  }

  /** Its own key, in PEM. */
  key(): Promise<string> {
    return keyPem(this.#keys.privateKey);
  }

  /** A certificate with a fresh key, for both ends of connections. */
  async issue({ uri, dns, ips, keyType, lifetime }: CertificateRequest): Promise<IssuedCertificate> {
    const keys = await newKeys(keyType);
    const { notBefore, notAfter } = validity(lifetime);
    const names: JsonGeneralNames = [
      { type: 'url', value: uri },
      ...dns.map((value) => ({ type: 'dns', value }) as const),
      ...ips.map((value) => ({ type: 'ip', value }) as const),
    ];
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // As in Istio's certificates the names alone say whom it is for, which makes them critical (RFC 5280, 4.2.1.6).
      subject: '',
      issuer: this.#certificate.subjectName,
      notBefore: later(notBefore, this.#certificate.notBefore),
      notAfter: notAfter < this.notAfter ? notAfter : this.notAfter,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: this.#keys.algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(names, true),
        ...this.#ownKeyIdentifier(),
      ],
    });
    const between = this.#certificates.filter(({ subject, issuer }) => subject !== issuer);
    return {
      chain: pem([certificate, ...between]),
      key: await keyPem(keys.privateKey),
      roots: this.roots,
      notAfter: certificate.notAfter,
    };
  }

  /** The identifier that its certificate gives its key: any other one would keep clients from finding the CA. */
  #ownKeyIdentifier(): readonly AuthorityKeyIdentifierExtension[] {
    const own = this.#certificate.getExtension(SubjectKeyIdentifierExtension);
    return own === null ? [] : [new AuthorityKeyIdentifierExtension(own.keyId)];
  }
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function validity(lifetime: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - backdated), notAfter: new Date(now + lifetime) };
}

/** 16 random bytes, positive and not 0. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString('pem')}\n`).join('');
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesOf(text: string, where: string): readonly X509Certificate[] {
  return (text.match(certificateBlock) ?? []).map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw unusable(where, `certificate ${index + 1} in it cannot be read: ${errorMessage(error)}`, error);
    }
  });
}

function unusable(where: string, reason: string, cause?: unknown): PilotError {
  return new PilotError('TLS_INVALID', `${where}: ${reason}`, { cause });
}
