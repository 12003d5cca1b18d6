/** `pilotlight xds`: what proxies would be served from a mesh directory, without a server. */
import { stringify } from 'yaml';
import { PilotError } from '../../base/errors.js';
import { readMeshDirectory } from '../../config/mesh-directory/read.js';
import type { Answer } from '../../compare/resources.js';
import { OfflineSource, answerTypes, snapshotOf, type AnswerType } from '../../offline.js';
import { answerTables } from '../answer-table.js';
import { exitCodes, listOption, switchOption, textOption, type Command } from '../command.js';
import { sayProblems } from '../problems.js';
import { chooseProxies } from '../proxies.js';

export const xdsCommand: Command = {
  name: 'xds',
  summary: 'print what a proxy would be served from a mesh directory',
  description:
    'Prints what a proxy would be served from a mesh directory, as canonical protobuf JSON with proto field names, resources sorted by name. No server is needed.',
  arguments: [{ name: '<DIR>', help: 'the mesh directory' }],
  options: [
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
    { flags: '--all-proxies', help: 'every proxy of proxies.yaml, or every Pod where there is none' },
    { flags: '-t, --type <types>', help: `types to ask for, parted by commas: ${answerTypes.join(', ')}` },
    {
      flags: '-o, --output <format>',
      help: 'json, yaml or table',
      choices: ['json', 'yaml', 'table'],
      default: 'table',
    },
  ],
  examples: [
    {
      line: 'pilotlight xds ./mesh --proxy web-1.shop',
      says: 'clusters and endpoints of a Pod’s sidecar, as tables',
    },
    {
      line: 'pilotlight xds ./mesh --proxy client --type cds -o json',
      says: 'the clusters of a proxy in proxies.yaml',
    },
    {
      line: 'pilotlight xds ./mesh --node envoy.yaml -o yaml',
      says: 'what the Envoy of this bootstrap would get',
    },
  ],
  run: async ({ arguments: [directory = ''], options, output }) => {
    const types = readTypes(textOption(options, 'type'));
    const state = await readMeshDirectory(directory);
    sayProblems(output, state);
    const chosen = await chooseProxies(state, {
      proxies: listOption(options, 'proxy'),
      nodeFiles: listOption(options, 'node'),
      allProxies: switchOption(options, 'allProxies'),
    });
    const source = new OfflineSource(snapshotOf(state));
    const answers = chosen.map(({ name, node }) => {
      const { answer, problems } = source.answer(node, types);
      for (const { subject, message } of problems) output.say(`warning: ${name}: ${subject}: ${message}`);
      return [name, answer] as const;
    });
    output.result(formatAnswers(answers, textOption(options, 'output') ?? 'table'));
    return exitCodes.ok;
  },
};

function readTypes(text: string | undefined): readonly AnswerType[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((word) => {
    const type = answerTypes.find((candidate) => candidate === word.trim());
    if (type === undefined)
      throw new PilotError('USAGE', `--type: "${word}" is none of ${answerTypes.join(', ')}`);
    return type;
  });
}

/** One proxy: its answer. Several: an object by proxy, or tables with headings. */
function formatAnswers(answers: readonly (readonly [string, Answer])[], format: string): string {
  if (format === 'table') {
    return answers
      .map(([name, answer]) => (answers.length > 1 ? `# ${name}\n` : '') + answerTables(answer))
      .join('\n');
  }
  const [first] = answers;
  const value = answers.length === 1 && first !== undefined ? first[1] : Object.fromEntries(answers);
  return format === 'yaml'
    ? stringify(value, { aliasDuplicateObjects: false })
    : `${JSON.stringify(value, undefined, 1)}\n`;
}
