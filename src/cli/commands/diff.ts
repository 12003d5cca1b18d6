/** `pilotlight diff`: what a change to a mesh directory would do to each proxy. */
import { listOption, type Command } from '../command.js';
import { comparisonOptions, runComparison } from '../comparison.js';
import { openDirectory } from '../sides.js';

export const diffCommand: Command = {
  name: 'diff',
  summary: 'show what a change to the YAML would do to each proxy’s Envoy',
  description:
    'Compares what proxies are served from two mesh directories, or from two git revisions of one (REV:DIR, seen from the root of the repository as in git, or REV:./DIR), before the change is applied anywhere. ' +
    'Without --proxy and --node, for every proxy that either of them knows. ' +
    'Exit code 0: no proxy is affected, 1: some are, 2: could not compare.',
  arguments: [
    { name: '<BEFORE>', help: 'a mesh directory, or REV:DIR' },
    { name: '<AFTER>', help: 'a mesh directory, or REV:DIR' },
  ],
  options: comparisonOptions,
  examples: [
    { line: 'pilotlight diff HEAD:mesh ./mesh', says: 'what is not committed yet, for every proxy' },
    {
      line: 'pilotlight diff main:mesh feature:mesh --proxy web-1.shop',
      says: 'two branches, for one proxy',
    },
    { line: 'pilotlight diff ./mesh ./mesh-new -o summary', says: 'which proxies are affected, as a table' },
  ],
  run: async (context) => {
    const { arguments: sources, options, output } = context;
    const [before = '', after = ''] = sources;
    const sides = [await openDirectory(before, output), await openDirectory(after, output)] as const;
    const named = [...listOption(options, 'proxy'), ...listOption(options, 'node')];
    return runComparison(sides, context, {
      labels: ['before', 'after'],
      all: named.length === 0,
      exact: true,
    });
  },
};
