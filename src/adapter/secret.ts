/** A token or password: read from its place whenever it is wanted, so that a new one counts at once. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage } from '../base/errors.js';
import type { AdapterContext, JsonSchema } from './adapter.js';
import { RequestFailure } from './failure.js';

/** A secret's place: a file, or an environment variable. */
export type CredentialSource = { readonly file: string } | { readonly env: string };

/** The schema of a secret's place. */
export const credentialSchema: JsonSchema = {
  description: 'Where the token or password is read from, again whenever it changes.',
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['file'],
      properties: { file: { type: 'string', minLength: 1 } },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['env'],
      properties: { env: { type: 'string', minLength: 1 } },
    },
  ],
};

/** A secret at its place. */
export class Secret {
  readonly #source: CredentialSource;
  readonly #context: Pick<AdapterContext, 'env' | 'folder'>;
  #known: { readonly version: string; readonly text: string } | undefined;

  constructor(source: CredentialSource, context: Pick<AdapterContext, 'env' | 'folder'>) {
    this.#source = source;
    this.#context = context;
  }

  /** The secret as it is now, without white space around it. @throws RequestFailure that names the place, not the secret. */
  async read(): Promise<string> {
    return 'env' in this.#source ? this.#fromEnv(this.#source.env) : await this.#fromFile(this.#source.file);
  }

  #fromEnv(name: string): string {
    const text = this.#context.env[name]?.trim() ?? '';
    if (text === '') throw new RequestFailure('unauthorized', `the environment variable ${name} is not set`);
    return text;
  }

  async #fromFile(file: string): Promise<string> {
    const path = resolve(this.#context.folder, file);
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (this.#known?.version === version) return this.#known.text;
      const text = (await readFile(path, 'utf8')).trim();
      this.#known = { version, text };
      return text;
    } catch (error) {
      throw new RequestFailure('unauthorized', `the credential cannot be read: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }
}
