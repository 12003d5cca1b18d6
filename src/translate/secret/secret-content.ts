/** The certificates, keys and CAs in Secrets and ConfigMaps, in both forms that Istio knows. */
import { X509Certificate } from 'node:crypto';
import type { CaKey, SecretKey } from '../../config/credential-keys.js';

type SecretData = Readonly<Partial<Record<SecretKey, string>>>;

/** A certificate with its key. */
export interface KeyPair {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly ocspStaple?: Buffer;
}

/** A CA, and what it has revoked. */
export interface CaCertificates {
  readonly certificate: Buffer;
  readonly revoked?: Buffer;
}

/** What an object holds, or why it does not hold what is wanted; never with any of its content. */
export type Content<Wanted> = Wanted | { readonly missing: string };

/** The certificate and key of a Secret: those of `cert` and `key`, else those of `tls.crt` and `tls.key`. */
export function keyPairOf(data: SecretData): Content<KeyPair> {
  const bytes = (key: SecretKey): Buffer => Buffer.from(data[key] ?? '', 'base64');
  for (const [certificateKey, privateKeyKey] of [
    ['cert', 'key'],
    ['tls.crt', 'tls.key'],
  ] as const) {
    const [certificate, privateKey] = [bytes(certificateKey), bytes(privateKeyKey)];
    if (certificate.length === 0 || privateKey.length === 0) continue;
    const ocspStaple = bytes('tls.ocsp-staple');
    const hasStaple = certificateKey === 'tls.crt' && data['tls.ocsp-staple'] !== undefined;
    return { certificate, privateKey, ...(hasStaple && { ocspStaple }) };
  }
  return { missing: `neither cert and key nor tls.crt and tls.key; it has ${keysOf(data)}` };
}

/** The CA of a Secret: that of `cacert`, else that of `ca.crt`. */
export function caOfSecret(data: SecretData): Content<CaCertificates> {
  return caOf(data, 'base64');
}

/** The CA of a ConfigMap. */
export function caOfConfigMap(data: Readonly<Partial<Record<CaKey, string>>>): Content<CaCertificates> {
  return caOf(data, 'utf8');
}

function caOf(
  data: Readonly<Partial<Record<CaKey, string>>>,
  encoding: BufferEncoding,
): Content<CaCertificates> {
  const bytes = (key: CaKey): Buffer => Buffer.from(data[key] ?? '', encoding);
  for (const [certificateKey, revokedKey] of [
    ['cacert', 'crl'],
    ['ca.crt', 'ca.crl'],
  ] as const) {
    const certificate = bytes(certificateKey);
    if (certificate.length === 0) continue;
    return { certificate, ...(data[revokedKey] !== undefined && { revoked: bytes(revokedKey) }) };
  }
  return { missing: `neither cacert nor ca.crt; it has ${keysOf(data)}` };
}

function keysOf(data: object): string {
  const keys = Object.keys(data).sort();
  return keys.length === 0 ? 'no key that is known' : keys.join(', ');
}

/** Whether Envoy could take these bytes for certificates. */
export function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== '';
  } catch {
    return false;
  }
}
