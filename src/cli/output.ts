/** Where a command's words go: results to stdout, talk to stderr. The only place that knows the terminal. */
import { errorMessage, PilotError } from '../base/errors.js';
import { exitCodes } from './command.js';

export interface Output {
  /** A result: text as it is, without a newline added. */
  result(text: string): void;
  /** A line of talk. */
  say(line: string): void;
  /** Whether results go to a terminal that shows colours. */
  readonly colour: boolean;
  /** The size of the terminal that results go to; undefined where they go elsewhere. */
  readonly screen?: () => { readonly rows: number; readonly columns: number } | undefined;
}

/** Of a terminal that does not tell its size. */
const usualRows = 24;
const usualColumns = 80;

/** The real terminal. */
export const terminal: Output = {
  result: (text) => {
    process.stdout.write(text);
  },
  say: (line) => {
    process.stderr.write(`${line}\n`);
  },
  colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  screen: () =>
    process.stdout.isTTY
      ? { rows: process.stdout.rows || usualRows, columns: process.stdout.columns || usualColumns }
      : undefined,
};

/** Tells a person of a failure and gives the exit code for it. Defects of Pilotlight show where they happened. */
export function reportFailure(output: Output, thrown: unknown): number {
  if (!(thrown instanceof PilotError) || thrown.code === 'INTERNAL') {
    output.say(
      `pilotlight: internal error: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : errorMessage(thrown)}`,
    );
    return exitCodes.internal;
  }
  output.say(`pilotlight: ${thrown.message}`);
  if (thrown.hint !== undefined) output.say(`  ${thrown.hint}`);
  return thrown.code === 'PORT_IN_USE' ? exitCodes.portInUse : exitCodes.usage;
}
