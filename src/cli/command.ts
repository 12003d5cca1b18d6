/** A command of the command line is data: what it is called, takes and does. `program.ts` makes commander of it. */
import type { Output } from './output.js';

/** What a command's exit tells scripts. */
export const exitCodes = {
  ok: 0,
  /** Documents were refused (`validate`), or answers differ (`compare`). */
  findings: 1,
  /** The command line, settings or input cannot be used. */
  usage: 2,
  /** An address to listen on is taken. */
  portInUse: 3,
  /** A defect of Pilotlight. */
  internal: 70,
} as const;

/** An option in commander's notation. */
export interface OptionSpec {
  /** For example `-o, --output <format>`. */
  readonly flags: string;
  readonly help: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** May be given several times; values are gathered in a list. */
  readonly repeatable?: boolean;
}

export interface ArgumentSpec {
  /** For example `[DIR]` or `<DIR>`. */
  readonly name: string;
  readonly help: string;
}

/** Options as commander parsed them, by camelCase name. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** What a command works with; nothing of it is global, so that tests can run commands. */
export interface CommandContext {
  readonly arguments: readonly (string | undefined)[];
  readonly options: OptionValues;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  /** Aborted when the person interrupts (SIGINT, SIGTERM). */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly line: string; readonly says: string }[];
  /** @returns the exit code. @throws PilotError for what a person can mend. */
  run(context: CommandContext): Promise<number>;
}

/** A text option, or undefined. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A switch. */
export function switchOption(options: OptionValues, name: string): boolean {
  return options[name] === true;
}

/** A repeatable option's values. */
export function listOption(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
