/** What `compare` and `diff` have in common: their options, and from two sides to a report and an exit code. */
import { PilotError } from '../base/errors.js';
import { colours } from '../compare/colours.js';
import { compareSides, isEqual, isIncomplete, type Comparison } from '../compare/comparison.js';
import { parseIgnore } from '../compare/ignore.js';
import { pairProxies } from '../compare/proxy-pairs.js';
import { reportJson } from '../compare/report-json.js';
import { reportSummary, reportText } from '../compare/report-text.js';
import type { Side } from '../compare/side.js';
import { exitCodes, listOption, textOption, type CommandContext, type OptionSpec } from './command.js';
import { readNodeFile } from './proxies.js';

/** Options of both commands. */
export const comparisonOptions: readonly OptionSpec[] = [
  {
    flags: '-p, --proxy <name>',
    help: 'a name in proxies.yaml, or POD.NAMESPACE of a Pod in the directory (repeatable)',
    repeatable: true,
  },
  {
    flags: '--node <file>',
    help: 'an Envoy node, or a bootstrap that has one (repeatable)',
    repeatable: true,
  },
  { flags: '-t, --type <types>', help: 'types to compare, parted by commas, such as cds,eds' },
  {
    flags: '--ignore <path>',
    help: 'a field path as the report prints it; * is any one field, [*] any element; cds: before it limits it to a type (repeatable)',
    repeatable: true,
  },
  {
    flags: '-o, --output <format>',
    help: 'text, json, or summary (counts only)',
    choices: ['text', 'json', 'summary'],
    default: 'text',
  },
  {
    flags: '--limit <count>',
    help: 'most resources that text shows for a proxy and type; 0 for all',
    default: '40',
  },
  {
    flags: '--color <when>',
    help: 'auto: on a terminal, unless NO_COLOR is set',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
  },
];

/** What a command adds to the options. */
export interface ComparisonPlan {
  readonly labels: readonly [left: string, right: string];
  /** Compare for every proxy that a side knows. */
  readonly all: boolean;
  readonly exact: boolean;
}

/** Compares two sides as the options say, prints the report, and gives the exit code: 0 equal, 1 different, 2 not all compared. */
export async function runComparison(
  sides: readonly [Side, Side],
  { options, output, env }: CommandContext,
  { labels, all, exact }: ComparisonPlan,
): Promise<number> {
  const limit = readCount('--limit', textOption(options, 'limit') ?? '40');
  const ignores = listOption(options, 'ignore').map(parseIgnore);
  const nodes = await Promise.all(listOption(options, 'node').map(readNodeFile));
  const proxies = pairProxies(sides, { names: listOption(options, 'proxy'), nodes, all });
  const comparison = await compareSides(sides[0], sides[1], {
    proxies,
    types: textOption(options, 'type')
      ?.split(',')
      .map((word) => word.trim().toLowerCase()),
    exact,
    ignores,
    labels,
  });
  const when = textOption(options, 'color') ?? 'auto';
  const coloured = when === 'always' || (when === 'auto' && output.colour && env['NO_COLOR'] === undefined);
  output.result(formatted(comparison, textOption(options, 'output') ?? 'text', coloured, limit));
  if (isIncomplete(comparison)) return exitCodes.usage;
  return isEqual(comparison) ? exitCodes.ok : exitCodes.findings;
}

function formatted(comparison: Comparison, format: string, coloured: boolean, limit: number): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(reportJson(comparison), undefined, 1)}\n`;
    case 'summary':
      return reportSummary(comparison);
    default:
      return reportText(comparison, {
        colours: colours(coloured),
        limit: limit === 0 ? Number.POSITIVE_INFINITY : limit,
      });
  }
}

/** A whole number that is not negative. @throws PilotError USAGE */
function readCount(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new PilotError('USAGE', `${flag}: "${text}" is no whole number`);
  return Number(text);
}
