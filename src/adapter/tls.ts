/** TLS towards a registry: an own CA and client certificates from files, which are looked at for every request. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage } from '../base/errors.js';
import type { AdapterContext, JsonSchema } from './adapter.js';
import { RequestFailure } from './failure.js';

/** PEM files; followed when they change. */
export interface TlsSettings {
  /** CA certificates that servers must be signed by; those of the system when absent. */
  readonly ca?: string;
  /** Client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate must have; the URL's host when absent. */
  readonly serverName?: string;
}

/** TLS material as it is now, in PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** The schema of TLS settings. */
export const tlsSchema: JsonSchema = {
  type: 'object',
  description: 'An own CA and client certificates, as PEM files.',
  additionalProperties: false,
  properties: {
    ca: { type: 'string', minLength: 1 },
    cert: { type: 'string', minLength: 1 },
    key: { type: 'string', minLength: 1 },
    serverName: { type: 'string', minLength: 1 },
  },
  dependentRequired: { cert: ['key'], key: ['cert'] },
};

/** TLS material in files. */
export class TlsFiles {
  readonly #settings: TlsSettings;
  readonly #folder: string;
  readonly #known = new Map<string, { readonly version: string; readonly text: string }>();

  constructor(settings: TlsSettings, { folder }: Pick<AdapterContext, 'folder'>) {
    this.#settings = settings;
    this.#folder = folder;
  }

  /** The material as it is now. @throws RequestFailure that names the file that cannot be read. */
  async read(): Promise<TlsMaterial> {
    const { ca, cert, key, serverName } = this.#settings;
    const [caText, certText, keyText] = await Promise.all([ca, cert, key].map((file) => this.#text(file)));
    return {
      ...(caText === undefined ? {} : { ca: caText }),
      ...(certText === undefined ? {} : { cert: certText }),
      ...(keyText === undefined ? {} : { key: keyText }),
      ...(serverName === undefined ? {} : { serverName }),
    };
  }

  async #text(file: string | undefined): Promise<string | undefined> {
    if (file === undefined) return undefined;
    const path = resolve(this.#folder, file);
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs} ${size} ${ino}`;
      const known = this.#known.get(path);
      if (known?.version === version) return known.text;
      const text = await readFile(path, 'utf8');
      this.#known.set(path, { version, text });
      return text;
    } catch (error) {
      throw new RequestFailure('unauthorized', `TLS material cannot be read: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }
}
