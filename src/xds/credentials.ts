/**
 * Transport credentials of the xDS port: plaintext, TLS, or mutual TLS. Certificates come from files and follow them:
 * connections that are made after a change get the new certificate, those that are open go on. Files that do not fit
 * together change nothing.
 */
import { ServerCredentials } from '@grpc/grpc-js';
import type { SecureServerOptions } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import { PilotError, errorMessage } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { FileHints } from './file-hints.js';
import { checkTls, readTlsFiles, sameContents, type TlsFiles, type TlsMaterial } from './tls-material.js';

/** How a port is secured; paths of PEM files. Nothing of it: plaintext. */
export interface CredentialOptions {
  /** The server's certificate and what leads from it to a CA. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Clients must have a certificate that is trusted by one of these. */
  readonly tlsClientCa?: string | undefined;
  /** Milliseconds between two looks at the files without notice; 2000 unless told. */
  readonly rescanInterval?: number;
}

/** Credentials for a gRPC server. */
export interface XdsCredentials {
  readonly server: ServerCredentials;
  /** Whether connections are encrypted. */
  readonly secure: boolean;
  /** Ends the watching of files. */
  close(): void;
}

/** How long a file has to be quiet before it is read, in milliseconds: pairs are written one after the other. */
const quietTime = 100;

/** Connections that say nothing are dropped after this time, in milliseconds. */
const handshakeTimeout = 10_000;

/**
 * Reads and checks the files, and watches them until `close`.
 *
 * @param report is told of certificates that were replaced, refused, or have expired.
 * @throws PilotError USAGE when files are given that say nothing without each other; TLS_INVALID that names the file
 * and what is wrong with it.
 */
export async function loadCredentials(options: CredentialOptions, report: Logger): Promise<XdsCredentials> {
  const files = tlsFiles(options);
  if (files === undefined) {
    return { server: ServerCredentials.createInsecure(), secure: false, close: () => undefined };
  }
  const material = checkTls(files, await readTlsFiles(files));
  const server = new ReplaceableCredentials(material.context, files.clientCa !== undefined);
  const follower = new CertificateFollower(files, material, report, (context) => server.replace(context));
  follower.start(options.rescanInterval ?? 2000);
  return { server, secure: true, close: () => follower.end() };
}

/** The files that are to be read; undefined without any. @throws PilotError USAGE */
function tlsFiles({ tlsCert, tlsKey, tlsClientCa }: CredentialOptions): TlsFiles | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined)
    return { cert: tlsCert, key: tlsKey, ...(tlsClientCa !== undefined && { clientCa: tlsClientCa }) };
  if (tlsCert !== undefined || tlsKey !== undefined)
    throw new PilotError('USAGE', 'a certificate and its key are given together (--tls-cert, --tls-key)');
  if (tlsClientCa === undefined) return undefined;
  throw new PilotError('USAGE', 'clients can only show certificates where the server has one', {
    hint: 'Give --tls-cert and --tls-key beside --tls-client-ca.',
  });
}

/** Credentials whose certificate, key and CA are replaced together, for connections to come. */
class ReplaceableCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, requireClientCertificate: boolean) {
    const constructorOptions: SecureServerOptions = {
      requestCert: requireClientCertificate,
      rejectUnauthorized: requireClientCertificate,
      handshakeTimeout,
    };
    super(constructorOptions, context);
  }

  /** Connections that are made from now on use this. */
  replace(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Keeps what is in force equal to the files, as far as they can be used. */
class CertificateFollower {
  readonly #files: TlsFiles;
  readonly #report: Logger;
  readonly #replace: (context: SecureContextOptions) => void;
  readonly #hints: FileHints;
  readonly #warned = new Set<string>();
  #inForce: TlsMaterial;
  #looking = false;
  #lookAgain = false;
  /** Why the files cannot be used, as the last look found, and whether a person has been told. */
  #refusal: { readonly reason: string; readonly told: boolean } | undefined;

  constructor(
    files: TlsFiles,
    material: TlsMaterial,
    report: Logger,
    replace: (context: SecureContextOptions) => void,
  ) {
    this.#files = files;
    this.#inForce = material;
    this.#report = report;
    this.#replace = replace;
    const paths = [files.cert, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];
    this.#hints = new FileHints(paths, quietTime, () => this.#look(), report);
  }

  start(rescanInterval: number): void {
    this.#warn();
    this.#hints.start(rescanInterval);
  }

  end(): void {
    this.#hints.end();
  }

  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    void this.#follow().finally(() => {
      this.#looking = false;
      if (!this.#lookAgain) return;
      this.#lookAgain = false;
      this.#look();
    });
  }

  async #follow(): Promise<void> {
    try {
      const contents = await readTlsFiles(this.#files);
      if (!sameContents(contents, this.#inForce.contents)) this.#take(checkTls(this.#files, contents));
      this.#refusal = undefined;
      this.#warn();
    } catch (error) {
      this.#refuse(errorMessage(error));
    }
  }

  #take(material: TlsMaterial): void {
    this.#replace(material.context);
    this.#inForce = material;
    this.#warned.clear();
    this.#report.info(
      'the certificate of the xDS port was replaced; new connections get it',
      material.summary,
    );
  }

  /** A file may be read while it is being written, so the first look that finds something wrong is not told. */
  #refuse(reason: string): void {
    const isKnown = this.#refusal?.reason === reason;
    if (isKnown && this.#refusal?.told === true) return;
    this.#refusal = { reason, told: isKnown };
    if (!isKnown) {
      this.#hints.lookSoon();
      return;
    }
    this.#report.error(
      `TLS files of the xDS port are refused, the certificate in force stays: ${reason}`,
      this.#inForce.summary,
    );
  }

  /** What is not valid now, each said once. */
  #warn(): void {
    for (const warning of this.#inForce.warnings(Date.now())) {
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.#report.warn(`TLS of the xDS port: ${warning}`);
    }
  }
}
