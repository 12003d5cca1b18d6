/** `pilotlight xds`: what proxies would be served from a mesh directory, without a server. */
import { stringify } from 'yaml';
import { PilotError } from '../../base/errors.js';
import { readMeshDirectory } from '../../config/mesh-directory/read.js';
import type { Answer } from '../../compare/resources.js';
import type { JsonObject } from '../../envoy/json-value.js';
import { redacted } from '../../console/redact.js';
import { OfflineSource, askableTypes, snapshotOf, type AnswerType } from '../../offline.js';
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
    {
      flags: '-t, --type <types>',
      help: `types to ask for, parted by commas: ${askableTypes.join(', ')}; all but sds when absent`,
    },
    { flags: '--show-keys', help: 'print the private keys of secrets, which are left out otherwise' },
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
      says: 'all that a Pod’s sidecar is served, as tables',
    },
    {
      line: 'pilotlight xds ./mesh --proxy client --type cds -o json',
      says: 'the clusters of a proxy in proxies.yaml',
    },
    {
      line: 'pilotlight xds ./mesh --proxy edge --type sds -o yaml',
      says: 'the certificates that a gateway would get, without their keys',
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
    const shown = switchOption(options, 'showKeys') ? answers : answers.map(withoutKeys);
    output.result(formatAnswers(shown, textOption(options, 'output') ?? 'table'));
    return exitCodes.ok;
  },
};

function readTypes(text: string | undefined): readonly AnswerType[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((word) => {
    const type = askableTypes.find((candidate) => candidate === word.trim());
    if (type === undefined)
      throw new PilotError('USAGE', `--type: "${word}" is none of ${askableTypes.join(', ')}`);
    return type;
  });
}

/** Of secrets what may be shown; other types are printed as they are served. */
function withoutKeys([name, answer]: readonly [string, Answer]): readonly [string, Answer] {
  const { sds } = answer;
  return [name, sds === undefined ? answer : { ...answer, sds: redacted(sds) as readonly JsonObject[] }];
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
