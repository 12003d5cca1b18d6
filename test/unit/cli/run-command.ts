/** Runs the command line within the test's process and keeps what it prints. */
import { commands } from '../../../src/cli/commands.js';
import { runProgram } from '../../../src/cli/program.js';

export interface Ran {
  readonly code: number;
  /** What went to stdout. */
  readonly result: string;
  /** What went to stderr. */
  readonly said: string;
}

/** Runs `pilotlight ARGS`. */
export async function run(...args: readonly string[]): Promise<Ran> {
  let result = '';
  let said = '';
  const output = {
    result: (text: string) => {
      result += text;
    },
    say: (line: string) => {
      said += `${line}\n`;
    },
    colour: false,
  };
  const code = await runProgram(commands, args, { env: {}, output, signal: new AbortController().signal });
  return { code, result, said };
}
