/** Certificates in files, for servers and clients that read them from there, and replaced while they do. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority, spiffe, type IssuedCertificate } from '../certificate-authority.js';

/** A certificate and its key. */
export interface KeyPairFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * A temporary folder with what mutual TLS with Pilotlight on 127.0.0.1 takes: the CA, the server's certificate, and
 * one of the workload `client` of namespace `shop`.
 */
export class TlsFolder {
  readonly authority: CertificateAuthority;
  /** The CA's certificate. */
  readonly ca: string;
  readonly server: KeyPairFiles;
  readonly client: KeyPairFiles;
  readonly #path: string;

  private constructor(path: string, authority: CertificateAuthority) {
    this.#path = path;
    this.authority = authority;
    this.ca = join(path, 'ca.crt');
    this.server = this.#files('server');
    this.client = this.#files('client');
  }

  static async create(): Promise<TlsFolder> {
    const authority = await CertificateAuthority.create();
    const folder = new TlsFolder(await mkdtemp(join(tmpdir(), 'pilotlight-tls-')), authority);
    await folder.putText('ca.crt', authority.cert);
    await folder.putServer(authority);
    await folder.#put('client', await authority.issue({ uris: [spiffe('shop', 'client')] }));
    return folder;
  }

  /** Flags with which `pilotlight serve` speaks mutual TLS. */
  get serveFlags(): readonly string[] {
    return ['--tls-cert', this.server.cert, '--tls-key', this.server.key, '--tls-client-ca', this.ca];
  }

  /** Flags with which `pilotlight bootstrap` makes a client do so; `ca` is by whom the server's certificate is. */
  bootstrapFlags(ca = this.ca): readonly string[] {
    return ['--ca', ca, '--cert', this.client.cert, '--key', this.client.key];
  }

  /** Puts a fresh certificate of the server in place, by an authority that clients trust or not. */
  async putServer(authority: CertificateAuthority): Promise<void> {
    await this.#put('server', await authority.issue({ ips: ['127.0.0.1'] }));
  }

  /** Puts a file in place, whole or not at all. @returns its path */
  async putText(file: string, text: string): Promise<string> {
    const path = join(this.#path, file);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
    return path;
  }

  remove(): Promise<void> {
    return rm(this.#path, { recursive: true, force: true });
  }

  #files(name: string): KeyPairFiles {
    return { cert: join(this.#path, `${name}.crt`), key: join(this.#path, `${name}.key`) };
  }

  async #put(name: string, { cert, key }: IssuedCertificate): Promise<void> {
    await this.putText(`${name}.crt`, cert);
    await this.putText(`${name}.key`, key);
  }
}
