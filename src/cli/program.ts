/** Commander, set up from the commands' data. */
import { Command as Commander, CommanderError, Option } from 'commander';
import { packageVersion } from '../base/version.js';
import { exitCodes, type Command, type CommandContext } from './command.js';
import { reportFailure, type Output } from './output.js';

/** What runs a command besides its arguments. */
export interface ProgramEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Runs the command that `args` (without node and script) name. @returns the exit code. */
export async function runProgram(
  commands: readonly Command[],
  args: readonly string[],
  environment: ProgramEnvironment,
): Promise<number> {
  let code: number = exitCodes.ok;
  const program = new Commander('pilotlight')
    .description('A miniature Istio Pilot: serves Envoy over ADS what Istiod would.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(run with --help for what it takes)');
  for (const command of commands) {
    program.addCommand(
      toCommander(command, async (context) => {
        code = await command.run({ ...context, ...environment });
      }),
    );
  }
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => environment.output.result(text),
      writeErr: (text) => environment.output.say(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return reportFailure(environment.output, error);
  }
}

function toCommander(
  command: Command,
  run: (context: Pick<CommandContext, 'arguments' | 'options'>) => Promise<void>,
): Commander {
  const made = new Commander(command.name).summary(command.summary).description(command.description);
  for (const { name, help } of command.arguments) made.argument(name, help);
  for (const spec of command.options) {
    const option = new Option(spec.flags, spec.help);
    if (spec.choices !== undefined) option.choices(spec.choices);
    if (spec.default !== undefined) option.default(spec.default);
    if (spec.repeatable === true)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    made.addOption(option);
  }
  const examples = command.examples.map(({ line, says }) => `  ${line}\n      ${says}`);
  if (examples.length > 0) made.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  made.action(async (...parameters: unknown[]) => {
    const given = parameters.slice(0, command.arguments.length);
    await run({
      arguments: given.map((value) => (typeof value === 'string' ? value : undefined)),
      options: made.opts(),
    });
  });
  return made;
}
