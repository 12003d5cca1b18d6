/** The colours of explanations. */
import { colours } from '../compare/colours.js';
import { noPaint, type Paint } from '../explain/report.js';
import { textOption, type CommandContext } from './command.js';

/** As `--color` says; `auto`, or without it, where the output shows them and NO_COLOR is not set. */
export function paintOf({ options, output, env }: CommandContext): Paint {
  const when = textOption(options, 'color') ?? 'auto';
  const coloured = when === 'always' || (when === 'auto' && output.colour && env['NO_COLOR'] === undefined);
  if (!coloured) return noPaint;
  const { title, good, left, faint } = colours(true);
  return { title, good, bad: left, faint };
}
