#!/usr/bin/env node
/** The `pilotlight` command: the start and the end of the process. */
import { commands } from './commands.js';
import { terminal } from './output.js';
import { runProgram } from './program.js';

const interrupt = new AbortController();
// The first signal asks the command to end; the second ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

process.exitCode = await runProgram(commands, process.argv.slice(2), {
  env: process.env,
  output: terminal,
  signal: interrupt.signal,
});
