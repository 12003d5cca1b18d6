/**
 * Certificate, key and CA of a TLS server, read from PEM files and checked before anything uses them, so that what is
 * wrong with a file is said by its name and not by the first client that cannot connect.
 */
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { PilotError, errorMessage, systemErrorCode } from '../base/errors.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The server's certificate first, then those that lead from it to a CA. */
  readonly cert: string;
  /** The key of the server's certificate, not encrypted. */
  readonly key: string;
  /** The certificates by which those of clients are trusted; without it none is asked for. */
  readonly clientCa?: string;
}

/** What the files hold, as it is. */
export interface TlsContents {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

/** Contents that were found to fit together. */
export interface TlsMaterial {
  readonly contents: TlsContents;
  /** For a TLS server; TLS 1.2 and newer. */
  readonly context: SecureContextOptions;
  /** For people: whose certificate it is, until when, and its SHA-256 fingerprint. */
  readonly summary: { readonly subject: string; readonly validTo: string; readonly fingerprint: string };
  /** Sentences about certificates that are not valid at a time, in milliseconds since the epoch. */
  warnings(now: number): readonly string[];
}

/** @throws PilotError TLS_INVALID that names the file that cannot be read. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsContents> {
  const [cert, key, clientCa] = await Promise.all([
    readTlsFile(files.cert),
    readTlsFile(files.key),
    files.clientCa === undefined ? undefined : readTlsFile(files.clientCa),
  ]);
  return { cert, key, ...(clientCa && { clientCa }) };
}

/** Whether two readings gave the same bytes. */
export function sameContents(a: TlsContents, b: TlsContents): boolean {
  const sameCa =
    a.clientCa === undefined || b.clientCa === undefined
      ? a.clientCa === b.clientCa
      : a.clientCa.equals(b.clientCa);
  return a.cert.equals(b.cert) && a.key.equals(b.key) && sameCa;
}

/**
 * Checks contents. A certificate that has expired is no error but one of the warnings: who has nothing better is
 * better off serving it to clients that do not mind.
 * @throws PilotError TLS_INVALID that names the file and what is wrong with it.
 */
export function checkTls(files: TlsFiles, contents: TlsContents): TlsMaterial {
  const chain = readCertificates(files.cert, contents.cert);
  const key = readKey(files.key, contents.key);
  const [leaf] = chain;
  if (leaf === undefined || !leaf.checkPrivateKey(key)) {
    const isOutOfOrder = chain.some((certificate) => certificate.checkPrivateKey(key));
    throw isOutOfOrder
      ? invalid(files.cert, 'the server’s own certificate has to be the first one in it')
      : invalid(files.key, `the key does not fit the certificate in ${files.cert}`);
  }
  const authorities =
    files.clientCa === undefined || contents.clientCa === undefined
      ? []
      : readCertificates(files.clientCa, contents.clientCa).map((certificate) => ({
          file: files.clientCa ?? '',
          certificate,
        }));
  const context: SecureContextOptions = {
    cert: contents.cert,
    key: contents.key,
    minVersion: 'TLSv1.2',
    ...(contents.clientCa && { ca: contents.clientCa }),
  };
  tryContext(files.cert, context);
  const dated = [...chain.map((certificate) => ({ file: files.cert, certificate })), ...authorities];
  return {
    contents,
    context,
    summary: { subject: nameOf(leaf), validTo: isoDate(leaf.validTo), fingerprint: leaf.fingerprint256 },
    warnings: (now) => dated.flatMap(({ file, certificate }) => validityWarning(file, certificate, now)),
  };
}

async function readTlsFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(path, readFailure(error), error);
  }
}

function readFailure(error: unknown): string {
  switch (systemErrorCode(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read by this user';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return `it cannot be read: ${errorMessage(error)}`;
  }
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** All certificates of a PEM file, at least one. */
function readCertificates(path: string, pem: Buffer): readonly X509Certificate[] {
  const blocks = pem.toString('latin1').match(certificateBlock) ?? [];
  if (blocks.length === 0)
    throw invalid(path, 'it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)');
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw invalid(path, `certificate ${index + 1} in it cannot be read: ${errorMessage(error)}`, error);
    }
  });
}

function readKey(path: string, pem: Buffer): KeyObject {
  const text = pem.toString('latin1');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw invalid(path, 'the key is encrypted; it has to be there without a passphrase');
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch (error) {
    // What OpenSSL says of a key that it cannot read says nothing to a person.
    throw invalid(path, 'it holds no private key in PEM that can be read', error);
  }
}

/** What OpenSSL minds beyond that, such as a key that is too short. */
function tryContext(path: string, context: SecureContextOptions): void {
  try {
    createSecureContext(context);
  } catch (error) {
    throw invalid(path, `it cannot be used for TLS: ${errorMessage(error)}`, error);
  }
}

function validityWarning(file: string, certificate: X509Certificate, now: number): readonly string[] {
  const { validFrom, validTo } = certificate;
  if (now > Date.parse(validTo))
    return [`${file}: the certificate of ${nameOf(certificate)} expired on ${isoDate(validTo)}`];
  if (now < Date.parse(validFrom))
    return [`${file}: the certificate of ${nameOf(certificate)} is not valid before ${isoDate(validFrom)}`];
  return [];
}

/** The subject in one line; the names that it is for where the subject is empty, as in SPIFFE's certificates. */
function nameOf(certificate: X509Certificate): string {
  // Node gives an empty subject as undefined, which its types do not say.
  const subject = certificate.subject as string | undefined;
  return subject?.replaceAll('\n', ', ') || (certificate.subjectAltName ?? 'no name');
}

function isoDate(text: string): string {
  return new Date(text).toISOString();
}

function invalid(path: string, reason: string, cause?: unknown): PilotError {
  return new PilotError('TLS_INVALID', `TLS file ${path}: ${reason}`, { cause });
}
