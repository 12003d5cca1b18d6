/** What a setting is: one row from which its flag, environment variable, file key, help and schema are made. */
import { PilotError } from '../base/errors.js';

/** A JSON Schema fragment. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How a value is written and read. */
export interface ValueType<T> {
  /** Placeholder in help, such as `HOST:PORT`; undefined for a switch. */
  readonly placeholder: string | undefined;
  readonly schema: JsonSchema;
  /** Reads text of a flag or variable. @throws Error whose message says what would be right. */
  parse(text: string): T;
  /** The default as help shows it. */
  format(value: T): string;
}

export interface Setting<T> {
  /** Key in pilotlight.yaml, lowerCamelCase. */
  readonly key: string;
  /** For example `--xds-address`. */
  readonly flag: string;
  /** Variables that are read, the first that is set counts; Istio's own switches keep Istio's names. */
  readonly env: readonly string[];
  readonly type: ValueType<T>;
  readonly default: T;
  readonly help: string;
}

/** `host:port`; an IPv6 host stands in brackets. Port 0 asks for a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The text of an address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads `HOST:PORT`. @throws Error that says what would be right. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > 65535)
    throw new Error(`"${text}" is not HOST:PORT, such as 127.0.0.1:15010`);
  return { host, port };
}

const durationUnits: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** Reads a duration such as `100ms`, `1.5s` or `1m30s` as milliseconds. @throws Error that says what would be right. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text === '0') return 0;
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw new Error(`"${text}" is not a duration such as 100ms, 1.5s or 1m`);
  }
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (durationUnits.get(unit ?? '') ?? 0),
    0,
  );
}

/** Milliseconds as the shortest duration text. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, size] of [...durationUnits].reverse()) {
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}

export const address: ValueType<Address> = {
  placeholder: 'HOST:PORT',
  schema: { type: 'string', pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]]+):[0-9]{1,5}$' },
  parse: parseAddress,
  format: formatAddress,
};

export const duration: ValueType<number> = {
  placeholder: 'DURATION',
  schema: { type: 'string', pattern: '^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$' },
  parse: parseDuration,
  format: formatDuration,
};

export const text: ValueType<string> = {
  placeholder: 'TEXT',
  schema: { type: 'string', minLength: 1 },
  parse: (value) => {
    if (value === '') throw new Error('it must not be empty');
    return value;
  },
  format: (value) => value,
};

/** A path, or none. Relative paths of a settings file are relative to that file. */
export const optionalPath: ValueType<string | undefined> = {
  placeholder: 'FILE',
  schema: { type: 'string', minLength: 1 },
  parse: (value) => text.parse(value),
  format: () => 'none',
};

export const flag: ValueType<boolean> = {
  placeholder: undefined,
  schema: { type: 'boolean' },
  parse: (value) => {
    if (/^(true|1|yes|on)$/i.test(value)) return true;
    if (/^(false|0|no|off)$/i.test(value)) return false;
    throw new Error(`"${value}" is neither true nor false`);
  },
  format: String,
};

/** One of several words. */
export function choice<const T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    placeholder: words.join('|'),
    schema: { enum: words },
    parse: (value) => {
      const found = words.find((word) => word === value);
      if (found === undefined) throw new Error(`"${value}" is none of ${words.join(', ')}`);
      return found;
    },
    format: String,
  };
}

/** A value that a flag or variable gave and that cannot be read. */
export function badValue(where: string, error: unknown): PilotError {
  const reason = error instanceof Error ? error.message : String(error);
  return new PilotError('USAGE', `${where}: ${reason}`);
}
