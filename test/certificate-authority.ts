/** A certificate authority for tests: certificates are made when they are needed, for the names that a test wants. */
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs what it adds to Reflect
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
  type X509Certificate,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hour = 3_600_000;

/** PEM texts. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateRequest {
  readonly name?: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

/** Issues certificates that everyone who trusts `cert` trusts. */
export class CertificateAuthority {
  /** The authority's own certificate, in PEM. */
  readonly cert: string;
  readonly #certificate: X509Certificate;
  readonly #keys: CryptoKeyPair;
  #issued = 1;

  private constructor(certificate: X509Certificate, keys: CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.cert = certificate.toString('pem');
  }

  static async create(name = 'test authority'): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      ...validity({}),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new CertificateAuthority(certificate, keys);
  }

  async issue(request: CertificateRequest): Promise<IssuedCertificate> {
    this.#issued += 1;
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.#issued.toString(16).padStart(4, '0'),
      subject: request.name === undefined ? '' : `CN=${request.name}`,
      issuer: this.#certificate.subject,
      ...validity(request),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new SubjectAlternativeNameExtension(alternativeNames(request), request.name === undefined),
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { cert: certificate.toString('pem'), key: pem('PRIVATE KEY', key) };
  }
}

/** The name of a service account, as Istio's certificates have it. */
export function spiffe(namespace: string, account: string, trustDomain = 'cluster.local'): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${account}`;
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function validity({ validFrom, validTo }: CertificateRequest): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: validFrom ?? new Date(Date.now() - hour),
    notAfter: validTo ?? new Date(Date.now() + 24 * hour),
  };
}

function alternativeNames({ dns = [], ips = [], uris = [] }: CertificateRequest): JsonGeneralNames {
  return [
    ...dns.map((value) => ({ type: 'dns', value }) as const),
    ...ips.map((value) => ({ type: 'ip', value }) as const),
    ...uris.map((value) => ({ type: 'url', value }) as const),
  ];
}

function pem(label: string, bytes: ArrayBuffer): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
