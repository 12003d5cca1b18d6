/** What a registry said last, kept on disk for a start during which the registry is down. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, systemErrorCode } from '../base/errors.js';
import type { NetworkGateway } from '../model/network.js';
import type { Service } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import type { RegistryEndpoints } from './view.js';

/** The values of a registry at one moment, as plain data. */
export interface LastKnown {
  /** When they were read, in milliseconds since the epoch. */
  readonly at: number;
  readonly services: readonly (readonly [key: string, service: Service])[];
  readonly endpoints: readonly (readonly [key: string, endpoints: RegistryEndpoints])[];
  readonly workloads: readonly Workload[];
  readonly gateways: readonly NetworkGateway[];
}

/** Keeps values for the next start. Neither method fails: what goes wrong is told to `problem`. */
export interface LastKnownKeeper {
  /** How long values count after they were read, in milliseconds. */
  readonly expiry: number;
  readonly load: () => Promise<LastKnown | undefined>;
  readonly save: (values: LastKnown) => Promise<void>;
}

/** Where values are kept. */
export interface LastKnownFile {
  readonly path: string;
  /** Whose values they are: those of another registry are not taken. No secrets. */
  readonly identity: string;
  readonly expiry: number;
  /** Told what cannot be read or written. */
  readonly problem: (message: string) => void;
}

/** Changes with the shape of the values; files of another one are not taken. */
const format = 1;

/** A keeper in a file: written as a whole or not at all, and readable for this user alone. */
export function lastKnownFile({ path, identity, expiry, problem }: LastKnownFile): LastKnownKeeper {
  const partial = `${path}.${process.pid}`;
  let writing: Promise<void> = Promise.resolve();
  const write = async (values: LastKnown): Promise<void> => {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(partial, JSON.stringify({ format, identity, ...values }), { mode: 0o600 });
      await rename(partial, path);
    } catch (error) {
      problem(`what ${identity} said last cannot be kept in ${path}: ${errorMessage(error)}`);
      await rm(partial, { force: true }).catch(() => undefined);
    }
  };
  return {
    expiry,
    save: (values) => (writing = writing.then(() => write(values))),
    load: async () => {
      await writing;
      try {
        const values: unknown = JSON.parse(await readFile(path, 'utf8'));
        if (isLastKnown(values, identity)) return values;
        problem(`${path} holds the values of another registry or version; it is not used`);
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') problem(`${path} cannot be used: ${errorMessage(error)}`);
      }
      return undefined;
    },
  };
}

function isLastKnown(value: unknown, identity: string): value is LastKnown {
  if (typeof value !== 'object' || value === null) return false;
  const file = value as Readonly<Record<string, unknown>>;
  return (
    file['format'] === format &&
    file['identity'] === identity &&
    typeof file['at'] === 'number' &&
    ['services', 'endpoints', 'workloads', 'gateways'].every((part) => Array.isArray(file[part]))
  );
}
