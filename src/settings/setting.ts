/** What a setting is: one row from which its flag, environment variable, file key, help and schema are made. */
import { PilotError } from '../base/errors.js';
import { joinHostPort } from '../base/host-port.js';

/** A JSON Schema fragment. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How a value is written and read. */
export interface ValueType<T> {
  /** Placeholder in help, such as `HOST:PORT`; undefined for a switch. */
  readonly placeholder: string | undefined;
  readonly schema: JsonSchema;
  /** A path: relative ones in a settings file are relative to that file. */
  readonly isPath?: true;
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
  return joinHostPort(host, port);
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
function formatDuration(milliseconds: number): string {
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

/** A number of things, 0 or more. */
export const count: ValueType<number> = {
  placeholder: 'NUMBER',
  schema: { type: 'integer', minimum: 0 },
  parse: (value) => {
    if (!/^\d{1,15}$/.test(value)) throw new Error(`"${value}" is not a whole number of 0 or more`);
    return Number(value);
  },
  format: String,
};

const byteUnits: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** A number of bytes, as `4MiB`. */
export const bytes: ValueType<number> = {
  placeholder: 'BYTES',
  schema: { type: 'string', pattern: '^[0-9]+(KiB|MiB|GiB)?$' },
  parse: (value) => {
    const [, amount = '', unit = ''] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(value) ?? [];
    if (amount === '') throw new Error(`"${value}" is not a size such as 65536, 256KiB or 4MiB`);
    return Number(amount) * (byteUnits.get(unit) ?? 1);
  },
  format: (value) => {
    for (const [unit, size] of [...byteUnits].reverse())
      if (value >= size && value % size === 0) return `${value / size}${unit}`;
    return String(value);
  },
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

export const optionalText: ValueType<string | undefined> = {
  placeholder: 'TEXT',
  schema: { type: 'string', minLength: 1 },
  parse: (value) => text.parse(value),
  format: () => 'none',
};

/** A path, or none. */
export const optionalPath: ValueType<string | undefined> = {
  ...optionalText,
  placeholder: 'FILE',
  isPath: true,
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

/** A flag that is written out, since it is on unless it is turned off. */
export const spelledFlag: ValueType<boolean> = { ...flag, placeholder: 'true|false' };

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
