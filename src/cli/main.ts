#!/usr/bin/env node
/** The `pilotlight` command: the start and the end of the process. */
import { systemErrorCode } from '../base/errors.js';
import { exitCodes } from './command.js';
import { commands } from './commands.js';
import { terminal } from './output.js';
import { runProgram } from './program.js';

const interrupt = new AbortController();
// The first signal asks the command to end; the second ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

// Whoever reads the results may stop reading, as `head` does: then there is nobody left to work for.
process.stdout.on('error', (error: Error) => {
  if (systemErrorCode(error) === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

process.exitCode = await runProgram(commands, process.argv.slice(2), {
  env: process.env,
  output: terminal,
  signal: interrupt.signal,
});
